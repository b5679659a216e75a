//! `xmedia._core.Client`: the client's options, and one [`Operation`] for each call of a verb.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use pyo3::exceptions::{PyOSError, PyTypeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tokio::sync::Mutex as AsyncMutex;

use crate::client::auth::Credentials;
use crate::client::config::{Options, Proxy, Retry, TransportOptions, parse_base_url};
use crate::client::error::{Error, Result};
use crate::client::model::ApiVersion;
use crate::client::protocol::{Init, Payload};
use crate::client::stats::Counters;
use crate::client::{Client as Core, Transport, Watch as CoreWatch};
use crate::python::args;
use crate::python::auth::{AuthState, TokenDelivery, Tokens};
use crate::python::call::channel::Outcome;
use crate::python::call::hooks::ClientHooks;
use crate::python::call::observer::ChannelObserver;
use crate::python::call::operation::Operation;
use crate::python::call::task::Verb;
use crate::python::call::wait_many::WaitMany;
use crate::python::process::buffers;
use crate::python::process::fork::{PerProcess, ensure_same_process, generation};
use crate::python::results;
use crate::python::{errors, imports};

/// How long closing waits for a refresh under way, whose tokens would be lost.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(10);

/// Clients that share connections.
struct Family {
    options: Arc<TransportOptions>,
    transport: PerProcess<Transport>,
    members: AtomicUsize,
}

/// The core of `xmedia.Client`. It holds what never changes; the rest is made anew in a forked child.
#[pyclass(frozen, weakref, module = "xmedia._core")]
pub struct Client {
    family: Arc<Family>,
    auth: Arc<AuthState>,
    options: Arc<Options>,
    closed: AtomicBool,
    core: PerProcess<Core>,
    counters: PerProcess<Arc<Counters>>,
    /// The program's side: an `xmedia._calls.hooks.Hooks`.
    hooks: Py<PyAny>,
}

impl Client {
    fn core(&self) -> Result<Arc<Core>> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::closed());
        }
        self.core.get_or_make(|| {
            let transport =
                self.family.transport.get_or_make(|| Ok::<_, Error>(Transport::new(self.family.options.clone())))?;
            let core = Core::new(transport, self.auth.make_account()?, self.options.clone())?;
            self.counters.get_or_make(|| Ok::<_, Error>(core.stats().clone()))?;
            if self.auth.can_refresh() {
                watch_end_of_process();
            }
            Ok(core)
        })
    }

    fn new_core(family: Arc<Family>, auth: Arc<AuthState>, options: Options, hooks: Py<PyAny>) -> Result<Self> {
        options.retry.iter().try_for_each(Retry::validate)?;
        family.members.fetch_add(1, Ordering::AcqRel);
        let client = Client {
            family,
            auth,
            options: Arc::new(options),
            closed: AtomicBool::new(false),
            core: PerProcess::default(),
            counters: PerProcess::default(),
            hooks,
        };
        client.core()?;
        Ok(client)
    }

    /// A call of a verb. Its future is made in its box: moving it there takes longer than signing.
    fn operation(
        &self,
        py: Python<'_>,
        name: &'static str,
        verb: impl FnOnce(Arc<Core>, Arc<ChannelObserver>) -> Verb,
    ) -> PyResult<Operation> {
        let core = self.core().map_err(|error| errors::raise(py, error))?;
        let transport = core.transport().clone();
        self.with_hooks(py, Operation::new(name, None, |observer| verb(core, observer)).queued_on(transport))
    }

    /// The same call, which tells and asks what this client's program wants to hear and to be asked.
    fn with_hooks(&self, py: Python<'_>, operation: Operation) -> PyResult<Operation> {
        Ok(operation.with_hooks(ClientHooks::new(py, &self.hooks, self.auth.clone())?))
    }
}

#[pymethods]
impl Client {
    /// Takes the checked credentials and the options as `xmedia.Client` was given them.
    #[new]
    #[pyo3(signature = (auth, api, *, base_url, request_timeout, connect_timeout, retry, max_connections, proxy, ca_file, user_agent, allow_insecure_http, hooks))]
    #[expect(clippy::too_many_arguments, reason = "they are the options of xmedia.Client")]
    fn new(
        py: Python<'_>,
        auth: &Bound<'_, PyAny>,
        api: &Bound<'_, PyAny>,
        base_url: &Bound<'_, PyAny>,
        request_timeout: &Bound<'_, PyAny>,
        connect_timeout: &Bound<'_, PyAny>,
        retry: &Bound<'_, PyAny>,
        max_connections: &Bound<'_, PyAny>,
        proxy: &Bound<'_, PyAny>,
        ca_file: &Bound<'_, PyAny>,
        user_agent: &Bound<'_, PyAny>,
        allow_insecure_http: &Bound<'_, PyAny>,
        hooks: Py<PyAny>,
    ) -> PyResult<Self> {
        let refused = |error| errors::raise(py, error);
        let auth = AuthState::new(auth)?;
        let options = Options {
            api: api_version(api, auth.credentials())?,
            request_timeout: args::duration("request_timeout", request_timeout)?,
            retry: retry_policy(retry)?,
        };
        let mut transport = TransportOptions {
            connect_timeout: args::duration("connect_timeout", connect_timeout)?,
            max_connections: usize::try_from(args::count("max_connections", max_connections, 1_000_000)?)
                .unwrap_or(usize::MAX),
            proxy: proxy_choice(proxy)?,
            ca_pem: pem(ca_file)?,
            ..TransportOptions::default()
        };
        let allow_insecure_http = args::flag("allow_insecure_http", allow_insecure_http)?;
        if !base_url.is_none() {
            let base_url = args::text("base_url", base_url)?;
            transport.hosts = parse_base_url(&base_url, allow_insecure_http).map_err(refused)?;
        }
        if !user_agent.is_none() {
            transport.user_agent = args::text("user_agent", user_agent)?;
        }
        transport.validate().map_err(refused)?;
        let family =
            Family { options: Arc::new(transport), transport: PerProcess::default(), members: AtomicUsize::new(0) };
        Client::new_core(Arc::new(family), Arc::new(auth), options, hooks).map_err(refused)
    }

    /// A client on the same connections; what is given replaces this client's.
    #[pyo3(signature = (**changes))]
    fn with_options(&self, py: Python<'_>, changes: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        self.core().map_err(|error| errors::raise(py, error))?;
        let change = |name: &str| changes.map_or(Ok(None), |changes| changes.get_item(name));
        let auth = match change("auth")? {
            Some(auth) => Arc::new(AuthState::new(&auth)?),
            None => self.auth.clone(),
        };
        let mut options = Options::clone(&self.options);
        if let Some(api) = change("api")? {
            options.api = api_version(&api, auth.credentials())?;
        }
        if let Some(request_timeout) = change("request_timeout")? {
            options.request_timeout = args::duration("request_timeout", &request_timeout)?;
        }
        if let Some(retry) = change("retry")? {
            options.retry = retry_policy(&retry)?;
        }
        let hooks = change("hooks")?.map_or_else(|| self.hooks.clone_ref(py), Bound::unbind);
        Client::new_core(self.family.clone(), auth, options, hooks).map_err(|error| errors::raise(py, error))
    }

    /// Aborts what is in flight and refuses what comes after. The last client of its connections closes them.
    fn close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(core) = self.core.take() {
            core.close();
        }
        if self.family.members.fetch_sub(1, Ordering::AcqRel) == 1 {
            drop(self.family.transport.take());
        }
    }

    #[getter]
    fn closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    #[getter]
    fn api(&self) -> &'static str {
        self.options.api.as_str()
    }

    #[getter]
    fn base_url(&self) -> &str {
        match self.options.api {
            ApiVersion::V1_1 => &self.family.options.hosts.upload,
            ApiVersion::V2 => &self.family.options.hosts.api,
        }
    }

    #[getter]
    fn rate_limits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let limits = PyDict::new(py);
        if let Some(account) = self.auth.account() {
            for (command, limit) in account.limits().all_known(self.options.api) {
                limits.set_item(command.as_str(), results::rate_limit_record(py, limit)?)?;
            }
        }
        Ok(limits)
    }

    /// What was counted so far.
    fn stats(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        results::stats(py, &self.counters.get().map(|counters| counters.now()).unwrap_or_default())
    }

    /// The newest tokens, if there was a refresh.
    fn refreshed_tokens(&self) -> Option<Tokens> {
        self.auth.refreshed()
    }

    /// The chain in the token file, and how many refreshes it has seen, if there is a file.
    fn token_chain(&self) -> Option<(Vec<String>, u64)> {
        self.auth.chain()
    }

    /// The tokens that the program is to be given, which outlive this client.
    fn token_delivery(&self) -> TokenDelivery {
        TokenDelivery::of(self.auth.clone())
    }

    fn revoke(&self, timeout: &Bound<'_, PyAny>) -> PyResult<Operation> {
        let limit = args::duration("timeout", timeout)?;
        self.operation(timeout.py(), "revoke", |core, _| {
            Box::pin(async move { core.revoke(limit).await.map(Outcome::from) })
        })
    }

    /// A call that waits for a refresh under way, so that its tokens can be kept; None if all were kept.
    fn settle(&self, py: Python<'_>) -> PyResult<Option<Operation>> {
        let Some(core) = self.core.get().filter(|_| self.auth.unsettled()) else { return Ok(None) };
        let operation = Operation::new("close", None, |_| {
            Box::pin(async move {
                core.refresh_settled(SETTLE_TIMEOUT).await;
                Ok(Outcome::Nothing)
            })
        });
        self.with_hooks(py, operation).map(Some)
    }

    #[expect(clippy::too_many_arguments, reason = "they are the parameters of INIT")]
    fn initialize(
        &self,
        py: Python<'_>,
        total_bytes: &Bound<'_, PyAny>,
        media_type: &Bound<'_, PyAny>,
        media_category: &Bound<'_, PyAny>,
        additional_owners: &Bound<'_, PyAny>,
        shared: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Operation> {
        let init = Init {
            total_bytes: args::total_bytes(total_bytes)?,
            media_type: args::media_type(media_type)?,
            media_category: args::media_category(media_category)?,
            additional_owners: args::additional_owners(additional_owners)?,
            shared: args::flag("shared", shared)?,
        };
        let timeout = args::duration("timeout", timeout)?;
        self.operation(py, "initialize", |core, observer| {
            Box::pin(async move { core.initialize(init, timeout, observer.hooks()).await.map(Outcome::from) })
        })
    }

    fn append(
        &self,
        py: Python<'_>,
        media_id: &Bound<'_, PyAny>,
        segment_index: &Bound<'_, PyAny>,
        data: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Operation> {
        let upload = args::media(media_id)?;
        let segment_index = args::segment_index(segment_index, self.options.api)?;
        let timeout = args::duration("timeout", timeout)?;
        let media = Payload::Bytes(buffers::borrow("data", data)?);
        let operation = self.operation(py, "append", |core, observer| {
            Box::pin(async move {
                core.append(&upload, segment_index, media, timeout, observer.hooks()).await.map(Outcome::from)
            })
        })?;
        operation.reading_python_memory().with_input(media_id)
    }

    fn finalize(&self, media_id: &Bound<'_, PyAny>, timeout: &Bound<'_, PyAny>) -> PyResult<Operation> {
        let upload = args::media(media_id)?;
        let timeout = args::duration("timeout", timeout)?;
        let operation = self.operation(media_id.py(), "finalize", |core, observer| {
            Box::pin(async move { core.finalize(&upload, timeout, observer.hooks()).await.map(Outcome::from) })
        })?;
        operation.with_input(media_id)
    }

    fn status(&self, media_id: &Bound<'_, PyAny>, timeout: &Bound<'_, PyAny>) -> PyResult<Operation> {
        let upload = args::media(media_id)?;
        let timeout = args::duration("timeout", timeout)?;
        let operation = self.operation(media_id.py(), "status", |core, observer| {
            Box::pin(async move { core.status(&upload, timeout, observer.hooks()).await.map(Outcome::from) })
        })?;
        operation.with_input(media_id)
    }

    fn wait(
        &self,
        media_id: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
        progress: &Bound<'_, PyAny>,
    ) -> PyResult<Operation> {
        let py = media_id.py();
        let media = args::media(media_id)?;
        let timeout = args::duration("timeout", timeout)?;
        let progress = args::callable("progress", progress)?;
        let core = self.core().map_err(|error| errors::raise(py, error))?;
        let transport = media.processing_info.is_none().then(|| core.transport().clone());
        let mut operation = Operation::new("wait", progress, |observer| {
            Box::pin(async move {
                core.wait(media, timeout, observer.hooks()).await.map(|media| Outcome::Media(Some(Box::new(media))))
            })
        });
        // Without an answer to wait after, it begins with a STATUS.
        if let Some(transport) = transport {
            operation = operation.queued_on(transport);
        }
        self.with_hooks(py, operation)?.with_input(media_id)
    }

    fn upload(
        &self,
        source: &Bound<'_, PyAny>,
        callbacks: &Bound<'_, PyAny>,
        options: &Bound<'_, PyDict>,
        progress: &Bound<'_, PyAny>,
    ) -> PyResult<Operation> {
        let core = self.core().map_err(|error| errors::raise(source.py(), error))?;
        self.with_hooks(source.py(), crate::python::upload::operation(core, source, callbacks, options, progress)?)
    }

    fn watch(&self, media_id: &Bound<'_, PyAny>, timeout: &Bound<'_, PyAny>) -> PyResult<Watch> {
        let media = args::media(media_id)?;
        let timeout = args::duration("timeout", timeout)?;
        self.core().map_err(|error| errors::raise(media_id.py(), error))?;
        let state = Arc::new(AsyncMutex::new(CoreWatch::new(media, timeout)));
        Ok(Watch { state, generation: generation(), given: media_id.clone().unbind() })
    }

    /// The next item of a watch.
    fn watch_next(&self, py: Python<'_>, watch: &Watch) -> PyResult<Operation> {
        let core = self.core().map_err(|error| errors::raise(py, error))?;
        let state = watch.state.clone();
        // Between two items it can go on in a forked child; a step of the parent's has it locked for ever.
        if state.try_lock().is_err() {
            ensure_same_process(watch.generation, "watch")?;
        }
        let operation = Operation::new("watch", None, |observer| {
            Box::pin(async move {
                let mut state = state.lock().await;
                let media = core.watch_next(&mut state, observer.hooks()).await?;
                Ok(Outcome::Media(media.map(Box::new)))
            })
        });
        self.with_hooks(py, operation)?.with_input(watch.given.bind(py))
    }

    /// Many waits, each with this timeout.
    fn wait_many(&self, timeout: &Bound<'_, PyAny>) -> PyResult<WaitMany> {
        let py = timeout.py();
        let timeout = args::duration("timeout", timeout)?;
        let core = self.core().map_err(|error| errors::raise(py, error))?;
        WaitMany::new(py, |items| {
            let operation = Operation::new("wait_many", None, |observer| {
                Box::pin(async move {
                    let tell = |waited| observer.send_partial(Outcome::Waited(waited));
                    core.wait_many(items, timeout, observer.hooks(), tell).await.map(|()| Outcome::Nothing)
                })
            });
            self.with_hooks(py, operation)
        })
    }

    fn set_alt_text(
        &self,
        media_id: &Bound<'_, PyAny>,
        text: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Operation> {
        let media = args::media(media_id)?;
        let text = args::alt_text("text", text)?;
        let timeout = args::duration("timeout", timeout)?;
        let operation = self.operation(media_id.py(), "set_alt_text", |core, observer| {
            Box::pin(async move { core.set_alt_text(&media, text, timeout, observer.hooks()).await.map(Outcome::from) })
        })?;
        operation.with_input(media_id)
    }

    fn set_subtitles(
        &self,
        media_id: &Bound<'_, PyAny>,
        subtitles: &Bound<'_, PyAny>,
        media_category: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Operation> {
        let video = args::media(media_id)?;
        let subtitles = args::subtitles(subtitles)?;
        let media_category = args::video_category(media_category)?;
        let timeout = args::duration("timeout", timeout)?;
        let operation = self.operation(media_id.py(), "set_subtitles", |core, observer| {
            Box::pin(async move {
                core.set_subtitles(&video, media_category, subtitles, timeout, observer.hooks())
                    .await
                    .map(Outcome::from)
            })
        })?;
        operation.with_input(media_id)
    }

    fn delete_subtitles(
        &self,
        media_id: &Bound<'_, PyAny>,
        language_code: &Bound<'_, PyAny>,
        media_category: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Operation> {
        let video = args::media(media_id)?;
        let language_code = args::language_code(language_code)?;
        let media_category = args::video_category(media_category)?;
        let timeout = args::duration("timeout", timeout)?;
        let operation = self.operation(media_id.py(), "delete_subtitles", |core, observer| {
            Box::pin(async move {
                core.delete_subtitles(&video, media_category, language_code, timeout, observer.hooks())
                    .await
                    .map(Outcome::from)
            })
        })?;
        operation.with_input(media_id)
    }

    /// The callbacks may lead back to the client.
    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.hooks)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // In a forked child the parent's connections are left alone; `PerProcess` sees to that.
        if !*self.closed.get_mut() {
            self.family.members.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// A wait under way, between two items.
#[pyclass(frozen, module = "xmedia._core")]
pub struct Watch {
    state: Arc<AsyncMutex<CoreWatch>>,
    generation: u64,
    /// What was watched, an id or a `Media`.
    given: Py<PyAny>,
}

/// Has the end of this process wait for refreshes. Where that fails, as while the interpreter exits, it does not.
fn watch_end_of_process() {
    Python::attach(|py| {
        let watched = py.import("xmedia._calls.at_exit").and_then(|module| module.call_method0("watch_process"));
        if let Err(error) = watched {
            error.write_unraisable(py, None);
        }
    });
}

fn api_version(api: &Bound<'_, PyAny>, credentials: &Credentials) -> PyResult<ApiVersion> {
    if api.is_none() {
        return Ok(match credentials {
            Credentials::OAuth1(_) => ApiVersion::V1_1,
            Credentials::OAuth2(_) => ApiVersion::V2,
        });
    }
    match args::text("api", api)?.as_str() {
        "1.1" => Ok(ApiVersion::V1_1),
        "2" => Ok(ApiVersion::V2),
        _ => Err(errors::invalid_input(api.py(), "api: \"1.1\" or \"2\" is needed")),
    }
}

fn retry_policy(retry: &Bound<'_, PyAny>) -> PyResult<Option<Retry>> {
    if retry.is_none() {
        return Ok(None);
    }
    let class = imports::RETRY.get(retry.py())?;
    if !retry.is_instance(class)? {
        let type_name = retry.get_type().name()?;
        return Err(PyTypeError::new_err(format!("retry must be a Retry or None, not {type_name}")));
    }
    let delay = |name: &str| -> PyResult<Duration> {
        Ok(args::duration(name, &retry.getattr(name)?)?.unwrap_or(Duration::MAX))
    };
    let attempts = args::count("attempts", &retry.getattr("attempts")?, u64::from(u32::MAX))?;
    Ok(Some(Retry {
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        base_delay: delay("base_delay")?,
        max_delay: delay("max_delay")?,
    }))
}

pub(super) fn proxy_choice(proxy: &Bound<'_, PyAny>) -> PyResult<Proxy> {
    if proxy.is_none() {
        return Ok(Proxy::Environment);
    }
    if let Ok(on) = args::flag("proxy", proxy) {
        let message = "proxy: False is none, None is the environment's, text is an address; True says nothing";
        return if on { Err(errors::invalid_input(proxy.py(), message)) } else { Ok(Proxy::Off) };
    }
    args::text("proxy", proxy).map(Proxy::Url)
}

pub(super) fn pem(ca_file: &Bound<'_, PyAny>) -> PyResult<Option<Bytes>> {
    if ca_file.is_none() {
        return Ok(None);
    }
    let Ok(path) = ca_file.extract::<PathBuf>() else {
        let type_name = ca_file.get_type().name()?;
        return Err(PyTypeError::new_err(format!("ca_file must be a str or a path, not {type_name}")));
    };
    match std::fs::read(&path) {
        Ok(pem) if pem.windows(27).any(|text| text == b"-----BEGIN CERTIFICATE-----") => Ok(Some(pem.into())),
        Ok(_) => {
            Err(errors::invalid_input(ca_file.py(), format!("ca_file: {} holds no certificate in PEM", path.display())))
        }
        Err(error) => {
            // In the words, and with the kind of name, that Python itself would use.
            let text = error.to_string();
            let strerror = text.split(" (os error").next().unwrap_or_default().to_owned();
            Err(PyOSError::new_err((error.raw_os_error(), strerror, path.into_os_string())))
        }
    }
}
