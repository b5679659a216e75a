//! `xmedia._core.Client`: the client's options, and one [`Operation`] for each call of a verb.

use std::sync::Arc;
use std::time::Duration;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::client::config::Options;
use crate::client::model::{ApiVersion, Media};
use crate::client::protocol::{Init, MediaMetadata, Payload};
use crate::client::record::Recorder;
use crate::client::{Client as Core, Watch as CoreWatch};
use crate::python::auth::{AuthState, TokenDelivery, Tokens};
use crate::python::call::channel::Outcome;
use crate::python::call::hooks::ClientHooks;
use crate::python::call::observer::ChannelObserver;
use crate::python::call::operation::Operation;
use crate::python::call::task::Verb;
use crate::python::call::wait_many::WaitMany;
use crate::python::call::watch::Watch;
use crate::python::client_state::{ClientState, Connections};
use crate::python::convert::errors;
use crate::python::convert::options::GivenOptions;
use crate::python::convert::results;
use crate::python::convert::{args, client_options};
use crate::python::process::buffers;

/// How long closing waits for a refresh under way, whose tokens would be lost.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long closing waits until records are written.
const RECORD_TIMEOUT: Duration = Duration::from_secs(2);

/// A call of a verb of the core client that does something to media: `$client.$verb(&media, $argument…, timeout, hooks)`.
macro_rules! on_media {
    ($client:ident, $name:literal, $media_id:ident, $timeout:ident, $verb:ident($($argument:ident),*)) => {
        $client.media_operation($name, $media_id, $timeout, |core, media, timeout, observer| {
            Box::pin(async move {
                core.$verb(media, $($argument,)* timeout, observer.hooks()).await.map(Outcome::from)
            })
        })
    };
}

/// The core of `xmedia.Client`.
#[pyclass(frozen, weakref, module = "xmedia._core")]
pub struct Client {
    state: ClientState,
    /// The program's side: an `xmedia._calls.hooks.Hooks`.
    hooks: Py<PyAny>,
}

impl Client {
    fn core(&self, py: Python<'_>) -> PyResult<Arc<Core>> {
        self.state.core().map_err(|error| errors::raise(py, error))
    }

    /// A call of a verb that begins with a request. Its future is made in its box: moving it there takes longer than
    /// signing.
    fn operation(
        &self,
        py: Python<'_>,
        name: &'static str,
        verb: impl FnOnce(Arc<Core>, Arc<ChannelObserver>) -> Verb,
    ) -> PyResult<Operation> {
        let core = self.core(py)?;
        let transport = core.transport().clone();
        self.with_hooks(py, Operation::new(name, None, |observer| verb(core, observer)).queued_on(transport))
    }

    /// A call of a verb that does something to media.
    fn media_operation(
        &self,
        name: &'static str,
        media_id: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
        verb: impl FnOnce(Arc<Core>, Box<Media>, Option<Duration>, Arc<ChannelObserver>) -> Verb,
    ) -> PyResult<Operation> {
        let media = Box::new(args::media(media_id)?);
        let timeout = args::duration("timeout", timeout)?;
        let operation = self.operation(media_id.py(), name, |core, observer| verb(core, media, timeout, observer))?;
        operation.with_input(media_id)
    }

    /// The same call, with the program's side of this client.
    fn with_hooks(&self, py: Python<'_>, operation: Operation) -> PyResult<Operation> {
        Ok(operation.with_hooks(ClientHooks::new(py, &self.hooks, self.state.auth().clone())?))
    }
}

#[pymethods]
impl Client {
    /// Takes the checked credentials and the options as `xmedia.Client` was given them.
    #[new]
    #[pyo3(signature = (auth, api, *, hooks, **options))]
    fn new(
        py: Python<'_>,
        auth: &Bound<'_, PyAny>,
        api: &Bound<'_, PyAny>,
        hooks: Py<PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let given = GivenOptions::new(options);
        let auth = AuthState::new(auth)?;
        let mut options = Options::new(client_options::api_version(api, auth.credentials())?);
        client_options::set_client_options(&mut options, &given)?;
        let connections = Arc::new(Connections::new(client_options::transport_options(py, &given)?));
        given.refuse_others()?;
        let state = ClientState::new(connections, Arc::new(auth), options).map_err(|error| errors::raise(py, error))?;
        Ok(Client { state, hooks })
    }

    /// A client on the same connections; what is given replaces this client's.
    #[pyo3(signature = (*, api, hooks, **options))]
    fn with_options(
        &self,
        py: Python<'_>,
        api: &Bound<'_, PyAny>,
        hooks: Py<PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        self.core(py)?;
        let given = GivenOptions::new(options);
        let auth = match given.get("auth")? {
            Some(auth) => Arc::new(AuthState::new(&auth)?),
            None => self.state.auth().clone(),
        };
        let mut options = self.state.options().clone();
        options.api = client_options::api_version(api, auth.credentials())?;
        client_options::set_client_options(&mut options, &given)?;
        given.refuse_others()?;
        let state = ClientState::new(self.state.connections().clone(), auth, options);
        Ok(Client { state: state.map_err(|error| errors::raise(py, error))?, hooks })
    }

    /// Aborts what is in flight and refuses what comes after. The last client of its connections closes them.
    fn close(&self) {
        self.state.close();
    }

    #[getter]
    fn closed(&self) -> bool {
        self.state.closed()
    }

    #[getter]
    fn api(&self) -> &'static str {
        self.state.options().api.as_str()
    }

    #[getter]
    fn base_url(&self) -> &str {
        match self.state.options().api {
            ApiVersion::V1_1 => &self.state.connections().options().hosts.upload,
            ApiVersion::V2 => &self.state.connections().options().hosts.api,
        }
    }

    #[getter]
    fn rate_limits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let limits = PyDict::new(py);
        if let Some(account) = self.state.auth().account() {
            for (command, limit) in account.limits().all_known(self.state.options().api) {
                limits.set_item(command.as_str(), results::rate_limit_record(py, limit)?)?;
            }
        }
        Ok(limits)
    }

    /// What was counted so far.
    fn stats(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        results::stats(py, &self.state.stats())
    }

    /// The newest tokens, if there was a refresh.
    fn refreshed_tokens(&self) -> Option<Tokens> {
        self.state.auth().refreshed()
    }

    /// The chain in the token file, and how many refreshes it has seen, if there is a file.
    fn token_chain(&self) -> Option<(Vec<String>, u64)> {
        self.state.auth().chain()
    }

    /// The tokens that the program is to be given, which outlive this client.
    fn token_delivery(&self) -> TokenDelivery {
        TokenDelivery::of(self.state.auth().clone())
    }

    fn revoke(&self, timeout: &Bound<'_, PyAny>) -> PyResult<Operation> {
        let limit = args::duration("timeout", timeout)?;
        let (py, core) = (timeout.py(), self.core(timeout.py())?);
        let operation =
            Operation::new("revoke", None, |_| Box::pin(async move { core.revoke(limit).await.map(Outcome::from) }));
        self.with_hooks(py, operation)
    }

    /// A call that waits for a refresh under way, so that its tokens can be kept; None if all were kept.
    fn settle(&self, py: Python<'_>) -> PyResult<Option<Operation>> {
        let has_work = |core: &Arc<Core>| self.state.auth().unsettled() || !core.records_settled();
        let Some(core) = self.state.existing_core().filter(has_work) else { return Ok(None) };
        let operation = Operation::new("close", None, |_| {
            Box::pin(async move {
                core.refresh_settled(SETTLE_TIMEOUT).await;
                core.settle_records(RECORD_TIMEOUT).await;
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
            total_bytes: args::total_bytes("total_bytes", total_bytes)?,
            media_type: args::media_type("media_type", media_type)?,
            media_category: args::optional(args::media_category)("media_category", media_category)?,
            additional_owners: args::additional_owners("additional_owners", additional_owners)?,
            shared: args::flag("shared", shared)?,
        };
        let timeout = args::duration("timeout", timeout)?;
        self.operation(py, "initialize", |core, observer| {
            Box::pin(async move { core.initialize(init, timeout, observer.hooks()).await.map(Outcome::from) })
        })
    }

    fn append(
        &self,
        media_id: &Bound<'_, PyAny>,
        segment_index: &Bound<'_, PyAny>,
        data: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Operation> {
        let index = args::segment_index(segment_index, self.state.options().api)?;
        let (data, buffer) = buffers::borrow("data", data)?;
        let segment = Payload::Bytes(data);
        Ok(on_media!(self, "append", media_id, timeout, append(index, segment))?.reading_python_memory(Some(buffer)))
    }

    fn finalize(&self, media_id: &Bound<'_, PyAny>, timeout: &Bound<'_, PyAny>) -> PyResult<Operation> {
        on_media!(self, "finalize", media_id, timeout, finalize())
    }

    fn status(&self, media_id: &Bound<'_, PyAny>, timeout: &Bound<'_, PyAny>) -> PyResult<Operation> {
        on_media!(self, "status", media_id, timeout, status())
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
        let core = self.core(py)?;
        let transport = media.processing_info.is_none().then(|| core.transport().clone());
        let watch = Box::new(CoreWatch::new(media, timeout));
        let mut operation = Operation::new("wait", progress, |observer| {
            Box::pin(async move {
                core.wait_on(watch, &observer.hooks()).await.map(|media| Outcome::Media(Some(Box::new(media))))
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
        let core = self.core(source.py())?;
        self.with_hooks(source.py(), crate::python::upload::operation(core, source, callbacks, options, progress)?)
    }

    fn watch(&self, media_id: &Bound<'_, PyAny>, timeout: &Bound<'_, PyAny>) -> PyResult<Watch> {
        let media = args::media(media_id)?;
        let timeout = args::duration("timeout", timeout)?;
        self.core(media_id.py())?;
        Ok(Watch::new(media, timeout, media_id))
    }

    /// The next item of a watch.
    fn watch_next(&self, py: Python<'_>, watch: &Watch) -> PyResult<Operation> {
        let core = self.core(py)?;
        self.with_hooks(py, watch.next(core)?)?.with_input(watch.input(py))
    }

    /// Many waits, each with this timeout.
    fn wait_many(&self, timeout: &Bound<'_, PyAny>) -> PyResult<WaitMany> {
        let py = timeout.py();
        let timeout = args::duration("timeout", timeout)?;
        let core = self.core(py)?;
        WaitMany::new(py, |items| {
            let operation = Operation::new("wait_many", None, |observer| {
                Box::pin(async move {
                    let report = |waited| observer.send_partial(Outcome::Waited(waited));
                    core.wait_many(items, timeout, observer.hooks(), report).await.map(|()| Outcome::Nothing)
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
        let metadata = MediaMetadata::alt_text(args::alt_text("text", text)?);
        on_media!(self, "set_alt_text", media_id, timeout, set_metadata(metadata))
    }

    /// `metadata` is JSON.
    fn set_metadata(
        &self,
        media_id: &Bound<'_, PyAny>,
        alt_text: &Bound<'_, PyAny>,
        allow_download: &Bound<'_, PyAny>,
        sensitive: &Bound<'_, PyAny>,
        metadata: Option<&str>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Operation> {
        let metadata = args::media_metadata(alt_text, allow_download, sensitive, metadata)?;
        on_media!(self, "set_metadata", media_id, timeout, set_metadata(metadata))
    }

    fn set_subtitles(
        &self,
        media_id: &Bound<'_, PyAny>,
        subtitles: &Bound<'_, PyAny>,
        media_category: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Operation> {
        let subtitles = args::subtitles(subtitles)?;
        let category = args::video_category(media_category)?;
        on_media!(self, "set_subtitles", media_id, timeout, set_subtitles(category, subtitles))
    }

    fn delete_subtitles(
        &self,
        media_id: &Bound<'_, PyAny>,
        language_code: &Bound<'_, PyAny>,
        media_category: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> PyResult<Operation> {
        let language_code = args::language_code(language_code)?;
        let category = args::video_category(media_category)?;
        on_media!(self, "delete_subtitles", media_id, timeout, delete_subtitles(category, language_code))
    }

    /// The callbacks may lead back to the client.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.hooks)
    }
}

/// Waits until all that was recorded is in its file, so many seconds at most.
#[pyfunction]
pub fn settle_records(py: Python<'_>, seconds: f64) {
    let timeout = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    py.detach(|| Recorder::settle_all(timeout));
}
