//! Redaction: takes the client's secrets out of what a server repeats, before it gets into an error or an event.
//!
//! The threat: gateways, debugging proxies and token endpoints echo what they were sent, headers and form included, in
//! the body or the headers of an error. They stand in messages, logs and bug reports, and with them would the user's
//! tokens. So every unsuccessful response is searched for each secret of the client, in each form in which an echo may
//! write it: as it is, in any case, in hexadecimal, in base64, percent-encoded, escaped for JSON or HTML, and the latter
//! upon one another.
//! `protocol/server_text/masked.rs` says how.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use super::account::{Account, Credentials, basic_pair};
use super::oauth2::Token;
use crate::client::kept_exchange::Secrets;
use crate::client::protocol::{Command, MASK, MIN_PASSWORD_LEN, MIN_SECRET_LEN, Response, add_forms, masked};

impl Account {
    /// The response without our secrets, if there is one of them in it. Only refusals are looked at: they alone are shown.
    pub fn masked(
        &self,
        response: &Response,
        command: &Command,
        token: Option<&Token>,
        proxy_passwords: Option<&Secrets>,
    ) -> Option<Response> {
        // Those that this request did not send as well, as in records: a gateway may repeat an earlier request's.
        let mut own = secrets_of(command);
        self.add_secrets(&mut own);
        if let Some(token) = token {
            token.add_secrets(&mut own);
        }
        let mut secrets = Secrets::new();
        add_forms(&mut secrets, &own, MIN_SECRET_LEN);
        if let Some(passwords) = proxy_passwords {
            add_forms(&mut secrets, passwords, MIN_PASSWORD_LEN);
        }
        let body = masked(&String::from_utf8_lossy(&response.body), &secrets).map(Bytes::from);
        let headers = masked_headers(&response.headers, &secrets);
        if body.is_none() && headers.is_none() {
            return None;
        }
        let mut shown = response.clone();
        shown.body = body.unwrap_or(shown.body);
        shown.headers = headers.unwrap_or(shown.headers);
        Some(shown)
    }

    /// Adds what must not stand in any record of a request: all that signs, and all tokens that there were.
    pub fn add_secrets(&self, secrets: &mut Secrets) {
        match self.credentials() {
            Credentials::OAuth1(own) => {
                // The first two are not secret, but whose they are is nobody's business either.
                let all = [&own.consumer_key, &own.access_token, &own.consumer_secret, &own.access_token_secret];
                secrets.extend(all.map(|secret| secret.clone().into()));
            }
            Credentials::OAuth2(own) => {
                own.all().iter().for_each(|token| token.add_secrets(secrets));
                if let Some((client_id, client_secret)) =
                    own.app().and_then(|app| Some((&app.client_id, app.client_secret.as_ref()?)))
                {
                    secrets.push(client_secret.clone());
                    secrets.push(pair_of(client_id, client_secret));
                }
            }
        }
    }
}

/// The secrets that a command has of its own: tokens, a code and its verifier, the app's secret.
pub(in crate::client) fn secrets_of(command: &Command) -> Secrets {
    let (texts, app) = match command {
        Command::Token(asked) => (asked.secrets(), Some((&asked.client_id, &asked.client_secret))),
        Command::Revoke(revocation) => (
            revocation.client_secret.as_deref().into_iter().chain([revocation.token.as_str()]).collect(),
            Some((&revocation.client_id, &revocation.client_secret)),
        ),
        _ => return Secrets::new(),
    };
    let mut secrets: Secrets = texts.into_iter().map(|text| Zeroizing::new(text.to_owned())).collect();
    if let Some((client_id, Some(client_secret))) = app {
        secrets.push(pair_of(client_id, client_secret));
    }
    secrets
}

/// An app's pair for HTTP Basic. What fills up the last group of base64 is left out by some.
fn pair_of(client_id: &str, client_secret: &str) -> Zeroizing<String> {
    basic_pair(client_id, client_secret).trim_end_matches('=').to_owned().into()
}

fn masked_headers(headers: &HeaderMap, secrets: &Secrets) -> Option<HeaderMap> {
    let mut shown = HeaderMap::with_capacity(headers.len());
    let mut any = false;
    for (name, value) in headers {
        let text = masked(&String::from_utf8_lossy(value.as_bytes()), secrets);
        any |= text.is_some();
        let masked = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(MASK));
        shown.append(name, text.map_or_else(|| value.clone(), masked));
    }
    any.then_some(shown)
}
