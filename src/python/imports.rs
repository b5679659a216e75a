//! The Python objects that Rust needs: the only place that names modules of `xmedia` and of the standard library.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// An attribute of a Python module, imported when it is needed first.
pub struct LazyImport {
    module: &'static str,
    name: &'static str,
    object: PyOnceLock<Py<PyAny>>,
}

impl LazyImport {
    const fn new(module: &'static str, name: &'static str) -> Self {
        LazyImport { module, name, object: PyOnceLock::new() }
    }

    /// The object.
    pub fn get<'a, 'py>(&'a self, py: Python<'py>) -> PyResult<&'a Bound<'py, PyAny>> {
        self.object.import(py, self.module, self.name)
    }

    /// The class.
    pub fn class<'a, 'py>(&'a self, py: Python<'py>) -> PyResult<&'a Bound<'py, PyType>> {
        Ok(self.get(py)?.cast::<PyType>()?)
    }
}

/// `xmedia.OAuth1`.
pub static OAUTH1: LazyImport = LazyImport::new("xmedia._auth.oauth1", "OAuth1");
/// `xmedia.OAuth2`.
pub static OAUTH2: LazyImport = LazyImport::new("xmedia._auth.oauth2", "OAuth2");
/// Has the end of the process wait for refreshes.
pub static WATCH_PROCESS: LazyImport = LazyImport::new("xmedia._calls.at_exit", "watch_process");
/// Runs an operation with callbacks on this thread.
pub static RUN: LazyImport = LazyImport::new("xmedia._calls.callback_runner", "run");
/// Awaits an operation with callbacks.
pub static DRIVE: LazyImport = LazyImport::new("xmedia._calls.callbacks", "drive");
/// Warns of a verb that blocks a running event loop.
pub static WARN_OF_BLOCKED_LOOP: LazyImport = LazyImport::new("xmedia._calls.blocked_loop", "warn");
/// Runs one callback that needs no awaiting.
pub static RUN_CALLBACK: LazyImport = LazyImport::new("xmedia._calls.callbacks", "run_callback");
/// Builds every exception.
pub static ERROR_FROM_CORE: LazyImport = LazyImport::new("xmedia._calls.from_core", "error_from_core");
/// Builds `xmedia.Stats`.
pub static STATS_FROM_CORE: LazyImport = LazyImport::new("xmedia._calls.from_core", "stats_from_core");
/// Adds a trace to a `Media`.
pub static WITH_TRACE: LazyImport = LazyImport::new("xmedia._calls.from_core", "with_trace");
/// `xmedia.Retry`.
pub static RETRY: LazyImport = LazyImport::new("xmedia._client.options", "Retry");
/// `xmedia.Subtitle`.
pub static SUBTITLE: LazyImport = LazyImport::new("xmedia._client.options", "Subtitle");
/// Builds `xmedia.RateLimit`.
pub static RATE_LIMIT_OF: LazyImport = LazyImport::new("xmedia._types.lazy_fields", "rate_limit_of");
/// `xmedia.Media`.
pub static MEDIA: LazyImport = LazyImport::new("xmedia._types.media", "Media");
/// `xmedia.ImageInfo`.
pub static IMAGE_INFO: LazyImport = LazyImport::new("xmedia._types.models", "ImageInfo");
/// The processing states that X documents, by their text.
pub static KNOWN_STATES: LazyImport = LazyImport::new("xmedia._types.models", "KNOWN_STATES");
/// `xmedia.ProcessingFailure`.
pub static PROCESSING_FAILURE: LazyImport = LazyImport::new("xmedia._types.models", "ProcessingFailure");
/// `xmedia.ProcessingInfo`.
pub static PROCESSING_INFO: LazyImport = LazyImport::new("xmedia._types.models", "ProcessingInfo");
/// `xmedia.Progress`.
pub static PROGRESS: LazyImport = LazyImport::new("xmedia._types.models", "Progress");
/// `xmedia.VideoInfo`.
pub static VIDEO_INFO: LazyImport = LazyImport::new("xmedia._types.models", "VideoInfo");

/// The running event loop of this thread.
pub static GET_RUNNING_LOOP: LazyImport = LazyImport::new("asyncio", "get_running_loop");
/// Has a callable called when the interpreter exits.
pub static AT_EXIT: LazyImport = LazyImport::new("atexit", "register");
/// The view of any object with the buffer protocol.
pub static MEMORYVIEW: LazyImport = LazyImport::new("builtins", "memoryview");
/// The type of a slot's descriptor.
pub static MEMBER_DESCRIPTOR: LazyImport = LazyImport::new("types", "MemberDescriptorType");
/// A dictionary that does not keep its keys alive.
pub static WEAK_KEY_DICTIONARY: LazyImport = LazyImport::new("weakref", "WeakKeyDictionary");
