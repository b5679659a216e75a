//! OAuth 2.0 user tokens: one that is used as it is, one that is refreshed, or one that the program provides.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use zeroize::Zeroizing;

use crate::client::protocol::RefreshToken;

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
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Token(…, version {})", self.version)
    }
}

impl Token {
    /// A token that the program provided.
    pub fn asked(access_token: Secret, version: u64) -> Self {
        Token { access_token, refresh_token: None, expires_at: None, version }
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
    Kept { newest: Arc<ArcSwap<Token>>, app: Option<App> },
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
        let token = Token { access_token, refresh_token, expires_at, version: 0 };
        Credentials(Source::Kept { newest: Arc::new(ArcSwap::from_pointee(token)), app })
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

    /// The app that the tokens were given to, if it is known.
    pub fn client_id(&self) -> Option<&str> {
        match &self.0 {
            Source::Kept { app, .. } => app.as_ref().map(|app| app.client_id.as_str()),
            Source::Asked => None,
        }
    }

    /// Whether the client can refresh the token by itself.
    pub fn can_refresh(&self) -> bool {
        match &self.0 {
            Source::Kept { newest, app } => app.is_some() && newest.load().refresh_token.is_some(),
            Source::Asked => false,
        }
    }

    /// The exchange that buys the token after this one.
    pub(in crate::client) fn refresh(&self, token: &Token) -> Option<RefreshToken> {
        let Source::Kept { app: Some(app), .. } = &self.0 else { return None };
        Some(RefreshToken {
            refresh_token: token.refresh_token.as_deref()?.clone(),
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.as_deref().cloned(),
        })
    }

    /// Makes this the newest token.
    pub(in crate::client) fn publish(&self, token: Token) {
        if let Source::Kept { newest, .. } = &self.0 {
            newest.store(Arc::new(token));
        }
    }
}
