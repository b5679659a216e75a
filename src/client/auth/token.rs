//! An OAuth 2.0 token and the app that it was given to.

use std::fmt;
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use crate::client::kept_exchange::Secrets;

/// How long before its end an access token is replaced.
pub const REFRESH_MARGIN: Duration = Duration::from_secs(60);

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

    /// Adds the access token and what buys the next one.
    pub fn add_secrets(&self, secrets: &mut Secrets) {
        secrets.extend([&self.access_token].into_iter().chain(&self.refresh_token).cloned());
    }

    /// Whether its time is over, or almost.
    pub fn runs_out(&self) -> bool {
        self.expires_at.is_some_and(|at| at <= SystemTime::now() + REFRESH_MARGIN)
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
