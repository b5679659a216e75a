//! Credentials, and what they put on a request.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{Context, SHA256};

use super::oauth1::{self, Signer};
use super::oauth2::{self, Token};
use super::refresh::Refreshes;
use crate::client::limits::{AppId, Limits};
use crate::client::model::{ApiVersion, CredentialKind, MediaId};
use crate::client::protocol::{Authentication, Body, Request};
use crate::client::retry::INIT_SETTLE_TIME;
use crate::sync::lock;

/// Whose requests these are.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// OAuth 1.0a, user context.
    OAuth1(oauth1::Credentials),
    /// An OAuth 2.0 user token.
    OAuth2(oauth2::Credentials),
}

impl Credentials {
    /// What kind they are of, and what is known of their scopes.
    pub fn kind(&self) -> CredentialKind {
        match self {
            Credentials::OAuth1(_) => CredentialKind::OAuth1,
            Credentials::OAuth2(credentials) => CredentialKind::OAuth2(credentials.upload_scope()),
        }
    }

    /// The version of the API that takes them, or is used where either would do.
    pub fn api(&self) -> ApiVersion {
        match self {
            Credentials::OAuth1(_) => ApiVersion::V1_1,
            Credentials::OAuth2(_) => ApiVersion::V2,
        }
    }

    /// The app that they belong to, if it is known.
    pub fn app(&self) -> Option<AppId> {
        let hash = |kind: &[u8], id: &str| {
            let mut context = Context::new(&SHA256);
            context.update(kind);
            context.update(id.as_bytes());
            context.finish().as_ref().try_into().ok()
        };
        match self {
            Credentials::OAuth1(credentials) => hash(b"consumer key ", &credentials.consumer_key),
            Credentials::OAuth2(credentials) => hash(b"client id ", credentials.client_id()?),
        }
    }
}

/// Clocks that differ by more than this are corrected after a 401; servers refuse at some minutes.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Whether a request was refused because of the time in its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// No: it was right.
    Right,
    /// Yes, but the clock has been corrected since.
    Corrected,
    /// Yes, and the clock was moved now, by so many seconds in all.
    Moved(i64),
}

/// Credentials and the state that their use builds up: clock offset, rate limits, refreshes, uploads just opened.
pub struct Account {
    credentials: Credentials,
    /// What signs, if the credentials are of that kind.
    signer: Option<Signer>,
    /// The server's clock less ours, in seconds.
    clock_offset: AtomicI64,
    limits: Limits,
    refreshes: Arc<Refreshes>,
    opened: Mutex<Vec<(MediaId, Instant)>>,
}

impl Account {
    /// An account of which nothing but the credentials is known.
    pub fn new(credentials: Credentials) -> Self {
        let signer = match &credentials {
            Credentials::OAuth1(credentials) => Some(Signer::new(credentials)),
            Credentials::OAuth2(_) => None,
        };
        Account {
            credentials,
            signer,
            clock_offset: AtomicI64::new(0),
            limits: Limits::default(),
            refreshes: Arc::default(),
            opened: Mutex::default(),
        }
    }

    /// The credentials.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The token file's lock that a refresh waits for now.
    pub fn awaited_lock(&self) -> Option<PathBuf> {
        match &self.credentials {
            Credentials::OAuth2(credentials) => credentials.chain()?.awaited_lock(),
            Credentials::OAuth1(_) => None,
        }
    }

    /// Whether the newest tokens are in memory only, since saving them failed.
    pub fn has_unsaved_tokens(&self) -> bool {
        match &self.credentials {
            Credentials::OAuth2(credentials) => credentials.chain().is_some_and(|chain| chain.is_unsaved()),
            Credentials::OAuth1(_) => false,
        }
    }

    /// The rate limits that the server reported.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where the refresh of the token stands.
    pub fn refreshes(&self) -> &Arc<Refreshes> {
        &self.refreshes
    }

    /// The `Authorization` header for this request, if it needs one; with OAuth 2.0 it holds this token.
    pub fn authorization(&self, request: &Request, token: Option<&Token>) -> Option<String> {
        match (&request.authentication, &self.signer) {
            (Authentication::None, _) => None,
            (Authentication::App { client_id, client_secret }, _) => {
                Some(format!("Basic {}", basic_pair(client_id, client_secret)))
            }
            (Authentication::User, None) => token.map(|token| format!("Bearer {}", *token.access_token)),
            (Authentication::User, Some(signer)) => {
                let form: &[(&str, String)] = match &request.body {
                    Body::Form(fields) => fields,
                    _ => &[],
                };
                let parameters: Vec<(&str, &str)> =
                    request.query.iter().chain(form).map(|(name, value)| (*name, value.as_str())).collect();
                let nonce = format!("{:032x}", rand::random::<u128>());
                let method = request.method.as_str();
                Some(signer.authorization(method, &request.url, &parameters, &nonce, self.timestamp()))
            }
        }
    }

    fn timestamp(&self) -> u64 {
        let ours = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        ours.saturating_add_signed(self.clock_offset())
    }

    /// The server's clock less ours, in seconds, as requests are signed with it now.
    pub fn clock_offset(&self) -> i64 {
        self.clock_offset.load(Ordering::Relaxed)
    }

    /// Takes over the server's time after a 401 of a request that was signed with this offset.
    pub fn correct_clock(&self, server: SystemTime, received_at: SystemTime, signed_with: i64) -> Clock {
        let offset = signed_seconds(server, received_at);
        if !matches!(self.credentials, Credentials::OAuth1(_))
            || offset.abs_diff(signed_with) <= MAX_CLOCK_SKEW.as_secs()
        {
            return Clock::Right;
        }
        // Of several requests that were under way together, the first one moves the clock.
        if offset.abs_diff(self.clock_offset()) <= MAX_CLOCK_SKEW.as_secs() {
            return Clock::Corrected;
        }
        self.clock_offset.store(offset, Ordering::Relaxed);
        Clock::Moved(offset)
    }

    /// Remembers that this upload was opened just now.
    pub fn note_opened(&self, media_id: MediaId) {
        let mut opened = lock(&self.opened);
        opened.retain(|(_, at)| at.elapsed() < INIT_SETTLE_TIME);
        opened.push((media_id, Instant::now()));
    }

    /// How long ago this client opened this upload, if that was a moment ago.
    pub fn age(&self, media_id: MediaId) -> Option<Duration> {
        let opened = lock(&self.opened);
        opened.iter().find(|(id, _)| *id == media_id).map(|(_, at)| at.elapsed())
    }
}

/// What an app authenticates itself with over HTTP Basic: both encoded (RFC 6749 §2.3.1), and in base64.
pub(super) fn basic_pair(client_id: &str, client_secret: &str) -> String {
    BASE64.encode(format!("{}:{}", oauth1::percent_encode(client_id), oauth1::percent_encode(client_secret)))
}

/// How many seconds the first instant is after the second one.
fn signed_seconds(one: SystemTime, other: SystemTime) -> i64 {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match one.duration_since(other) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}
