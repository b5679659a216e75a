//! OAuth 2.0 user tokens: one that is used as it is, one that is refreshed, or one that the program provides.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use zeroize::Zeroizing;

use super::chain::{Beginning, Chain};
use super::store::TokenFile;
use crate::client::error::Result;

/// How long before its end an access token is replaced.
pub const RENEWED_BEFORE: Duration = Duration::from_secs(60);

/// Text that is wiped from memory when dropped.
pub type Secret = Zeroizing<String>;

/// An access token and what belongs to it.
pub struct Token {
    /// The token to send.
    pub access_token: Secret,
    /// What buys the next one, once.
    pub refresh_token: Option<Secret>,
    /// When the access token expires, by the local clock.
    pub expires_at: Option<SystemTime>,
    /// Counts the tokens of one chain, so that a request can see whether its token was replaced.
    pub version: u64,
    /// Counts the refreshes of the login in its token file.
    pub serial: u64,
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Token(…, version {})", self.version)
    }
}

impl Token {
    /// A token that the program provided.
    pub fn asked(access_token: Secret, version: u64) -> Self {
        Token { access_token, refresh_token: None, expires_at: None, version, serial: 0 }
    }

    /// Whether it has expired.
    pub fn expired(&self) -> bool {
        self.expires_at.is_some_and(|at| at <= SystemTime::now())
    }
}

/// The app that a refresh token was given to.
#[derive(Clone)]
pub struct App {
    /// Its id.
    pub client_id: String,
    /// Its secret, for confidential clients.
    pub client_secret: Option<Secret>,
}

/// A user's OAuth 2.0 credentials. Clones share the newest token: it is published without a lock, so that a forked
/// child starts from the last one.
#[derive(Clone)]
pub struct Credentials(Source);

#[derive(Clone)]
enum Source {
    Kept { newest: Arc<ArcSwap<Token>>, app: Option<App>, chain: Option<Arc<Chain>> },
    Asked,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OAuth2(…)")
    }
}

impl Credentials {
    /// A token that is used as it is.
    pub fn new(access_token: String) -> Self {
        Self::refreshed(access_token.into(), None, None, None)
    }

    /// A token that is refreshed, if it has a refresh token and an app.
    pub fn refreshed(
        access_token: Secret,
        refresh_token: Option<Secret>,
        expires_at: Option<SystemTime>,
        app: Option<App>,
    ) -> Self {
        let token = Token { access_token, refresh_token, expires_at, version: 0, serial: 0 };
        Credentials(Source::Kept { newest: Arc::new(ArcSwap::from_pointee(token)), app, chain: None })
    }

    /// A token that is kept in a file, together with all who use that. It blocks as long as the disk does.
    pub fn stored(
        file: TokenFile,
        access_token: Secret,
        expires_at: Option<SystemTime>,
        app: App,
        beginning: Beginning,
    ) -> Result<Self> {
        let token = Token { access_token, refresh_token: None, expires_at, version: 0, serial: 0 };
        let (token, chain) = Chain::open(file, token, &app, beginning)?;
        let newest = Arc::new(ArcSwap::from_pointee(token));
        Ok(Credentials(Source::Kept { newest, app: Some(app), chain: Some(Arc::new(chain)) }))
    }

    /// Tokens that the program provides.
    pub fn asked() -> Self {
        Credentials(Source::Asked)
    }

    /// The newest token; `None` if the program provides it.
    pub fn newest(&self) -> Option<Arc<Token>> {
        match &self.0 {
            Source::Kept { newest, .. } => Some(newest.load_full()),
            Source::Asked => None,
        }
    }

    /// Whether the client can refresh the token by itself.
    pub fn can_refresh(&self) -> bool {
        match &self.0 {
            Source::Kept { newest, app, chain } => {
                app.is_some() && (chain.is_some() || newest.load().refresh_token.is_some())
            }
            Source::Asked => false,
        }
    }

    /// The app that the refresh token was given to.
    pub fn app(&self) -> Option<&App> {
        match &self.0 {
            Source::Kept { app, .. } => app.as_ref(),
            Source::Asked => None,
        }
    }

    /// The place in a token file, if there is one.
    pub fn chain(&self) -> Option<&Arc<Chain>> {
        match &self.0 {
            Source::Kept { chain, .. } => chain.as_ref(),
            Source::Asked => None,
        }
    }

    /// Makes this the newest token.
    pub(in crate::client) fn publish(&self, token: Token) {
        if let Source::Kept { newest, .. } = &self.0 {
            newest.store(Arc::new(token));
        }
    }
}
