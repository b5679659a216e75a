//! Takes our secrets out of what a server repeats: gateways and token endpoints are known to show what they were sent.

use bytes::Bytes;

use super::oauth2::Token;
use super::{Account, Credentials};
use crate::client::protocol::Command;

/// Shorter texts are no secrets, but may well be words.
const LEAST: usize = 8;
const MASK: &str = "[not shown]";

impl Account {
    /// The body without our secrets, if there is one of them in it. Only refusals are looked at: they alone are shown.
    pub fn masked(&self, body: &Bytes, command: &Command, token: Option<&Token>) -> Option<Bytes> {
        let mut secrets: Vec<&str> = Vec::new();
        if let Credentials::OAuth1(own) = self.credentials() {
            secrets.extend(
                [&own.consumer_key, &own.consumer_secret, &own.access_token, &own.access_token_secret]
                    .map(String::as_str),
            );
        }
        if let Command::RefreshToken(refresh) = command {
            secrets.push(&refresh.refresh_token);
            secrets.extend(refresh.client_secret.as_deref());
        }
        if let Some(token) = token {
            secrets.push(&token.access_token);
            secrets.extend(token.refresh_token.as_ref().map(|token| token.as_str()));
        }
        let text = String::from_utf8_lossy(body);
        secrets.retain(|secret| secret.len() >= LEAST && text.contains(*secret));
        // One that holds another is taken out before it.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        if secrets.is_empty() {
            return None;
        }
        Some(secrets.into_iter().fold(text.into_owned(), |text, secret| text.replace(secret, MASK)).into())
    }
}
