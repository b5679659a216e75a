//! The client: opens, fills and ends uploads, and waits for what the server makes of them.
//!
//! Each verb is one `async fn` that carries its whole work, whichever side of Python or Rust it is called from.

mod attempt;
pub mod auth;
pub mod budget;
pub mod caller;
pub mod config;
mod deadline;
mod describe;
pub mod error;
mod exchange;
mod finalize;
pub mod gate;
pub mod limits;
mod many;
pub mod model;
pub mod private_file;
pub mod protocol;
mod renew;
pub mod retry;
mod sending;
pub mod stats;
mod transport;
pub mod upload;
mod wait;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

pub use self::auth::Account;
pub use self::many::Waited;
pub use self::transport::{Broken, Reservation, Transport, Wire};
pub use self::wait::Watch;

use self::budget::Budget;
use self::caller::Caller;
use self::config::Options;
use self::deadline::Deadline;
use self::error::{Error, Kind, Result};
use self::exchange::Terms;
use self::model::{CommandName, Media, MediaId};
use self::protocol::{Command, Init, Payload};
use self::stats::Counters;

/// A client: connections, an account and options. Clones are the same client.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
    account: Arc<Account>,
    options: Arc<Options>,
    closed: Arc<watch::Sender<bool>>,
    budget: Arc<Budget>,
    stats: Arc<Counters>,
}

impl Client {
    /// A client on these connections; several may share them, and an account too.
    pub fn new(transport: Arc<Transport>, account: Arc<Account>, options: Arc<Options>) -> Result<Self> {
        if options.api == model::ApiVersion::V1_1 && matches!(account.credentials(), auth::Credentials::OAuth2(_)) {
            return Err(Error::invalid_input(
                "api=\"1.1\" takes OAuth 1.0a only: X refuses OAuth 2.0 tokens there; use api=\"2\" or OAuth1(…)",
            ));
        }
        let closed = Arc::new(watch::Sender::new(false));
        Ok(Client { transport, account, options, closed, budget: Arc::default(), stats: Arc::default() })
    }

    /// What was counted of its requests.
    pub fn stats(&self) -> &Arc<Counters> {
        &self.stats
    }

    /// The connections.
    pub fn transport(&self) -> &Arc<Transport> {
        &self.transport
    }

    /// What is known of the account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Where this client's requests for media go.
    fn host(&self) -> &str {
        let hosts = &self.transport.options().hosts;
        match self.options.api {
            model::ApiVersion::V1_1 => &hosts.upload,
            model::ApiVersion::V2 => &hosts.api,
        }
    }

    /// Ends what is in flight with [`Kind::Closed`] and refuses all that comes after.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    /// INIT: opens an upload.
    pub async fn initialize(&self, init: Init, timeout: Option<Duration>, caller: &dyn Caller) -> Result<Media> {
        let command = Command::Init(init);
        self.until_closed(|| self.exchange_media(&command, self.terms(timeout, caller))).await
    }

    /// APPEND: sends one segment.
    pub async fn append(
        &self,
        upload: &Media,
        segment_index: u16,
        media: Payload,
        timeout: Option<Duration>,
        caller: &dyn Caller,
    ) -> Result<()> {
        refuse_expired(upload, CommandName::Append)?;
        let command = Command::Append { media_id: upload.media_id, segment_index, media };
        self.until_closed(|| self.exchange(&command, self.terms(timeout, caller))).await.map(drop)
    }

    /// FINALIZE: ends an upload. Media whose processing failed at once is returned, not an error.
    pub async fn finalize(&self, upload: &Media, timeout: Option<Duration>, caller: &dyn Caller) -> Result<Media> {
        refuse_expired(upload, CommandName::Finalize)?;
        self.until_closed(|| self.finalize_surely(upload.media_id, self.terms(timeout, caller))).await
    }

    /// STATUS: asks once how far processing is. Media whose processing failed is returned, not an error.
    pub async fn status(&self, upload: &Media, timeout: Option<Duration>, caller: &dyn Caller) -> Result<Media> {
        refuse_expired(upload, CommandName::Status)?;
        let command = Command::Status(upload.media_id);
        self.until_closed(|| self.exchange_media(&command, self.terms(timeout, caller))).await
    }

    /// Waits until the media is ready; an error if its processing failed.
    pub async fn wait(&self, media: Media, timeout: Option<Duration>, caller: &dyn Caller) -> Result<Media> {
        self.until_closed(|| self.wait_until_ready(Watch::new(media, timeout), caller)).await
    }

    /// The next answer of a wait.
    pub async fn watch_next(&self, watch: &mut Watch, caller: &dyn Caller) -> Result<Option<Media>> {
        self.until_closed(move || async move {
            match watch.overdue() {
                Some(error) => Err(error),
                None => watch.next(self, caller).await,
            }
        })
        .await
    }

    fn terms<'a>(&'a self, timeout: Option<Duration>, caller: &'a dyn Caller) -> Terms<'a> {
        Terms { deadline: Deadline::after(timeout), retry: self.options.retry.as_ref(), caller }
    }

    /// The verb's outcome, unless the client is closed before.
    /// The verb is made here: a future that is handed in is stored twice in the one that takes it.
    async fn until_closed<T, V: Future<Output = Result<T>>>(&self, verb: impl FnOnce() -> V) -> Result<T> {
        let mut closed = self.closed.subscribe();
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => Err(Error::closed()),
            outcome = verb() => outcome,
        }
    }
}

/// Refuses media whose time is over before anything is sent about it.
fn refuse_expired(media: &Media, command: CommandName) -> Result<()> {
    if media.expires_at().is_none_or(|at| SystemTime::now() < at) {
        return Ok(());
    }
    let message =
        format!("{}: the id expired; upload the file again", exchange::subject(command, Some(media.media_id)));
    let mut error = Error::new(Kind::Expired, message).about(command, Some(media.media_id));
    error.media = Some(media.clone());
    Err(error)
}

/// Media of which only the id is known.
impl From<MediaId> for Media {
    fn from(media_id: MediaId) -> Self {
        Media::new(media_id)
    }
}
