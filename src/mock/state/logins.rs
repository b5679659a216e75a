//! OAuth 2.0 on the server's side: codes of the authorization page, refresh tokens that work once, exchanges, revocation.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ring::digest::{SHA256, digest};
use url::Url;

use crate::mock::state::rejection::TokenRejection;

/// How long a code lives.
const CODE_LIFETIME: Duration = Duration::from_secs(30);
/// `state` may be this long.
const MAX_STATE_CHARS: usize = 500;
/// What is granted where nothing was asked for.
const ALL_SCOPES: &str = "tweet.read tweet.write users.read media.write offline.access";

/// An app that may ask for tokens.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) account: usize,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<String>,
}

/// Who asks the token endpoint: what the form and HTTP Basic say.
pub(crate) struct Asking {
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<String>,
}

/// New tokens.
pub(crate) struct Granted {
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
    pub(crate) scope: String,
}

struct Code {
    app: App,
    redirect_uri: String,
    challenge: String,
    scope: String,
    /// By the server's clock.
    made: SystemTime,
}

/// A grant: all tokens that come of one code, exchange or given refresh token.
#[derive(Clone)]
struct Token {
    app: App,
    grant: u64,
    scope: String,
}

/// All codes and tokens.
#[derive(Default)]
pub(crate) struct Logins {
    apps: Vec<App>,
    codes: HashMap<String, Code>,
    access: HashMap<String, Token>,
    refresh: HashMap<String, Token>,
    used: HashMap<String, u64>,
    /// The grant that the last exchange of an account's OAuth 1.0a tokens made.
    exchanged: HashMap<usize, u64>,
    issued: u64,
    grants: u64,
    /// Whether a refresh token that is used twice ends its grant (RFC 9700 §4.14.2).
    pub(crate) revoke_on_reuse: bool,
}

impl Logins {
    /// Accepts a token that a test gave, with the refresh token that goes with it.
    pub(crate) fn add(&mut self, app: App, access_token: String, refresh_token: Option<String>) {
        let token = self.token(app.clone(), ALL_SCOPES.to_owned());
        self.apps.push(app);
        self.access.insert(access_token, token.clone());
        if let Some(refresh_token) = refresh_token {
            self.refresh.insert(refresh_token, token);
        }
    }

    /// The account whose access token this is.
    pub(crate) fn account(&self, access_token: &str) -> Option<usize> {
        self.access.get(access_token).map(|token| token.app.account)
    }

    /// What the authorization page does when the user agrees, or does not: where the browser is sent.
    pub(crate) fn authorize(&mut self, url: &str, deny: bool, now: SystemTime) -> Result<String, String> {
        let url = Url::parse(url).map_err(|error| format!("it is not an address: {error}"))?;
        if url.path() != "/i/oauth2/authorize" {
            return Err("it is not that of the authorization page".to_owned());
        }
        let parameter = |wanted: &str| {
            let found = url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
            found.filter(|value| !value.is_empty()).ok_or_else(|| format!("{wanted} is missing"))
        };
        if parameter("response_type")? != "code" || parameter("code_challenge_method")? != "S256" {
            return Err("response_type must be code, and code_challenge_method S256".to_owned());
        }
        let (client_id, state) = (parameter("client_id")?, parameter("state")?);
        if state.chars().count() > MAX_STATE_CHARS {
            return Err(format!("state is longer than {MAX_STATE_CHARS} characters"));
        }
        let app = self.app(&client_id).ok_or("the client_id is not known")?;
        let redirect_uri = parameter("redirect_uri")?;
        let mut callback = Url::parse(&redirect_uri).map_err(|error| format!("redirect_uri: {error}"))?;
        let code =
            Code { app, redirect_uri, challenge: parameter("code_challenge")?, scope: parameter("scope")?, made: now };
        callback.query_pairs_mut().append_pair("state", &state);
        if deny {
            callback.query_pairs_mut().append_pair("error", "access_denied");
        } else {
            let text = self.random("mock-code");
            callback.query_pairs_mut().append_pair("code", &text);
            self.codes.insert(text, code);
        }
        Ok(callback.into())
    }

    /// The app with this id: one that a test gave, or any if no given credential names an app.
    fn app(&self, client_id: &str) -> Option<App> {
        let named = self.apps.iter().find(|app| app.client_id.as_deref() == Some(client_id));
        let any = || {
            let anonymous = self.apps.iter().all(|app| app.client_id.is_none());
            let account = self.apps.first().map_or(0, |app| app.account);
            anonymous.then(|| App { account, client_id: Some(client_id.to_owned()), client_secret: None })
        };
        named.cloned().or_else(any)
    }

    /// Exchanges a code.
    pub(crate) fn redeem(
        &mut self,
        asking: &Asking,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
        now: SystemTime,
    ) -> Result<Granted, TokenRejection> {
        // A code works once, whatever it is sent with.
        let code = self.codes.remove(code).ok_or(TokenRejection::Grant)?;
        check(&code.app, asking)?;
        let challenge = BASE64URL.encode(digest(&SHA256, verifier.as_bytes()));
        let expired = now.duration_since(code.made).is_ok_and(|age| age > CODE_LIFETIME);
        if expired || code.redirect_uri != redirect_uri || code.challenge != challenge {
            return Err(TokenRejection::Grant);
        }
        let token = self.token(code.app, code.scope);
        Ok(self.issue(token))
    }

    /// Exchanges a refresh token, which is used up by it.
    pub(crate) fn refresh(&mut self, asking: &Asking, refresh_token: &str) -> Result<Granted, TokenRejection> {
        let Some(known) = self.refresh.get(refresh_token) else {
            if let Some(grant) = self.used.get(refresh_token).copied().filter(|_| self.revoke_on_reuse) {
                self.end(grant);
            }
            return Err(TokenRejection::Token);
        };
        check(&known.app, asking)?;
        let token = known.clone();
        self.refresh.remove(refresh_token);
        self.used.insert(refresh_token.to_owned(), token.grant);
        Ok(self.issue(token))
    }

    /// Exchanges the OAuth 1.0a tokens of an account, which ends what the exchange before it brought.
    pub(crate) fn exchange(
        &mut self,
        account: usize,
        asking: &Asking,
        scope: Option<&str>,
    ) -> Result<Granted, TokenRejection> {
        let client_id = asking.client_id.as_deref().ok_or(TokenRejection::Client)?;
        let app = self.app(client_id).ok_or(TokenRejection::Client)?;
        check(&app, asking)?;
        if let Some(before) = self.exchanged.remove(&account) {
            self.end(before);
        }
        let scope = scope.map_or_else(|| ALL_SCOPES.to_owned(), |scope| format!("{scope} offline.access"));
        let token = self.token(App { account, ..app }, scope);
        self.exchanged.insert(account, token.grant);
        Ok(self.issue(token))
    }

    /// Ends a token. One that is not known is not an error (RFC 7009 §2.2).
    pub(crate) fn revoke(&mut self, asking: &Asking, token: &str) -> Result<(), TokenRejection> {
        if let Some(known) = self.refresh.get(token).or_else(|| self.access.get(token)) {
            check(&known.app, asking)?;
        }
        self.refresh.remove(token);
        self.access.remove(token);
        Ok(())
    }

    /// Ends what time ends: access tokens, and codes.
    pub(crate) fn expire(&mut self) {
        self.access.clear();
        self.codes.clear();
    }

    fn end(&mut self, grant: u64) {
        self.access.retain(|_, token| token.grant != grant);
        self.refresh.retain(|_, token| token.grant != grant);
    }

    fn token(&mut self, app: App, scope: String) -> Token {
        self.grants += 1;
        Token { app, grant: self.grants, scope }
    }

    fn issue(&mut self, token: Token) -> Granted {
        self.issued += 1;
        let access_token = self.random("mock-access-token");
        let scopes: HashSet<&str> = token.scope.split_whitespace().collect();
        let offline = scopes.contains("offline.access");
        let refresh_token = offline.then(|| self.random("mock-refresh-token"));
        let granted = Granted { access_token, refresh_token, scope: token.scope.clone() };
        self.access.insert(granted.access_token.clone(), token.clone());
        if let Some(refresh_token) = &granted.refresh_token {
            self.refresh.insert(refresh_token.clone(), token);
        }
        granted
    }

    fn random(&self, name: &str) -> String {
        format!("{name}-{}-{:016x}", self.issued, rand::random::<u64>())
    }
}

/// Refuses another app, and a confidential one without its secret.
fn check(app: &App, asking: &Asking) -> Result<(), TokenRejection> {
    let right_client = app.client_id.as_ref().is_none_or(|id| asking.client_id.as_ref() == Some(id));
    let right_secret = app.client_secret.as_ref().is_none_or(|secret| asking.client_secret.as_ref() == Some(secret));
    if right_client && right_secret { Ok(()) } else { Err(TokenRejection::Client) }
}
