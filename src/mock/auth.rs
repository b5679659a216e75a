//! Who sends a request: OAuth 1.0a signatures and bearer tokens, and what X says to those that do not hold.

use std::collections::HashMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use percent_encoding::percent_decode_str;
use ring::hmac;

use super::answers::{Answer, Refusal, blank_problem, v1_1_error};
use crate::client::auth::oauth1::{base_string, percent_encode};
use crate::client::model::ApiVersion;

/// The hosts that a client may believe it talks to, and therefore sign.
const X_HOSTS: [&str; 4] = ["upload.twitter.com", "upload.x.com", "api.x.com", "api.twitter.com"];

/// How far a signature's timestamp may be off.
const TIMESTAMP_TOLERANCE: f64 = 300.0;

/// X's app-only bearer tokens begin so.
const APP_ONLY: &str = "AAAAAAAAAAAAAAAAAAAA";

/// A credential that is accepted.
#[derive(Clone, PartialEq)]
pub enum Credential {
    /// OAuth 1.0a user context.
    OAuth1 {
        /// The app's key.
        consumer_key: String,
        /// The app's secret.
        consumer_secret: String,
        /// The user's token.
        access_token: String,
        /// The user's secret.
        access_token_secret: String,
    },
    /// An OAuth 2.0 user token.
    OAuth2 {
        /// The token.
        access_token: String,
        /// With which a new one is had.
        refresh_token: Option<String>,
        /// The app's id.
        client_id: Option<String>,
        /// The app's secret, if it is a confidential client.
        client_secret: Option<String>,
    },
}

impl Credential {
    /// The dummies that are accepted when a test names none.
    pub fn dummies() -> Vec<Credential> {
        vec![
            Credential::OAuth1 {
                consumer_key: "mock-consumer-key".into(),
                consumer_secret: "mock-consumer-secret".into(),
                access_token: "1-mock-access-token".into(),
                access_token_secret: "mock-access-token-secret".into(),
            },
            Credential::OAuth2 {
                access_token: "mock-oauth2-access-token".into(),
                refresh_token: None,
                client_id: None,
                client_secret: None,
            },
        ]
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Credential::OAuth1 { .. } => "OAuth1(…)",
            Credential::OAuth2 { .. } => "OAuth2(…)",
        })
    }
}

struct Key {
    account: usize,
    consumer_key: String,
    access_token: String,
    signing: hmac::Key,
}

struct Refresh {
    account: usize,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// The accounts behind the credentials, numbered in their order.
pub(super) struct Accounts {
    keys: Vec<Key>,
    bearers: HashMap<String, usize>,
    refreshes: HashMap<String, Refresh>,
    issued: u64,
}

/// Why nobody is believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stranger {
    /// No credentials at all.
    Missing,
    /// A signature that is not right.
    Signature,
    /// A token that is not known, or no more.
    Token,
    /// A signature from another time.
    Timestamp,
    /// A token of an app, not of a user; or an OAuth 2.0 token where v1.1 takes none.
    Forbidden,
}

impl Stranger {
    /// What X says to it.
    pub(super) fn answer(self, api: ApiVersion) -> Answer {
        match (api, self) {
            (ApiVersion::V1_1, Stranger::Missing) => v1_1_error(401, 215, "Bad Authentication data."),
            (ApiVersion::V1_1, Stranger::Signature) => v1_1_error(401, 32, "Could not authenticate you."),
            (ApiVersion::V1_1, Stranger::Token) => v1_1_error(401, 89, "Invalid or expired token."),
            (ApiVersion::V1_1, Stranger::Timestamp) => v1_1_error(401, 135, "Timestamp out of bounds."),
            (ApiVersion::V1_1, Stranger::Forbidden) => Answer::empty(403),
            (ApiVersion::V2, Stranger::Forbidden) => blank_problem(403, "Forbidden"),
            (ApiVersion::V2, _) => blank_problem(401, "Unauthorized"),
        }
    }
}

impl Accounts {
    /// The accounts of these credentials.
    pub(super) fn new(credentials: &[Credential]) -> Self {
        let mut accounts = Accounts { keys: Vec::new(), bearers: HashMap::new(), refreshes: HashMap::new(), issued: 0 };
        for (account, credential) in credentials.iter().cloned().enumerate() {
            match credential {
                Credential::OAuth1 { consumer_key, consumer_secret, access_token, access_token_secret } => {
                    let secret =
                        format!("{}&{}", percent_encode(&consumer_secret), percent_encode(&access_token_secret));
                    let signing = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
                    accounts.keys.push(Key { account, consumer_key, access_token, signing });
                }
                Credential::OAuth2 { access_token, refresh_token, client_id, client_secret } => {
                    accounts.bearers.insert(access_token, account);
                    if let Some(token) = refresh_token {
                        accounts.refreshes.insert(token, Refresh { account, client_id, client_secret });
                    }
                }
            }
        }
        accounts
    }

    /// The account that sends a request; `form` are its signed body parameters, `now` seconds of the epoch.
    pub(super) fn identify(
        &self,
        api: ApiVersion,
        parts: &Parts,
        form: &[(String, String)],
        now: f64,
    ) -> Result<usize, Stranger> {
        let header =
            parts.headers.get(AUTHORIZATION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let header = header.unwrap_or_default();
        let (scheme, rest) = header.split_once(' ').unwrap_or((header.as_str(), ""));
        let query = form_pairs(parts.uri.query().unwrap_or_default());
        if scheme.eq_ignore_ascii_case("bearer") {
            self.bearer(api, rest.trim())
        } else if scheme.eq_ignore_ascii_case("oauth") {
            self.signed(parts, oauth_parameters(rest), [query.as_slice(), form].concat(), now)
        } else {
            // RFC 5849 §3.5 allows the parameters in the body and in the query, too.
            let (oauth, others): (Vec<_>, Vec<_>) =
                [query.as_slice(), form].concat().into_iter().partition(|(name, _)| name.starts_with("oauth_"));
            if oauth.is_empty() { Err(Stranger::Missing) } else { self.signed(parts, oauth, others, now) }
        }
    }

    fn bearer(&self, api: ApiVersion, token: &str) -> Result<usize, Stranger> {
        match self.bearers.get(token) {
            Some(_) if api == ApiVersion::V1_1 => Err(Stranger::Forbidden),
            Some(account) => Ok(*account),
            None if token.starts_with(APP_ONLY) => Err(Stranger::Forbidden),
            None => Err(Stranger::Token),
        }
    }

    fn signed(
        &self,
        parts: &Parts,
        oauth: Vec<(String, String)>,
        mut parameters: Vec<(String, String)>,
        now: f64,
    ) -> Result<usize, Stranger> {
        let get = |wanted: &str| oauth.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let (Some(consumer_key), Some(signature)) = (get("oauth_consumer_key"), get("oauth_signature")) else {
            return Err(Stranger::Missing);
        };
        let Some(access_token) = get("oauth_token") else { return Err(Stranger::Signature) };
        let mut known = self.keys.iter().filter(|key| key.access_token == access_token).peekable();
        if known.peek().is_none() {
            return Err(Stranger::Token);
        }
        let Some(key) = known.find(|key| key.consumer_key == consumer_key) else { return Err(Stranger::Signature) };
        let timestamp: Option<f64> = get("oauth_timestamp").and_then(|text| text.parse().ok());
        let complete = get("oauth_nonce").is_some_and(|nonce| !nonce.is_empty())
            && get("oauth_version").is_none_or(|version| version == "1.0")
            && get("oauth_signature_method") == Some("HMAC-SHA1");
        let (Some(timestamp), true) = (timestamp, complete) else { return Err(Stranger::Signature) };
        if (timestamp - now).abs() > TIMESTAMP_TOLERANCE {
            return Err(Stranger::Timestamp);
        }
        let Ok(signature) = STANDARD.decode(signature) else { return Err(Stranger::Signature) };
        parameters.extend(oauth.iter().filter(|(name, _)| name != "oauth_signature" && name != "realm").cloned());
        let parameters: Vec<(&str, &str)> =
            parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let holds = addresses(parts).any(|url| {
            let text = base_string(parts.method.as_str(), &url, &parameters);
            hmac::verify(&key.signing, text.as_bytes(), &signature).is_ok()
        });
        if holds { Ok(key.account) } else { Err(Stranger::Signature) }
    }

    /// Exchanges a refresh token, which is used up by it. The answer holds the new pair.
    pub(super) fn refresh(&mut self, parts: &Parts, form: &[(String, String)]) -> Answer {
        let get = |wanted: &str| form.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let refused = |status, error: &str, description: &str| {
            Answer::json(status, serde_json::json!({"error": error, "error_description": description}).to_string())
        };
        if get("grant_type") != Some("refresh_token") {
            return refused(400, "unsupported_grant_type", "The grant type is not supported.");
        }
        let invalid = || refused(400, "invalid_request", "Value passed for the token was invalid.");
        let Some(token) = get("refresh_token") else { return invalid() };
        let Some(known) = self.refreshes.get(token) else { return invalid() };
        let basic = basic(parts);
        let client = get("client_id").or(basic.as_ref().map(|(id, _)| id.as_str()));
        let right_client = known.client_id.as_deref().is_none_or(|id| client == Some(id));
        let right_secret =
            known.client_secret.as_deref().is_none_or(|secret| basic.as_ref().is_some_and(|(_, sent)| sent == secret));
        if !right_client || !right_secret {
            return refused(401, "unauthorized_client", "Missing valid authorization header");
        }
        let Some(used) = self.refreshes.remove(token) else { return invalid() };
        self.issued += 1;
        let access_token = format!("mock-access-token-{}-{:016x}", self.issued, rand::random::<u64>());
        let refresh_token = format!("mock-refresh-token-{}-{:016x}", self.issued, rand::random::<u64>());
        self.bearers.insert(access_token.clone(), used.account);
        self.refreshes.insert(refresh_token.clone(), used);
        let body = serde_json::json!({
            "token_type": "bearer",
            "expires_in": 7200,
            "access_token": access_token,
            "refresh_token": refresh_token,
            "scope": "tweet.read tweet.write users.read media.write offline.access",
        });
        Answer { effect: true, ..Answer::json(200, body.to_string()) }
    }

    /// Makes every OAuth 2.0 access token that is valid now invalid, as time would.
    pub(super) fn expire_tokens(&mut self) {
        self.bearers.clear();
    }
}

/// The parameters of an `Authorization: OAuth` header, whatever stands between them.
fn oauth_parameters(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    text.split(',')
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (decode(name.trim()), decode(value.trim().trim_matches('"'))))
        .collect()
}

/// The pairs of a query or a form, decoded.
pub(super) fn form_pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// User and password of HTTP Basic.
fn basic(parts: &Parts) -> Option<(String, String)> {
    let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = header.split_once(' ')?;
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':').filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    // RFC 6749 §2.3.1 has both form-encoded; most clients send them as they are.
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some((decode(user), decode(password)))
}

/// The addresses that the client may have signed: the host it named, then X's own, over either scheme.
fn addresses(parts: &Parts) -> impl Iterator<Item = String> + '_ {
    let named = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let path = parts.uri.path();
    let own = ["http", "https"].into_iter().map(move |scheme| {
        let default_port = if scheme == "http" { ":80" } else { ":443" };
        format!("{scheme}://{}{path}", named.strip_suffix(default_port).unwrap_or(&named))
    });
    let xs = X_HOSTS.iter().flat_map(move |host| [format!("https://{host}{path}"), format!("http://{host}{path}")]);
    own.chain(xs)
}

/// The refusal of an address that there is not.
pub(super) fn no_such_page(api: ApiVersion) -> Answer {
    Refusal::NoSuchPage.answer(api)
}
