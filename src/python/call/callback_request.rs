//! A callback that a verb has run, as an object for `xmedia._calls.callbacks`.

use std::sync::Mutex;

use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use tokio::sync::oneshot;

use crate::client::auth::oauth2::Secret;
use crate::client::error::{Error, Kind, Result};
use crate::python::call::channel::{CallbackKind, MethodArguments};
use crate::python::convert::results;
use crate::python::process::buffers;
use crate::sync::lock;
use crate::system::fork::{generation, if_same_process};

/// A callback that a verb has run, and where its result goes.
#[pyclass(frozen, module = "xmedia._core")]
pub struct CallbackRequest {
    /// `progress`, `warning`, `log`, `media_warning`, `request`, `token`, `refreshed`, `ended`, or the name of a method of the
    /// operation's callbacks.
    #[pyo3(get)]
    kind: &'static str,
    /// The argument of the callback; the arguments, for a method.
    #[pyo3(get)]
    payload: Py<PyAny>,
    /// Its exception does not end the verb.
    #[pyo3(get)]
    may_fail: bool,
    generation: u64,
    done: Mutex<Option<oneshot::Sender<Result<()>>>>,
    token: Mutex<Option<oneshot::Sender<Secret>>>,
    bytes: Mutex<Option<oneshot::Sender<Bytes>>>,
}

impl CallbackRequest {
    /// A request for a callback of this kind, whose completion is sent there.
    pub fn new(py: Python<'_>, kind: CallbackKind, done: oneshot::Sender<Result<()>>) -> PyResult<Self> {
        let (mut token, mut bytes, mut tolerated) = (None, None, false);
        let (kind, payload) = match kind {
            CallbackKind::Progress(progress) => ("progress", results::progress(py, *progress)?),
            CallbackKind::Warning(text) => ("warning", text.into_pyobject(py)?.into_any().unbind()),
            CallbackKind::Log(text) => ("log", text.into_pyobject(py)?.into_any().unbind()),
            CallbackKind::MediaWarning(text) => ("media_warning", text.into_pyobject(py)?.into_any().unbind()),
            CallbackKind::Request(report) => ("request", results::report(py, *report)?),
            CallbackKind::Token(sender) => {
                token = Some(sender);
                ("token", py.None())
            }
            CallbackKind::Refreshed => ("refreshed", py.None()),
            CallbackKind::Ended => ("ended", py.None()),
            CallbackKind::Method { name, arguments, bytes: sender, may_fail } => {
                (bytes, tolerated) = (Some(sender), may_fail);
                (name, method_arguments(py, &arguments)?)
            }
        };
        Ok(CallbackRequest {
            kind,
            payload,
            may_fail: tolerated,
            generation: generation(),
            done: Mutex::new(Some(done)),
            token: Mutex::new(token),
            bytes: Mutex::new(bytes),
        })
    }

    /// Takes a sender to the verb's task, unless that task is the parent's.
    fn take<T>(&self, sender: &Mutex<Option<T>>) -> Option<T> {
        lock(sender).take().and_then(|sender| if_same_process(self.generation, sender))
    }
}

impl Drop for CallbackRequest {
    fn drop(&mut self) {
        drop((self.take(&self.done), self.take(&self.token), self.take(&self.bytes)));
    }
}

#[pymethods]
impl CallbackRequest {
    /// Sends the access token that was asked for.
    fn give_token(&self, token: String) {
        if let Some(sender) = self.take(&self.token) {
            let _ = sender.send(token.into());
        }
    }

    /// Sends the bytes that a method returned, in place.
    fn give_bytes(&self, value: &Bound<'_, PyBytes>) {
        if let Some(sender) = self.take(&self.bytes) {
            let _ = sender.send(buffers::borrow_bytes(value));
        }
    }

    /// Whether the verb does not wait for the callback any more, because its time is up for instance.
    fn abandoned(&self) -> bool {
        lock(&self.done).as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    /// Lets the verb go on, with the reason why the callback failed.
    fn fail(&self, reason: String) {
        drop(self.take(&self.bytes));
        if let Some(done) = self.take(&self.done) {
            let _ = done.send(Err(Error::new(Kind::Callback, reason)));
        }
    }

    /// Lets the verb go on.
    fn complete(&self) {
        // No bytes will follow, although Python may keep this object for a while.
        drop(self.take(&self.bytes));
        if let Some(done) = self.take(&self.done) {
            // Sending fails only if the operation has already ended.
            let _ = done.send(Ok(()));
        }
    }
}

/// The arguments of a method, as Python takes them.
fn method_arguments(py: Python<'_>, arguments: &MethodArguments) -> PyResult<Py<PyAny>> {
    let arguments = match arguments {
        MethodArguments::None => PyTuple::empty(py),
        MethodArguments::Range(offset, len) => (*offset, *len).into_pyobject(py)?,
        MethodArguments::Bytes(bytes) => (PyBytes::new(py, bytes),).into_pyobject(py)?,
    };
    Ok(arguments.into_any().unbind())
}
