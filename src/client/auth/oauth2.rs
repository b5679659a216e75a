//! OAuth 2.0 user tokens.

use std::fmt;

/// A user's access token.
#[derive(Clone)]
pub struct Credentials {
    access_token: String,
}

impl Credentials {
    /// A token that is used as it is.
    pub fn new(access_token: String) -> Self {
        Credentials { access_token }
    }

    /// The token to send.
    pub fn access_token(&self) -> &str {
        &self.access_token
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OAuth2(…)")
    }
}
