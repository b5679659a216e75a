//! One credential of `xmedia.OAuth1` or `xmedia.OAuth2`, and what its use has taught.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::client::Account;
use crate::client::auth::chain::Beginning;
use crate::client::auth::oauth2::{App, Secret};
use crate::client::auth::token_file::{StoredTokens, TokenFile};
use crate::client::auth::{Credentials, oauth1, oauth2};
use crate::client::error::{Error, file_error};
use crate::python::convert::errors;
use crate::python::convert::rate_limit::epoch;
use crate::python::imports;
use crate::system::fork::PerProcess;

/// Access token, refresh token, when the former expires in seconds since the epoch, and the scopes that were granted.
pub type Tokens = (String, Option<String>, Option<f64>, Option<Vec<String>>);

/// A credential. What never changes and the newest token outlive a fork; the account is made anew in the child.
pub struct AuthState {
    credentials: Credentials,
    account: PerProcess<Account>,
}

impl AuthState {
    /// The state of an `xmedia.OAuth1` or `xmedia.OAuth2`.
    pub fn new(auth: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(AuthState { credentials: credentials(auth)?, account: PerProcess::default() })
    }

    /// The credentials.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The account, if it was used in this process.
    pub fn account(&self) -> Option<Arc<Account>> {
        self.account.get()
    }

    /// The account.
    pub fn make_account(&self) -> Result<Arc<Account>, Error> {
        self.account.get_or_try_make(|| Ok(Account::new(self.credentials.clone())))
    }

    /// The newest tokens, if there was a refresh.
    pub fn refreshed(&self) -> Option<Tokens> {
        let Credentials::OAuth2(credentials) = &self.credentials else { return None };
        let token = credentials.newest().filter(|token| token.version > 0 || credentials.chain().is_some())?;
        let (access_token, refresh_token) =
            (String::clone(&token.access_token), token.refresh_token.as_deref().cloned());
        Some((access_token, refresh_token, token.expires_at.map(epoch), credentials.scope()))
    }

    /// The newest tokens, if the program does not have them and no other call is about to give them to it. Whoever gets
    /// them says how the delivery ended.
    pub fn take_refreshed(&self) -> Option<Tokens> {
        self.account().filter(|account| account.refreshes().begin_delivery())?;
        self.refreshed()
    }

    /// The chain in the token file, and how many refreshes it has seen, if there is one.
    pub fn chain(&self) -> Option<(Vec<String>, u64)> {
        let Credentials::OAuth2(credentials) = &self.credentials else { return None };
        Some((credentials.chain()?.facts().chain.clone(), credentials.newest()?.serial))
    }

    /// Whether there is a way to get newer tokens.
    pub fn can_refresh(&self) -> bool {
        matches!(&self.credentials, Credentials::OAuth2(credentials) if credentials.can_refresh())
    }

    /// The program has taken the tokens, or has not.
    pub fn end_delivery(&self, taken: bool) {
        if let Some(account) = self.account() {
            account.refreshes().end_delivery(taken);
        }
    }

    /// Whether there are tokens that the program has not been given or that are not saved, or a refresh is about to bring
    /// some.
    pub fn unsettled(&self) -> bool {
        self.account().is_some_and(|account| account.refreshes().unsettled() || account.has_unsaved_tokens())
    }
}

/// The tokens of a login and what is known of it.
#[pyclass(frozen, get_all, module = "xmedia._core")]
pub struct LoginTokens {
    client_id: Option<String>,
    origin: Option<String>,
    user_id: Option<String>,
    chain: Vec<String>,
    serial: u64,
    access_token: String,
    refresh_token: String,
    expires_at: Option<f64>,
    scope: Option<Vec<String>>,
}

impl From<StoredTokens> for LoginTokens {
    fn from(stored: StoredTokens) -> Self {
        LoginTokens {
            client_id: stored.client_id,
            origin: stored.origin,
            user_id: stored.user_id,
            chain: stored.chain,
            serial: stored.serial,
            access_token: String::clone(&stored.access_token),
            refresh_token: String::clone(&stored.refresh_token),
            expires_at: stored.expires_at.map(epoch),
            scope: stored.scope,
        }
    }
}

/// The tokens of a client that its program may not have been given yet.
#[pyclass(frozen, module = "xmedia._core")]
pub struct TokenDelivery(Arc<AuthState>);

impl TokenDelivery {
    /// The tokens of this login.
    pub fn of(login: Arc<AuthState>) -> Self {
        TokenDelivery(login)
    }
}

#[pymethods]
impl TokenDelivery {
    fn unsettled(&self) -> bool {
        self.0.unsettled()
    }

    fn take_refreshed(&self) -> Option<Tokens> {
        self.0.take_refreshed()
    }

    fn end_delivery(&self, taken: bool) {
        self.0.end_delivery(taken);
    }
}

fn credentials(auth: &Bound<'_, PyAny>) -> PyResult<Credentials> {
    let field = |name: &str| auth.getattr(name)?.extract::<String>();
    if auth.is_instance(imports::OAUTH1.get(auth.py())?)? {
        return Ok(Credentials::OAuth1(oauth1::Credentials {
            consumer_key: field("consumer_key")?,
            consumer_secret: field("consumer_secret")?,
            access_token: field("access_token")?,
            access_token_secret: field("access_token_secret")?,
        }));
    }
    if !auth.is_instance(imports::OAUTH2.get(auth.py())?)? {
        let type_name = auth.get_type().name()?;
        let hint = if type_name == "OAuth1UserHandler" { "; OAuth1.from_tweepy(…) makes one of it" } else { "" };
        return Err(PyTypeError::new_err(format!("auth must be an OAuth1 or an OAuth2, not {type_name}{hint}")));
    }
    if auth.getattr("access_token")?.is_callable() {
        return Ok(Credentials::OAuth2(oauth2::Credentials::asked()));
    }
    let optional = |name: &str| -> PyResult<Option<Secret>> {
        Ok(auth.getattr(name)?.extract::<Option<String>>()?.map(Secret::new))
    };
    let expires_at = auth.getattr("expires_at")?;
    let expires_at = if expires_at.is_none() {
        None
    } else {
        let seconds: f64 = expires_at.call_method0("timestamp")?.extract()?;
        // What expired before the epoch has expired all the same.
        Some(UNIX_EPOCH + Duration::try_from_secs_f64(seconds).unwrap_or_default())
    };
    let client_id = auth.getattr("client_id")?.extract::<Option<String>>()?;
    let client_secret = optional("client_secret")?;
    let app = client_id.map(|client_id| App { client_id, client_secret });
    let scope: Option<Vec<String>> = auth.getattr("scope")?.extract()?;
    let (store, refresh_token) = (auth.getattr("store")?, optional("refresh_token")?);
    if let Some(app) = app.clone().filter(|_| !store.is_none()) {
        let path: PathBuf = store.getattr("path")?.extract()?;
        let beginning = Beginning { refresh_token, chain: auth.getattr("_chain")?.extract()? };
        let access_token = field("access_token")?.into();
        // The file is read here, so that one that cannot be used is found at the start.
        let stored = auth.py().detach(|| {
            let file = TokenFile::new(&path).map_err(|error| file_error(&error, Some(&path)))?;
            oauth2::Credentials::stored(file, access_token, expires_at, app, beginning)
        });
        let stored = stored.map_err(|error| errors::raise(auth.py(), error))?;
        return Ok(Credentials::OAuth2(stored.with_scope(scope)));
    }
    let credentials = oauth2::Credentials::refreshed(field("access_token")?.into(), refresh_token, expires_at, app);
    Ok(Credentials::OAuth2(credentials.with_scope(scope)))
}
