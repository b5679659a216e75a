//! What a verb tells or asks, as an object for `xmedia._calls.callbacks`.

use std::sync::Mutex;

use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use tokio::sync::oneshot;

use crate::client::auth::oauth2::Secret;
use crate::client::error::Result;
use crate::python::call::channel::{Feed, Topic};
use crate::python::process::buffers;
use crate::python::process::fork::{generation, if_same_process};
use crate::python::results;
use crate::sync::lock;

/// A question of a verb to the calling side, as `xmedia._calls.callbacks` answers it.
#[pyclass(frozen, module = "xmedia._core")]
pub struct Question {
    /// `progress`, `warning`, `request`, `token`, `refreshed`, or the name of a method of the feed.
    #[pyo3(get)]
    topic: &'static str,
    /// What there is to say; the arguments, for a method.
    #[pyo3(get)]
    payload: Py<PyAny>,
    generation: u64,
    reply: Mutex<Option<oneshot::Sender<Result<()>>>>,
    token: Mutex<Option<oneshot::Sender<Secret>>>,
    bytes: Mutex<Option<oneshot::Sender<Bytes>>>,
}

impl Question {
    /// A question about this topic, whose reply goes there.
    pub fn new(py: Python<'_>, topic: Topic, reply: oneshot::Sender<Result<()>>) -> PyResult<Self> {
        let (mut token, mut bytes) = (None, None);
        let (topic, payload) = match topic {
            Topic::Progress(progress) => ("progress", results::progress(py, *progress)?),
            Topic::Warning(text) => ("warning", text.into_pyobject(py)?.into_any().unbind()),
            Topic::Request(report) => ("request", results::report(py, *report)?),
            Topic::Token(sender) => {
                token = Some(sender);
                ("token", py.None())
            }
            Topic::Refreshed => ("refreshed", py.None()),
            Topic::Feed(method, arguments, sender) => {
                bytes = Some(sender);
                (method, fed(py, &arguments)?)
            }
        };
        Ok(Question {
            topic,
            payload,
            generation: generation(),
            reply: Mutex::new(Some(reply)),
            token: Mutex::new(token),
            bytes: Mutex::new(bytes),
        })
    }

    /// Takes a sender to the verb's task out of its place.
    fn take<T>(&self, place: &Mutex<Option<T>>) -> Option<T> {
        lock(place).take().and_then(|sender| if_same_process(self.generation, sender))
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        drop((self.take(&self.reply), self.take(&self.token), self.take(&self.bytes)));
    }
}

#[pymethods]
impl Question {
    /// Gives the access token that was asked for.
    fn give_token(&self, token: String) {
        if let Some(sender) = self.take(&self.token) {
            let _ = sender.send(token.into());
        }
    }

    /// Gives the bytes that a method of the feed returned; they are sent in place.
    fn give_bytes(&self, value: &Bound<'_, PyBytes>) {
        if let Some(sender) = self.take(&self.bytes) {
            let _ = sender.send(buffers::borrow_bytes(value));
        }
    }

    /// Whether the verb does not wait for the answer any more: its time is up, say.
    fn abandoned(&self) -> bool {
        lock(&self.reply).as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    /// Lets the verb go on.
    fn answer(&self) {
        // Nothing more is to be expected: Python may keep this object for a while.
        drop(self.take(&self.bytes));
        if let Some(reply) = self.take(&self.reply) {
            // A verb that has ended in the meantime does not mind.
            let _ = reply.send(Ok(()));
        }
    }
}

/// The arguments of a call to the feed, as Python takes them.
fn fed(py: Python<'_>, arguments: &Feed) -> PyResult<Py<PyAny>> {
    let arguments = match arguments {
        Feed::Nothing => PyTuple::empty(py),
        Feed::Range(offset, len) => (*offset, *len).into_pyobject(py)?,
        Feed::Bytes(bytes) => (PyBytes::new(py, bytes),).into_pyobject(py)?,
    };
    Ok(arguments.into_any().unbind())
}
