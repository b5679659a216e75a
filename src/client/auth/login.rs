//! The first login: the authorization code with PKCE (RFC 6749 §4.1, RFC 7636), from the page to open to the code that
//! it sends back.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ring::digest::{SHA256, digest};
use ring::hmac;
use serde_json::{Value, json};
use url::Url;

use super::token::Secret;
use crate::client::error::{Error, Kind, Result};
use crate::client::protocol::shown;

/// The format of [`Login::to_json`].
const VERSION: u64 = 1;

/// A login that was begun: what the page is given, and what its answer is checked against.
#[derive(Clone)]
pub struct Login {
    /// The app's OAuth 2.0 client id.
    pub client_id: String,
    /// Where the page sends the browser: one of the callback URLs of the app's settings, letter for letter.
    pub redirect_uri: String,
    /// What is asked for.
    pub scope: Vec<String>,
    /// Where the API is, as [`crate::client::protocol::Hosts`] is made of; X's own if that is `None`.
    pub base_url: Option<String>,
    state: Secret,
    verifier: Secret,
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Login(…)")
    }
}

impl Login {
    /// Begins a login, with a state and a verifier of its own.
    pub fn new(client_id: &str, redirect_uri: &str, scope: Vec<String>, base_url: Option<String>) -> Result<Self> {
        let refused = |why: &str| Error::invalid_input(format!("redirect_uri: {why}"));
        let url =
            Url::parse(redirect_uri).map_err(|error| refused(&format!("{error}; expected http://127.0.0.1:PORT/…")))?;
        if url.fragment().is_some() {
            return Err(refused("it must not have a fragment"));
        }
        if url.port() == Some(0) {
            return Err(refused("port 0 is no port that a browser can be sent to"));
        }
        if scope.is_empty() {
            return Err(Error::invalid_input("scope must name at least one scope"));
        }
        Ok(Login {
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            scope,
            base_url,
            state: random_text(),
            verifier: random_text(),
        })
    }

    /// The page to open in a browser.
    pub fn url(&self) -> Result<String> {
        let page = match &self.base_url {
            Some(base_url) => format!("{}/i/oauth2/authorize", base_url.trim_end_matches('/')),
            None => "https://x.com/i/oauth2/authorize".to_owned(),
        };
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &self.scope.join(" ")),
            ("state", &self.state),
            ("code_challenge", &challenge(&self.verifier)),
            ("code_challenge_method", "S256"),
        ];
        let url = Url::parse_with_params(&page, parameters);
        // Blanks as `%20`: not every page takes a plus for one.
        url.map(|url| url.as_str().replace('+', "%20"))
            .map_err(|error| Error::invalid_input(format!("base_url: {error}")))
    }

    /// Whether there will be a refresh token.
    pub fn asks_for_refresh_token(&self) -> bool {
        self.scope.iter().any(|name| name == "offline.access")
    }

    /// What proves that the code is redeemed by the program that asked for it.
    pub fn verifier(&self) -> &Secret {
        &self.verifier
    }

    /// The code that the page sent back in the address of the callback.
    pub fn code(&self, callback_url: &str) -> Result<Secret> {
        // Nothing of the address is repeated: it holds the code.
        let not_ours = || {
            Error::invalid_input(format!(
                "callback_url is not an address of {}; pass the whole address that the browser was sent to",
                self.redirect_uri
            ))
        };
        let url = Url::parse(callback_url.trim()).map_err(|_| not_ours())?;
        let redirect = Url::parse(&self.redirect_uri).map_err(|_| not_ours())?;
        // Origins will not do: those of an app's own schemes equal no other.
        let place = |url: &Url| {
            (
                url.scheme().to_owned(),
                url.host_str().map(str::to_owned),
                url.port_or_known_default(),
                url.path().to_owned(),
            )
        };
        if place(&url) != place(&redirect) {
            return Err(not_ours());
        }
        let parameter = |wanted: &str| {
            url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| Secret::new(value.into_owned()))
        };
        let state = parameter("state").unwrap_or_default();
        if !equal_in_constant_time(&state, &self.state) {
            return Err(Error::invalid_input(
                "callback_url: its state does not belong to this login; use the address from the newest page only",
            ));
        }
        if let Some(reason) = parameter("error") {
            return Err(denied(&reason, parameter("error_description").as_deref().map(String::as_str)));
        }
        parameter("code").filter(|code| !code.is_empty()).ok_or_else(|| {
            Error::invalid_input("callback_url has no code in it; pass the whole address that the browser was sent to")
        })
    }

    /// The login as text, to be kept between two requests of a web application. It holds the verifier, which is a secret.
    pub fn to_json(&self) -> String {
        json!({
            "version": VERSION,
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "base_url": self.base_url,
            "state": *self.state,
            "verifier": *self.verifier,
        })
        .to_string()
    }

    /// A login by its text.
    pub fn from_json(text: &str) -> Result<Self> {
        let refused = || Error::invalid_input("this text was not made by OAuth2Login.to_json()");
        let mut value: Value = serde_json::from_str(text).map_err(|_| refused())?;
        if value.get("version").and_then(Value::as_u64) != Some(VERSION) {
            return Err(refused());
        }
        let mut take = |name: &str| value.get_mut(name).map_or(Value::Null, Value::take);
        let mut text = |name: &str| match take(name) {
            Value::String(text) if !text.is_empty() => Ok(text),
            _ => Err(refused()),
        };
        let (client_id, redirect_uri) = (text("client_id")?, text("redirect_uri")?);
        let (state, verifier) = (text("state")?, text("verifier")?);
        let base_url = match take("base_url") {
            Value::Null => None,
            Value::String(text) => Some(text),
            _ => return Err(refused()),
        };
        let Value::Array(scope) = take("scope") else { return Err(refused()) };
        let scope = scope.into_iter().map(|name| match name {
            Value::String(name) => Ok(name),
            _ => Err(refused()),
        });
        let login = Login::new(&client_id, &redirect_uri, scope.collect::<Result<_>>()?, base_url)?;
        Ok(Login { state: state.into(), verifier: verifier.into(), ..login })
    }
}

/// The page said no.
fn denied(reason: &str, description: Option<&str>) -> Error {
    let said =
        description.filter(|text| !text.is_empty()).map_or_else(String::new, |text| format!(" ({})", shown(text)));
    let message = if reason == "access_denied" {
        format!("the login was denied: the user did not authorize the app{said}")
    } else {
        format!("the login was refused by the authorization page: {}{said}", shown(reason))
    };
    Error::new(Kind::LoginDenied, message)
}

/// 256 random bits as text that needs no encoding in an address.
fn random_text() -> Secret {
    BASE64URL.encode(rand::random::<[u8; 32]>()).into()
}

/// The challenge that goes with a verifier (S256).
pub fn challenge(verifier: &str) -> String {
    BASE64URL.encode(digest(&SHA256, verifier.as_bytes()))
}

fn equal_in_constant_time(one: &str, other: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &rand::random::<[u8; 32]>());
    hmac::verify(&key, one.as_bytes(), hmac::sign(&key, other.as_bytes()).as_ref()).is_ok()
}
