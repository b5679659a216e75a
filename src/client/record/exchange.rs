//! One request with its answer, as it was, and its text.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use super::mask::{add_forms, add_password_forms, mask};
use super::token_outline;
use crate::client::auth::Account;
use crate::client::auth::oauth2::Token;
use crate::client::config::TransportOptions;
use crate::client::http::{Broken, urlencoded};
use crate::client::kept_exchange::{ExchangeText, KeptExchange, Secrets};
use crate::client::model::{CommandName, MediaId};
use crate::client::protocol::{Body, Part, Request, Response};

/// Headers of which the values are credentials. `Authorization` is not among those of a request that are kept at all.
const HIDDEN_HEADERS: [&str; 5] = ["authorization", "proxy-authorization", "cookie", "set-cookie", "set-cookie2"];

/// The headers that are kept of an answer that may bring tokens, which nobody knows yet: those that say how it is to be
/// read and when to come again.
const KEPT_WITH_TOKENS: [&str; 8] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "server",
    "transfer-encoding",
];
const RATE_LIMITS: [&str; 3] = ["x-rate-limit-", "x-user-limit-", "x-app-limit-"];
const REQUEST_IDS: [&str; 3] = ["x-request-id", "x-transaction", "x-transaction-id"];
/// The longest id of a request, as a UUID; tokens are longer.
const MAX_REQUEST_ID_LEN: usize = 36;

/// What an exchange holds beside its bodies, about.
const OVERHEAD_BYTES: usize = 4 << 10;

/// A request that has ended, with what it was sent by.
pub(in crate::client) struct Sent {
    pub command: CommandName,
    pub media_id: Option<MediaId>,
    pub attempt: u32,
    pub request: Request,
    pub started_at: SystemTime,
    pub duration: Duration,
    pub bytes: u64,
    /// Of the media in its body.
    pub sha256: Option<String>,
    pub sender: Sender,
}

/// Whose request it was: it has the secrets that are masked.
pub(in crate::client) struct Sender {
    pub account: Arc<Account>,
    pub transport: Arc<TransportOptions>,
    pub proxy_passwords: Option<Arc<Secrets>>,
    pub token: Option<Arc<Token>>,
    pub authorization: Option<String>,
    /// What its command has of its own.
    pub secrets: Secrets,
}

/// One request and its answer, as they were.
pub(in crate::client) struct SentExchange {
    sent: Sent,
    /// Of a file that was in the body only the size is left.
    body: KeptBody,
    response: Option<Response>,
    broken: Option<Broken>,
    /// What is left of an answer that may have tokens in it, and its length.
    outline: Option<(String, usize)>,
}

/// A request's body, without media and without what has secrets in it.
enum KeptBody {
    None,
    Form(Vec<(&'static str, String)>),
    Json(Bytes),
    Multipart(Vec<(&'static str, KeptPart)>),
}

enum KeptPart {
    Text(String),
    File(u64),
}

impl From<Body> for KeptBody {
    fn from(body: Body) -> Self {
        match body {
            Body::Empty => KeptBody::None,
            Body::Form(fields) => KeptBody::Form(fields),
            Body::Json(json) => KeptBody::Json(json),
            Body::Multipart(parts) => {
                let parts = parts.into_iter().map(|(name, part)| match part {
                    Part::Text(text) => (name, KeptPart::Text(text)),
                    // The bytes are let go of: they may be a whole segment in memory.
                    Part::File { payload, .. } => (name, KeptPart::File(payload.len())),
                });
                KeptBody::Multipart(parts.collect())
            }
        }
    }
}

impl KeptBody {
    fn content_type(&self) -> Option<&'static str> {
        match self {
            KeptBody::None => None,
            KeptBody::Form(_) => Some("application/x-www-form-urlencoded"),
            KeptBody::Json(_) => Some("application/json"),
            KeptBody::Multipart(_) => Some("multipart/form-data"),
        }
    }

    /// As text; a multipart body as a form, with the media's size in place of its bytes.
    fn text(&self) -> Option<String> {
        match self {
            KeptBody::None => None,
            KeptBody::Form(fields) => Some(urlencoded(fields)),
            KeptBody::Json(json) => Some(String::from_utf8_lossy(json).into_owned()),
            KeptBody::Multipart(parts) => {
                let parts = parts.iter().map(|(name, part)| match part {
                    KeptPart::Text(text) => urlencoded(&[(*name, text.clone())]),
                    KeptPart::File(size) => format!("{name}=<{size} bytes>"),
                });
                Some(parts.collect::<Vec<_>>().join("&"))
            }
        }
    }
}

impl fmt::Debug for SentExchange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SentExchange({})", self.sent.command)
    }
}

impl SentExchange {
    /// Keeps a request that has ended, and its answer or how it broke.
    pub(in crate::client) fn new(mut sent: Sent, answer: Result<Response, Broken>) -> Arc<Self> {
        let (mut response, broken) = match answer {
            Ok(response) => (Some(response), None),
            Err(broken) => (None, Some(broken)),
        };
        let mut body = std::mem::replace(&mut sent.request.body, Body::Empty).into();
        let mut outline = None;
        // There are tokens and codes in these, which nobody knows yet.
        if matches!(sent.command, CommandName::Token | CommandName::Revoke) {
            body = KeptBody::None;
            if let Some(response) = &mut response {
                outline = Some((token_outline::outline(&response.body), response.body.len()));
                response.body = Bytes::new();
                response.headers = response
                    .headers
                    .iter()
                    .filter(|(name, value)| is_kept_with_tokens(name, value))
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
            }
        }
        Arc::new(SentExchange { sent, body, response, broken, outline })
    }

    fn url(&self) -> String {
        let Request { url, query, .. } = &self.sent.request;
        if query.is_empty() { url.clone() } else { format!("{url}?{}", urlencoded(query)) }
    }

    /// What is known of the headers; the HTTP library adds host and length.
    fn request_headers(&self) -> Vec<(String, String)> {
        let user_agent = self.sent.sender.transport.user_agent.as_str();
        let headers = [("accept-encoding", Some("identity")), ("user-agent", Some(user_agent))];
        let headers = headers.into_iter().chain([("content-type", self.body.content_type())]);
        headers.filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
    }

    /// What it was signed with, and no other request is.
    fn signed_with(&self) -> Secrets {
        let Some(authorization) = &self.sent.sender.authorization else { return Secrets::new() };
        let signature = authorization.split("oauth_signature=\"").nth(1).and_then(|rest| rest.split('"').next());
        let pair = authorization.strip_prefix("Basic ").map(|pair| pair.trim_end_matches('='));
        [signature, pair].into_iter().flatten().map(|text| text.to_owned().into()).collect()
    }

    /// Whether bodies were left out, because there are secrets in them.
    fn has_secret_bodies(&self) -> bool {
        matches!(self.sent.command, CommandName::Token | CommandName::Revoke)
    }
}

impl KeptExchange for SentExchange {
    fn media_id(&self) -> Option<MediaId> {
        self.sent.media_id
    }

    fn started_at(&self) -> SystemTime {
        self.sent.started_at
    }

    fn size(&self) -> usize {
        let request = match &self.body {
            KeptBody::Json(json) => json.len(),
            _ => 0,
        };
        OVERHEAD_BYTES + request + self.response.as_ref().map_or(0, |response| response.body.len())
    }

    fn add_secrets(&self, secrets: &mut Secrets) {
        let Sender { account, proxy_passwords, token, secrets: own, .. } = &self.sent.sender;
        let mut found = own.clone();
        account.add_secrets(&mut found);
        if let Some(token) = token {
            token.add_secrets(&mut found);
        }
        add_forms(secrets, &found);
        if let Some(passwords) = proxy_passwords {
            add_password_forms(secrets, passwords);
        }
    }

    fn text(&self, secrets: &Secrets, max_body_bytes: usize) -> ExchangeText {
        let mut all = secrets.clone();
        add_forms(&mut all, &self.signed_with());
        let secrets = &all;
        let shown = |text: String| mask(text, secrets);
        // Cut after it was masked: half a secret would not be found.
        let body = |text: String| cut(shown(text), max_body_bytes);
        let headers = |headers: Vec<(String, String)>| {
            headers.into_iter().map(|(name, value)| (shown(name), shown(value))).collect()
        };
        let sent = &self.sent;
        ExchangeText {
            command: sent.command.as_str().to_owned(),
            media_id: sent.media_id.map(MediaId::get),
            attempt: sent.attempt,
            method: sent.request.method.as_str().to_owned(),
            url: shown(self.url()),
            request_headers: headers(self.request_headers()),
            request_body: self.body.text().map(body),
            sha256: sent.sha256.clone(),
            status: self.response.as_ref().map(|response| response.status),
            response_headers: headers(self.response.as_ref().map(headers_of).unwrap_or_default()),
            response_body: (self.response.as_ref().filter(|_| !self.has_secret_bodies()))
                .map(|response| body(String::from_utf8_lossy(&response.body).into_owned())),
            response_body_bytes: match &self.outline {
                Some((_, bytes)) => Some(*bytes),
                None => self.response.as_ref().map(|response| response.body.len()),
            },
            outline: self.outline.as_ref().map(|(outline, _)| shown(outline.clone())),
            error: self.broken.map(|broken| broken.as_str().to_owned()),
            started_at: sent.started_at,
            duration: sent.duration,
            bytes_sent: sent.bytes,
        }
    }
}

/// The text of exchanges, without any secret of them all, bodies cut at this length.
pub fn texts(exchanges: &[Arc<dyn KeptExchange>], max_body_bytes: usize) -> Vec<ExchangeText> {
    let mut secrets = Secrets::new();
    exchanges.iter().for_each(|exchange| exchange.add_secrets(&mut secrets));
    exchanges.iter().map(|exchange| exchange.text(&secrets, max_body_bytes)).collect()
}

fn is_kept_with_tokens(name: &HeaderName, value: &HeaderValue) -> bool {
    let (name, value) = (name.as_str(), value.as_bytes());
    let is_id =
        || value.len() <= MAX_REQUEST_ID_LEN && value.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    KEPT_WITH_TOKENS.contains(&name)
        || (REQUEST_IDS.contains(&name) && is_id())
        || RATE_LIMITS.iter().any(|limit| name.starts_with(limit))
}

fn headers_of(response: &Response) -> Vec<(String, String)> {
    let shown = response.headers.iter().filter(|(name, _)| !HIDDEN_HEADERS.contains(&name.as_str()));
    shown
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

fn cut(mut text: String, max_bytes: usize) -> String {
    if text.len() > max_bytes {
        let end = (0..=max_bytes).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
    }
    text
}
