//! [`Client`]: what it holds, and one `async fn` for each verb.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

use crate::client::auth::{Account, Credentials};
use crate::client::call::{CallOptions, Hooks};
use crate::client::config::Options;
use crate::client::error::{Error, Result};
use crate::client::exchange::ClientInner;
use crate::client::exchange::refuse_expired;
use crate::client::http::Transport;
use crate::client::model::{ApiVersion, CommandName, Media, MediaId};
use crate::client::protocol::{Command, Init, MediaMetadata, Payload, Subtitle};
use crate::client::record::Recorder;
use crate::client::stats::Counters;
use crate::client::upload::{self, Upload, Uploaded};
use crate::client::wait::{Waited, Watch};
use crate::client::x_values::{SegmentIndex, SubtitledCategory};

/// How often it is looked whether records are written.
const SETTLE_INTERVAL: Duration = Duration::from_millis(2);

/// A client: connections, an account and options. Clones are the same client.
#[derive(Clone)]
pub struct Client {
    pub(in crate::client) inner: ClientInner,
    closed: Arc<watch::Sender<bool>>,
}

impl Client {
    /// A client on these connections; several may share them, and an account too.
    pub fn new(transport: Arc<Transport>, account: Arc<Account>, options: Arc<Options>) -> Result<Self> {
        if options.api == ApiVersion::V1_1 && matches!(account.credentials(), Credentials::OAuth2(_)) {
            return Err(Error::invalid_input(
                "api=\"1.1\" takes OAuth 1.0a only: X refuses OAuth 2.0 tokens there; use api=\"2\" or OAuth1(…)",
            ));
        }
        let closed = Arc::new(watch::Sender::new(false));
        Ok(Client { inner: ClientInner::new(transport, account, options), closed })
    }

    /// What was counted of its requests.
    pub fn stats(&self) -> &Arc<Counters> {
        &self.inner.stats
    }

    /// The version of the API that it speaks.
    pub fn api(&self) -> ApiVersion {
        self.inner.options.api
    }

    /// The connections.
    pub fn transport(&self) -> &Arc<Transport> {
        &self.inner.transport
    }

    /// What is known of the account.
    pub fn account(&self) -> &Account {
        &self.inner.account
    }

    /// Ends what is in flight with [`Kind::Closed`] and refuses all that comes after.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    /// INIT: opens an upload.
    ///
    /// What the other verbs are given comes in a box, of which nothing is left while the call waits for its turn: thousands
    /// may.
    pub async fn initialize(&self, init: Init, timeout: Option<Duration>, hooks: Hooks<'_>) -> Result<Box<Media>> {
        let command = Command::Init(init);
        let options = self.inner.call_options(timeout, hooks);
        self.until_closed(|| self.inner.exchange_media(&command, &options)).await
    }

    /// APPEND: sends one segment.
    pub async fn append(
        &self,
        upload: impl Into<Box<Media>>,
        segment_index: SegmentIndex,
        media: Payload,
        timeout: Option<Duration>,
        hooks: Hooks<'_>,
    ) -> Result<()> {
        let media_id = not_expired(upload.into(), CommandName::Append)?;
        let command = Command::Append { media_id, segment_index, media };
        let options = self.inner.call_options(timeout, hooks);
        self.until_closed(|| self.inner.exchange(&command, &options)).await.map(drop)
    }

    /// FINALIZE: ends an upload. Media whose processing failed at once is returned, not an error.
    pub async fn finalize(
        &self,
        upload: impl Into<Box<Media>>,
        timeout: Option<Duration>,
        hooks: Hooks<'_>,
    ) -> Result<Box<Media>> {
        let media_id = not_expired(upload.into(), CommandName::Finalize)?;
        let options = self.inner.call_options(timeout, hooks);
        self.until_closed(|| self.inner.finalize_with_recovery(media_id, &options)).await
    }

    /// STATUS: asks once how far processing is. Media whose processing failed is returned, not an error.
    pub async fn status(
        &self,
        upload: impl Into<Box<Media>>,
        timeout: Option<Duration>,
        hooks: Hooks<'_>,
    ) -> Result<Box<Media>> {
        let command = Command::Status(not_expired(upload.into(), CommandName::Status)?);
        let options = self.inner.call_options(timeout, hooks);
        self.until_closed(|| self.inner.exchange_media(&command, &options)).await
    }

    /// Waits until the media is ready; an error if its processing failed.
    pub fn wait<'a>(
        &'a self,
        media: impl Into<Box<Media>>,
        timeout: Option<Duration>,
        hooks: &'a Hooks<'a>,
    ) -> impl Future<Output = Result<Media>> + 'a {
        self.wait_on(Box::new(Watch::new(*media.into(), timeout)), hooks)
    }

    /// The same for a wait that was made before: on the thread that wants it, from whose memory it then is, as the calls
    /// are that went before it.
    pub fn wait_on<'a>(&'a self, watch: Box<Watch>, hooks: &'a Hooks<'a>) -> impl Future<Output = Result<Media>> + 'a {
        // No `async fn`, which would store what it is handed once more for each that it is handed to.
        self.until_closed(move || self.inner.wait_with_pauses(watch, hooks))
    }

    /// The next answer of a wait.
    pub async fn watch_next(&self, watch: &mut Watch, hooks: Hooks<'_>) -> Result<Option<Media>> {
        self.until_closed(move || async move {
            match watch.timed_out() {
                Some(error) => Err(error),
                None => watch.next(&self.inner, &hooks).await,
            }
        })
        .await
    }

    /// METADATA: describes media.
    pub async fn set_metadata(
        &self,
        media: impl Into<Box<Media>>,
        metadata: MediaMetadata,
        timeout: Option<Duration>,
        hooks: Hooks<'_>,
    ) -> Result<()> {
        metadata.validate(self.inner.options.api)?;
        let media_id = not_expired(media.into(), CommandName::Metadata)?;
        let command = Command::Metadata { media_id, metadata };
        let options = self.inner.call_options(timeout, hooks);
        self.until_closed(|| self.inner.exchange(&command, &options)).await.map(drop)
    }

    /// SUBTITLES: adds subtitles to a video, in one request or, where the API takes one at a time, in several.
    pub async fn set_subtitles(
        &self,
        video: impl Into<Box<Media>>,
        media_category: SubtitledCategory,
        subtitles: Vec<Subtitle>,
        timeout: Option<Duration>,
        hooks: Hooks<'_>,
    ) -> Result<()> {
        let media_id = not_expired(video.into(), CommandName::Subtitles)?;
        let in_one = match self.inner.options.api {
            ApiVersion::V1_1 => subtitles.len(),
            ApiVersion::V2 => 1,
        };
        let options = CallOptions { success_ends_call: false, ..self.inner.call_options(timeout, hooks) };
        let requests = async {
            for subtitles in subtitles.chunks(in_one.max(1)) {
                let command = Command::SetSubtitles { media_id, media_category, subtitles: subtitles.to_vec() };
                self.inner.exchange(&command, &options).await?;
            }
            Ok(())
        };
        self.until_closed(|| requests).await
    }

    /// SUBTITLES: takes the subtitles of one language off a video.
    pub async fn delete_subtitles(
        &self,
        video: impl Into<Box<Media>>,
        media_category: SubtitledCategory,
        language_code: String,
        timeout: Option<Duration>,
        hooks: Hooks<'_>,
    ) -> Result<()> {
        let media_id = not_expired(video.into(), CommandName::Subtitles)?;
        let command = Command::DeleteSubtitles { media_id, media_category, language_code };
        let options = self.inner.call_options(timeout, hooks);
        self.until_closed(|| self.inner.exchange(&command, &options)).await.map(drop)
    }

    /// Uploads a file, from INIT to the end of its processing. Media whose processing failed is an error.
    pub async fn upload(&self, upload: Upload, hooks: Hooks<'_>) -> Result<Uploaded> {
        self.until_closed(move || upload::upload(&self.inner, upload, hooks)).await
    }

    /// Waits for all media that come in, until no more can come and the last wait has ended. Each has its own timeout,
    /// which counts from when it came in. Outcomes are delivered in batches, as they arrive.
    pub async fn wait_many(
        &self,
        incoming: UnboundedReceiver<(u64, Media)>,
        timeout: Option<Duration>,
        hooks: Hooks<'_>,
        on_outcomes: impl FnMut(Vec<Waited>),
    ) -> Result<()> {
        self.until_closed(|| self.inner.wait_many(incoming, timeout, hooks, on_outcomes)).await
    }

    /// Whether everything that is recorded is in its file. A request that is being given up is still to be recorded.
    pub fn records_settled(&self) -> bool {
        let is_settled = |recorder: &Arc<Recorder>| self.inner.stats.in_flight() == 0 && recorder.is_settled();
        self.inner.recorder.as_ref().is_none_or(is_settled)
    }

    /// Waits until everything that was recorded is in its file.
    pub async fn settle_records(&self, timeout: Duration) {
        let Some(recorder) = &self.inner.recorder else { return };
        let until = Instant::now() + timeout;
        while !self.records_settled() && Instant::now() < until {
            recorder.hurry();
            tokio::time::sleep(SETTLE_INTERVAL).await;
        }
    }

    /// Waits until no refresh is under way, so that its tokens can be kept before the client is forgotten.
    pub async fn refresh_settled(&self, timeout: Duration) {
        self.inner.refresh_settled(timeout).await;
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

/// The id of media whose time is not over.
fn not_expired(media: Box<Media>, command: CommandName) -> Result<MediaId> {
    refuse_expired(&media, command)?;
    Ok(media.media_id)
}
