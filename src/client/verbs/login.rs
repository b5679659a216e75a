//! Getting OAuth 2.0 tokens: for the code of a first login, and in exchange for OAuth 1.0a's.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::client::Client;
use super::token_task::{TokenFileUpdate, detached, refused_login, without_observer};
use crate::client::auth::login::Login;
use crate::client::auth::oauth2::{App, Secret};
use crate::client::auth::token_exchanges::UnderWay;
use crate::client::auth::token_file::{Found, StoredTokens, TokenFile, chain_hash};
use crate::client::auth::{Account, Credentials, oauth1, oauth2};
use crate::client::config::{Options, Retry, TransportOptions};
use crate::client::deadline::Deadline;
use crate::client::error::{Error, Kind, Result};
use crate::client::exchange_log::ExchangeLog;
use crate::client::http::Transport;
use crate::client::model::ApiVersion;
use crate::client::protocol::{Answer, Command, Grant, TokenRequest, Tokens};

/// Bounds one attempt.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it is asked who the user is, which is not needed to go on.
const USER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long is waited before a code is sent again after a failure to connect.
const CONNECT_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// A login that has just been made.
pub struct NewLogin {
    /// Its tokens.
    pub tokens: StoredTokens,
    /// A sentence that the user should read, although it went well.
    pub warning: Option<String>,
}

/// Where the tokens of a new login are kept.
pub struct Destination {
    /// The file.
    pub file: TokenFile,
    /// Whether another user's tokens may be replaced.
    pub replace_other_user: bool,
}

impl Client {
    /// A client that has no user yet.
    pub fn without_user(transport: TransportOptions) -> Result<Self> {
        transport.validate()?;
        let account = Account::new(Credentials::OAuth2(oauth2::Credentials::asked()));
        let options = Options { request_timeout: Some(REQUEST_TIMEOUT), ..Options::new(ApiVersion::V2) };
        Client::new(Arc::new(Transport::new(Arc::new(transport))), Arc::new(account), Arc::new(options))
    }

    /// Ends a first login: exchanges the code for tokens, and keeps them where that is wanted.
    pub async fn finish_login(
        &self,
        login: Login,
        code: Secret,
        client_secret: Option<Secret>,
        destination: Option<Destination>,
        timeout: Option<Duration>,
    ) -> Result<NewLogin> {
        let app = App { client_id: login.client_id.clone(), client_secret };
        let grant = Grant::Code {
            code: String::clone(&code),
            redirect_uri: login.redirect_uri.clone(),
            verifier: String::clone(login.verifier()),
        };
        let deadline = Deadline::after(timeout);
        let client = self.clone();
        let work = async move {
            let Some(destination) = destination else {
                let _under_way = UnderWay::begin();
                let tokens = client.redeem(&app, grant, deadline, kept_waiting(timeout)).await?;
                return Ok(NewLogin { tokens: client.first_of_chain(tokens, &app, None), warning: None });
            };
            let (update, found) = TokenFileUpdate::begin(&destination.file, deadline).await?;
            let room = update.reserve().await?;
            let tokens = client.redeem(&app, grant, deadline, kept_waiting(timeout)).await?;
            if tokens.refresh_token.is_none() {
                return Ok(client.not_kept(tokens, &app, &destination.file));
            }
            let stored = client.first_of_chain(tokens, &app, None);
            let Some(theirs) = user_in(&found).filter(|_| !destination.replace_other_user) else {
                // It takes a request to know who the user is, and whoever is killed meanwhile must not lose the login.
                update.save(room, &stored).await?;
                return Ok(client.with_user_id(&update, stored).await);
            };
            let user_id = client.user_of(&stored.access_token).await.ok();
            if user_id.as_deref() != Some(theirs) {
                return Err(other_user(&destination.file, theirs, user_id.as_deref()));
            }
            let stored = StoredTokens { user_id, ..stored };
            update.save(room, &stored).await?;
            Ok(NewLogin { tokens: stored, warning: None })
        };
        detached(deadline, work).await.map_err(over)
    }

    /// Exchanges OAuth 1.0a tokens for OAuth 2.0 ones, unless the file holds a login of the same user already.
    pub async fn exchange_oauth1(
        &self,
        oauth1: &oauth1::Credentials,
        app: App,
        scope: Option<String>,
        file: TokenFile,
        timeout: Option<Duration>,
    ) -> Result<NewLogin> {
        let user_id = user_of_oauth1(&oauth1.access_token);
        let grant = Grant::OAuth1 {
            token: oauth1.access_token.clone(),
            token_secret: oauth1.access_token_secret.clone(),
            scope,
        };
        let deadline = Deadline::after(timeout);
        let client = self.clone();
        detached(deadline, async move {
            let (update, found) = TokenFileUpdate::begin(&file, deadline).await?;
            if let Found::Tokens(stored, None) = found {
                let is_theirs = stored.user_id.as_ref() == Some(&user_id)
                    && stored.client_id.as_ref() == Some(&app.client_id)
                    && stored.origin.as_deref() == Some(&*client.inner.origin());
                if is_theirs {
                    return Ok(NewLogin { tokens: *stored, warning: None });
                }
            }
            let room = update.reserve().await?;
            let tokens = client.tokens(&app, grant, client.inner.options.retry.as_ref(), kept_waiting(timeout)).await?;
            if tokens.refresh_token.is_none() {
                return Ok(client.not_kept(tokens, &app, &file));
            }
            let stored = client.first_of_chain(tokens, &app, Some(user_id));
            update.save(room, &stored).await?;
            Ok(NewLogin { tokens: stored, warning: None })
        })
        .await
    }

    /// Exchanges a code. It is sent again only where no connection was made, so that it cannot have been used.
    async fn redeem(&self, app: &App, grant: Grant, deadline: Deadline, until: Deadline) -> Result<Tokens> {
        loop {
            match self.tokens(app, grant.clone(), None, until).await {
                Err(error) if is_unconnected(&error) && !deadline.passed() => {
                    deadline.sleep(CONNECT_AGAIN_AFTER).await;
                    if deadline.passed() {
                        return Err(error);
                    }
                }
                outcome => return outcome,
            }
        }
    }

    async fn tokens(&self, app: &App, grant: Grant, retry: Option<&Retry>, deadline: Deadline) -> Result<Tokens> {
        let command = Command::Token(TokenRequest {
            grant,
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.as_deref().cloned(),
        });
        let exchanges = ExchangeLog::default();
        match self.inner.exchange(&command, &without_observer(deadline, retry, &exchanges)).await {
            Ok(Answer::Tokens(tokens)) => Ok(tokens),
            Ok(_) => Err(Error::new(Kind::InvalidResponse(None), "TOKEN: the answer has no token")),
            Err(error) => Err(refused_login(exchanges.attach(error, None))),
        }
    }

    /// Adds to a login that is kept already whose it is. Without that it is as good.
    async fn with_user_id(&self, update: &TokenFileUpdate, kept: StoredTokens) -> NewLogin {
        let error = match self.user_of(&kept.access_token).await {
            Ok(user_id) => {
                let named = StoredTokens { user_id: Some(user_id), ..kept.clone() };
                match update.replace(&named).await {
                    Ok(()) => return NewLogin { tokens: named, warning: None },
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        let warning = format!("the tokens were saved without the user's id: {}", error.message);
        NewLogin { tokens: kept, warning: Some(warning) }
    }

    /// The user whose token this is.
    async fn user_of(&self, access_token: &str) -> Result<String> {
        let account = Account::new(Credentials::OAuth2(oauth2::Credentials::new(access_token.to_owned())));
        let client = Client::new(self.inner.transport.clone(), Arc::new(account), self.inner.options.clone())?;
        let exchanges = ExchangeLog::default();
        let options = without_observer(Deadline::after(Some(USER_TIMEOUT)), None, &exchanges);
        match client.inner.exchange(&Command::Me, &options).await? {
            Answer::User(user_id) => Ok(user_id),
            _ => Err(Error::new(Kind::InvalidResponse(None), "ME: the answer has no user")),
        }
    }

    /// Tokens that cannot be renewed: a file with them would be one without a login, in the place of one with a login.
    fn not_kept(&self, tokens: Tokens, app: &App, file: &TokenFile) -> NewLogin {
        let path = file.path().display();
        let warning = format!(
            "X gave no refresh token, so nothing was saved in {path}: the access token works until it expires (does the \
             scope have offline.access?)"
        );
        NewLogin { tokens: self.first_of_chain(tokens, app, None), warning: Some(warning) }
    }

    /// What begins a chain.
    fn first_of_chain(&self, mut tokens: Tokens, app: &App, user_id: Option<String>) -> StoredTokens {
        let lifetime = tokens.expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let refresh_token = Secret::new(tokens.refresh_token.take().unwrap_or_default());
        StoredTokens {
            client_id: Some(app.client_id.clone()),
            origin: Some(self.inner.origin()),
            user_id,
            chain: vec![chain_hash(&app.client_id, &refresh_token)],
            serial: 0,
            access_token: std::mem::take(&mut tokens.access_token).into(),
            refresh_token,
            expires_at: lifetime.and_then(|lifetime| SystemTime::now().checked_add(lifetime)),
            scope: tokens.scope.take(),
            revoked: false,
        }
    }
}

/// Until when an answer is waited for that may bring tokens: whoever asked may have given up before.
fn kept_waiting(timeout: Option<Duration>) -> Deadline {
    Deadline::after(timeout.map(|timeout| timeout.max(REQUEST_TIMEOUT)))
}

/// The user whose login a file holds, if it says so.
fn user_in(found: &Found) -> Option<&str> {
    match found {
        Found::Tokens(stored, _) => stored.user_id.as_deref(),
        _ => None,
    }
}

/// One user's tokens are not put into the place of another's.
fn other_user(file: &TokenFile, theirs: &str, ours: Option<&str>) -> Error {
    Error::invalid_input(format!(
        "{} holds the tokens of user {theirs}, and this is {}; nothing was replaced",
        file.path().display(),
        ours.map_or_else(|| "a user whose id is not known".to_owned(), |user_id| format!("user {user_id}")),
    ))
}

/// The user whose OAuth 1.0a token this is: X writes the id before the dash.
fn user_of_oauth1(access_token: &str) -> String {
    match access_token.split_once('-') {
        Some((id, _)) if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) => id.to_owned(),
        _ => format!("oauth1:{}", chain_hash("oauth1", access_token)),
    }
}

/// The error of a login that did not bring tokens. It cannot be finished by the same call: a code is sent once.
fn over(mut error: Error) -> Error {
    let is_an_answer = match &error.kind {
        Kind::Transport { .. } | Kind::RequestTimeout { .. } | Kind::InvalidResponse(_) => true,
        Kind::Api(failure) => !failure.refused_for_good,
        _ => false,
    };
    if is_an_answer {
        let full_stop = if error.message.ends_with('.') { "" } else { "." };
        error.message.push_str(full_stop);
        error.message.push_str(" Begin a new login: the code of this one works only once.");
        (error.retryable, error.retry_after) = (false, None);
    }
    error
}

fn is_unconnected(error: &Error) -> bool {
    error.retryable && matches!(error.kind, Kind::Transport { connect: true } | Kind::RequestTimeout { connect: true })
}
