//! `xmedia._core.LoginFlow` and its like: getting OAuth 2.0 tokens, reading the file that keeps them, ending them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::client::Client;
use crate::client::auth::chain::tokens_at;
use crate::client::auth::login::Login;
use crate::client::auth::oauth2::{App, Secret};
use crate::client::auth::token_file::{self, TokenFile};
use crate::client::auth::{oauth1, token_exchanges};
use crate::client::config::{TransportOptions, parse_base_url};
use crate::client::error::{Error, Result, file_error};
use crate::client::login::{Destination, NewLogin};
use crate::client::observer::Observer;
use crate::client::save_tokens_at_exit;
use crate::python::auth::LoginTokens;
use crate::python::call::channel::Outcome;
use crate::python::call::observer::ChannelObserver;
use crate::python::call::operation::Operation;
use crate::python::call::task::{SIGNAL_INTERVAL, Verb};
use crate::python::convert::errors;
use crate::python::convert::options::GivenOptions;
use crate::python::convert::{args, client_options};
use crate::python::process::runtime;

/// How long a revocation of a file's tokens may take.
const REVOKE_TIMEOUT: Duration = Duration::from_secs(60);

/// The options of connections, and where the API is.
fn with_base_url<'py>(
    py: Python<'py>,
    base_url: Option<&str>,
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyDict>> {
    let options = options.map_or_else(|| Ok(PyDict::new(py)), Bound::copy)?;
    options.set_item("base_url", base_url)?;
    Ok(options)
}

/// How the token endpoint is reached.
fn connection(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<TransportOptions> {
    let given = GivenOptions::new(options);
    let transport = client_options::transport_options(py, &given)?;
    given.refuse_others()?;
    Ok(transport)
}

/// A first login between the page and the code that it sends back.
#[pyclass(frozen, module = "xmedia._core")]
pub struct LoginFlow {
    login: Login,
    connection: TransportOptions,
    finished: AtomicBool,
}

impl LoginFlow {
    fn with(login: Login, connection: TransportOptions) -> Self {
        LoginFlow { login, connection, finished: AtomicBool::new(false) }
    }
}

#[pymethods]
impl LoginFlow {
    /// `options` are those of its connections.
    #[new]
    #[pyo3(signature = (client_id, redirect_uri, scope, *, base_url, **options))]
    fn new(
        py: Python<'_>,
        client_id: &str,
        redirect_uri: &str,
        scope: Vec<String>,
        base_url: Option<String>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let options = with_base_url(py, base_url.as_deref(), options)?;
        let connection = connection(py, Some(&options))?;
        let login = Login::new(client_id, redirect_uri, scope, base_url);
        Ok(LoginFlow::with(login.map_err(|error| errors::raise(py, error))?, connection))
    }

    /// A login by its text; connection options do not belong to it.
    #[staticmethod]
    #[pyo3(signature = (text, **options))]
    fn from_json(py: Python<'_>, text: &str, options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let login = Login::from_json(text).map_err(|error| errors::raise(py, error))?;
        let options = with_base_url(py, login.base_url.as_deref(), options)?;
        Ok(LoginFlow::with(login, connection(py, Some(&options))?))
    }

    fn to_json(&self) -> String {
        self.login.to_json()
    }

    #[getter]
    fn url(&self, py: Python<'_>) -> PyResult<String> {
        self.login.url().map_err(|error| errors::raise(py, error))
    }

    #[getter]
    fn client_id(&self) -> &str {
        &self.login.client_id
    }

    #[getter]
    fn redirect_uri(&self) -> &str {
        &self.login.redirect_uri
    }

    #[getter]
    fn scope(&self) -> Vec<String> {
        self.login.scope.clone()
    }

    /// Refuses an address that is not the answer to this login.
    fn check(&self, py: Python<'_>, callback_url: &str) -> PyResult<()> {
        self.login.code(callback_url).map(drop).map_err(|error| errors::raise(py, error))
    }

    /// Exchanges the code in the callback's address for tokens.
    #[pyo3(signature = (callback_url, *, store, client_secret, timeout, replace_other_user))]
    fn finish(
        &self,
        py: Python<'_>,
        callback_url: &str,
        store: Option<PathBuf>,
        client_secret: Option<String>,
        timeout: &Bound<'_, PyAny>,
        replace_other_user: bool,
    ) -> PyResult<Operation> {
        let raised = |error| errors::raise(py, error);
        let timeout = args::duration("timeout", timeout)?;
        let code = self.login.code(callback_url).map_err(raised)?;
        let file = store.map(token_file).transpose().map_err(raised)?;
        if file.is_some() && !self.login.asks_for_refresh_token() {
            return Err(raised(Error::invalid_input(
                "store keeps tokens that can be refreshed, and this login does not ask for any: its scope lacks \
                 offline.access",
            )));
        }
        let client = Client::without_user(self.connection.clone()).map_err(raised)?;
        if self.finished.swap(true, Ordering::AcqRel) {
            return Err(raised(Error::invalid_input(
                "this login is already finished; a code works only once: begin a new login",
            )));
        }
        let destination = file.map(|file| Destination { file, replace_other_user });
        let (login, client_secret) = (self.login.clone(), client_secret.map(Secret::new));
        Ok(login_operation("finish", |observer| {
            Box::pin(async move {
                let made = client.finish_login(login, code, client_secret, destination, timeout).await;
                Ok(login_outcome(&observer, made?))
            })
        }))
    }
}

/// Exchanges OAuth 1.0a tokens for OAuth 2.0 ones, or finds those that a file holds already.
#[pyfunction]
#[pyo3(signature = (oauth1, client_id, *, store, client_secret, scope, timeout, **options))]
#[expect(clippy::too_many_arguments, reason = "they are the options of xmedia.OAuth2.from_oauth1")]
pub fn exchange_oauth1(
    py: Python<'_>,
    oauth1: &Bound<'_, PyAny>,
    client_id: String,
    store: PathBuf,
    client_secret: Option<String>,
    scope: Option<String>,
    timeout: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Operation> {
    let raised = |error| errors::raise(py, error);
    let field = |name: &str| oauth1.getattr(name)?.extract::<String>();
    let oauth1 = oauth1::Credentials {
        consumer_key: field("consumer_key")?,
        consumer_secret: field("consumer_secret")?,
        access_token: field("access_token")?,
        access_token_secret: field("access_token_secret")?,
    };
    let timeout = args::duration("timeout", timeout)?;
    let client = Client::without_user(connection(py, options)?).map_err(raised)?;
    let file = token_file(store).map_err(raised)?;
    let app = App { client_id, client_secret: client_secret.map(Secret::new) };
    Ok(login_operation("from_oauth1", |observer| {
        Box::pin(async move {
            let made = client.exchange_oauth1(&oauth1, app, scope, file, timeout).await;
            Ok(login_outcome(&observer, made?))
        })
    }))
}

/// What a token file holds.
#[pyfunction]
pub fn read_token_file(py: Python<'_>, path: PathBuf) -> PyResult<LoginTokens> {
    let read = py.detach(|| tokens_at(&path));
    read.map(LoginTokens::from).map_err(|error| errors::raise(py, error))
}

/// Ends the login that a token file holds.
#[pyfunction]
pub fn revoke_token_file(py: Python<'_>, path: PathBuf, client_secret: Option<String>) -> PyResult<Operation> {
    let raised = |error| errors::raise(py, error);
    let stored = py.detach(|| tokens_at(&path)).map_err(raised)?;
    let mut transport = TransportOptions::default();
    if let Some(origin) = stored.origin.as_deref().filter(|origin| *origin != transport.hosts.api) {
        // Whoever wrote the file was allowed to send the tokens there.
        transport.hosts = parse_base_url(origin, true).map_err(raised)?;
    }
    let client = Client::without_user(transport).map_err(raised)?;
    let file = token_file(path).map_err(raised)?;
    let client_secret = client_secret.map(Secret::new);
    Ok(login_operation("revoke", |_| {
        Box::pin(async move {
            client.revoke_file(file, client_secret, Some(REVOKE_TIMEOUT)).await.map(|()| Outcome::Nothing)
        })
    }))
}

/// What names the chain that a refresh token began.
#[pyfunction]
pub fn chain_hash(client_id: &str, refresh_token: &str) -> String {
    token_file::chain_hash(client_id, refresh_token)
}

/// Has tokens saved that could not be saved before, and waits so long until no refresh is under way in this process;
/// whether that is so. A signal's exception ends it.
#[pyfunction]
pub fn wait_for_refreshes(py: Python<'_>, seconds: f64) -> PyResult<bool> {
    let until = std::time::Instant::now() + Duration::try_from_secs_f64(seconds).unwrap_or_default();
    if let Some(save) = save_tokens_at_exit() {
        runtime::spawn(save)?;
    }
    loop {
        let left = until.saturating_duration_since(std::time::Instant::now());
        if py.detach(|| token_exchanges::wait_until_none(left.min(SIGNAL_INTERVAL))) {
            return Ok(true);
        }
        if left.is_zero() {
            return Ok(false);
        }
        py.check_signals()?;
    }
}

fn login_operation(name: &'static str, work: impl FnOnce(Arc<ChannelObserver>) -> Verb) -> Operation {
    Operation::new(name, None, work)
}

fn login_outcome(observer: &ChannelObserver, made: NewLogin) -> Outcome {
    if let Some(warning) = made.warning {
        observer.warn(warning);
    }
    Outcome::Login(Box::new(made.tokens))
}

fn token_file(path: PathBuf) -> Result<TokenFile> {
    TokenFile::new(&path).map_err(|error| file_error(&error, Some(&path)))
}
