//! Who sends a request: OAuth 1.0a signatures and bearer tokens.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use percent_encoding::percent_decode_str;
use ring::hmac;

use crate::client::auth::oauth1::{base_string, percent_encode};
use crate::client::model::ApiVersion;
use crate::mock::options::Credential;
use crate::mock::state::logins::{App, Logins};
use crate::mock::state::rejection::AuthError;

/// The hosts that a client may believe it talks to, and therefore sign.
const X_HOSTS: [&str; 4] = ["upload.twitter.com", "upload.x.com", "api.x.com", "api.twitter.com"];

/// How far a signature's timestamp may be off.
const TIMESTAMP_TOLERANCE: f64 = 300.0;

/// X's app-only bearer tokens begin so.
const APP_ONLY: &str = "AAAAAAAAAAAAAAAAAAAA";

struct Key {
    account: usize,
    consumer_key: String,
    access_token: String,
    access_token_secret: String,
    signing: hmac::Key,
}

/// The accounts behind the credentials, numbered in their order.
pub(crate) struct Accounts {
    keys: Vec<Key>,
    /// What OAuth 2.0 has given out.
    pub(crate) logins: Logins,
    /// The accounts' users, as far as their tokens name them.
    users: HashMap<usize, String>,
    /// The first account of the same app, for each account.
    apps: Vec<usize>,
}

/// The first of these credentials that is of the same app.
fn first_of_app(credentials: &[Credential], account: usize) -> usize {
    let app = |credential: &Credential| match credential {
        Credential::OAuth1 { consumer_key, .. } => Some((true, consumer_key.clone())),
        Credential::OAuth2 { client_id, .. } => client_id.clone().map(|id| (false, id)),
    };
    let own = credentials.get(account).and_then(app);
    credentials.iter().position(|other| own.is_some() && app(other) == own).unwrap_or(account)
}

impl Accounts {
    /// The accounts of these credentials.
    pub(crate) fn new(credentials: &[Credential]) -> Self {
        let apps = (0..credentials.len()).map(|account| first_of_app(credentials, account)).collect();
        let mut accounts = Accounts { keys: Vec::new(), logins: Logins::default(), users: HashMap::new(), apps };
        for (account, credential) in credentials.iter().cloned().enumerate() {
            match credential {
                Credential::OAuth1 { consumer_key, consumer_secret, access_token, access_token_secret } => {
                    let secret =
                        format!("{}&{}", percent_encode(&consumer_secret), percent_encode(&access_token_secret));
                    let signing = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
                    if let Some((user, _)) = access_token.split_once('-') {
                        accounts.users.insert(account, user.to_owned());
                    }
                    accounts.keys.push(Key { account, consumer_key, access_token, access_token_secret, signing });
                }
                Credential::OAuth2 { access_token, refresh_token, client_id, client_secret } => {
                    accounts.logins.add(App { account, client_id, client_secret }, access_token, refresh_token);
                }
            }
        }
        accounts
    }

    /// The app of an account, named by its first account.
    pub(crate) fn app(&self, account: usize) -> usize {
        self.apps.get(account).copied().unwrap_or(account)
    }

    /// The account that sends a request; `query` and `form` are its signed parameters, `now` seconds since the epoch.
    pub(crate) fn identify(
        &self,
        api: ApiVersion,
        parts: &Parts,
        query: &[(String, String)],
        form: &[(String, String)],
        now: f64,
    ) -> Result<usize, AuthError> {
        let header =
            parts.headers.get(AUTHORIZATION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let header = header.unwrap_or_default();
        let (scheme, rest) = header.split_once(' ').unwrap_or((header.as_str(), ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            self.bearer(api, rest.trim())
        } else if scheme.eq_ignore_ascii_case("oauth") {
            self.signed(parts, oauth_parameters(rest), [query, form].concat(), now)
        } else {
            // RFC 5849 §3.5 allows the parameters in the body and in the query, too.
            let (oauth, others): (Vec<_>, Vec<_>) =
                [query, form].concat().into_iter().partition(|(name, _)| name.starts_with("oauth_"));
            if oauth.is_empty() { Err(AuthError::Missing) } else { self.signed(parts, oauth, others, now) }
        }
    }

    fn bearer(&self, api: ApiVersion, token: &str) -> Result<usize, AuthError> {
        match self.logins.account(token) {
            Some(_) if api == ApiVersion::V1_1 => Err(AuthError::Forbidden),
            Some(account) => Ok(account),
            None if token.starts_with(APP_ONLY) => Err(AuthError::Forbidden),
            None => Err(AuthError::Token),
        }
    }

    fn signed(
        &self,
        parts: &Parts,
        oauth: Vec<(String, String)>,
        mut parameters: Vec<(String, String)>,
        now: f64,
    ) -> Result<usize, AuthError> {
        let get = |wanted: &str| oauth.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let (Some(consumer_key), Some(signature)) = (get("oauth_consumer_key"), get("oauth_signature")) else {
            return Err(AuthError::Missing);
        };
        let Some(access_token) = get("oauth_token") else { return Err(AuthError::Signature) };
        let mut known = self.keys.iter().filter(|key| key.access_token == access_token).peekable();
        if known.peek().is_none() {
            return Err(AuthError::Token);
        }
        let Some(key) = known.find(|key| key.consumer_key == consumer_key) else { return Err(AuthError::Signature) };
        let timestamp: Option<f64> = get("oauth_timestamp").and_then(|text| text.parse().ok());
        let complete = get("oauth_nonce").is_some_and(|nonce| !nonce.is_empty())
            && get("oauth_version").is_none_or(|version| version == "1.0")
            && get("oauth_signature_method") == Some("HMAC-SHA1");
        let (Some(timestamp), true) = (timestamp, complete) else { return Err(AuthError::Signature) };
        if (timestamp - now).abs() > TIMESTAMP_TOLERANCE {
            return Err(AuthError::Timestamp);
        }
        let Ok(signature) = STANDARD.decode(signature) else { return Err(AuthError::Signature) };
        parameters.extend(oauth.iter().filter(|(name, _)| name != "oauth_signature" && name != "realm").cloned());
        let parameters: Vec<(&str, &str)> =
            parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let holds = addresses(parts).any(|url| {
            let text = base_string(parts.method.as_str(), &url, &parameters);
            hmac::verify(&key.signing, text.as_bytes(), &signature).is_ok()
        });
        if holds { Ok(key.account) } else { Err(AuthError::Signature) }
    }

    /// The account that these OAuth 1.0a tokens belong to.
    pub(crate) fn of_oauth1(&self, access_token: &str, access_token_secret: &str) -> Option<usize> {
        let is_theirs = |key: &&Key| key.access_token == access_token && key.access_token_secret == access_token_secret;
        self.keys.iter().find(is_theirs).map(|key| key.account)
    }

    /// The id of an account's user: what the OAuth 1.0a token says, or a number of our own.
    pub(crate) fn user_id(&self, account: usize) -> String {
        self.users.get(&account).cloned().unwrap_or_else(|| (1000 + account).to_string())
    }

    /// User and password of HTTP Basic.
    pub(crate) fn basic(parts: &Parts) -> Option<(String, String)> {
        let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, encoded) = header.split_once(' ')?;
        let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (user, password) = text.split_once(':').filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        // RFC 6749 §2.3.1 has both form-encoded; most clients send them as they are.
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Some((decode(user), decode(password)))
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

/// The URLs that the client may have signed: the host it named, with its port and (as some clients do, which X on its
/// default ports cannot see) without, then X's own, over either scheme.
fn addresses(parts: &Parts) -> impl Iterator<Item = String> + '_ {
    let named = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let path = parts.uri.path();
    let without_port = match named.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host.to_owned(),
        _ => named.clone(),
    };
    let own = ["http", "https"]
        .into_iter()
        .flat_map(move |scheme| [format!("{scheme}://{named}{path}"), format!("{scheme}://{without_port}{path}")]);
    let xs = X_HOSTS.iter().flat_map(move |host| [format!("https://{host}{path}"), format!("http://{host}{path}")]);
    own.chain(xs)
}
