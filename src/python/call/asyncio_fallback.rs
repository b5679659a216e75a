//! The bridge for event loops that cannot watch a descriptor (Windows' proactor): pyo3-async-runtimes, on our runtime.
//!
//! It takes the GIL on worker threads, which the other bridge avoids; it is used only where there is no choice, and only
//! until the interpreter exits: every step that may take the GIL goes through a [`ShutdownGuard`].

use std::future::{Future, pending, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3_async_runtimes::TaskLocals;
use pyo3_async_runtimes::generic::{self, ContextExt, JoinError, Runtime};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::python::call::channel::{Channel, Wake};
use crate::python::process::runtime;
use crate::python::process::shutdown::ShutdownGuard;

/// An awaitable of this loop that brings the next event of a call: what `next` returns, once it returns something.
/// `on_done` is called with the future when that is done.
pub fn next<'py>(
    event_loop: Bound<'py, PyAny>,
    on_done: Bound<'py, PyAny>,
    channel: Arc<Channel>,
    next: impl Fn(Python<'_>) -> Option<PyResult<Py<PyAny>>> + Send + 'static,
) -> PyResult<Bound<'py, PyAny>> {
    let py = event_loop.py();
    if ShutdownGuard::registered(py)?.try_enter().is_none() {
        return Err(PyRuntimeError::new_err("the interpreter is exiting"));
    }
    let event_loop = event_loop.unbind();
    let awaitable = generic::future_into_py::<OurRuntime, _, Py<PyAny>>(py, async move {
        let arrived = Arc::new(Arrived(Notify::new()));
        if channel.set_waker(arrived.clone(), 0) {
            arrived.wake(0);
        }
        loop {
            arrived.0.notified().await;
            let outcome = Python::attach(|py| {
                let is_closed = event_loop.call_method0(py, pyo3::intern!(py, "is_closed"))?.is_truthy(py)?;
                Ok::<_, PyErr>(if is_closed { None } else { Some(next(py)) })
            });
            match outcome? {
                Some(Some(outcome)) => return outcome,
                Some(None) => {}
                // A closed loop takes no result; the attempt would print a traceback.
                None => pending().await,
            }
        }
    })?;
    awaitable.call_method1("add_done_callback", (on_done,))?;
    Ok(awaitable)
}

/// Wakes the task that waits for the next event.
struct Arrived(Notify);

impl Wake for Arrived {
    fn wake(&self, _: u64) {
        self.0.notify_one();
    }
}

/// Our runtime as pyo3-async-runtimes wants it.
struct OurRuntime;

/// A task; none if there is no runtime to run it.
struct Task(Option<JoinHandle<()>>);

/// Why a task did not end.
struct TaskError(Option<tokio::task::JoinError>);

impl JoinError for TaskError {
    fn is_panic(&self) -> bool {
        self.0.as_ref().is_some_and(tokio::task::JoinError::is_panic)
    }

    fn into_panic(self) -> Box<dyn std::any::Any + Send + 'static> {
        match self.0 {
            Some(error) if error.is_panic() => error.into_panic(),
            _ => Box::new("the task did not run"),
        }
    }
}

impl Future for Task {
    type Output = Result<(), TaskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Some(handle) => Pin::new(handle).poll(context).map_err(|error| TaskError(Some(error))),
            None => Poll::Ready(Err(TaskError(None))),
        }
    }
}

impl Runtime for OurRuntime {
    type JoinError = TaskError;
    type JoinHandle = Task;

    fn spawn<F>(future: F) -> Task
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let guard = ShutdownGuard::current();
        let mut future = Box::pin(future);
        let guarded = poll_fn(move |context| match guard.try_enter() {
            Some(_permit) => future.as_mut().poll(context),
            None => Poll::Pending,
        });
        Task(runtime::spawn(guarded).ok())
    }

    fn spawn_blocking<F>(work: F) -> Task
    where
        F: FnOnce() + Send + 'static,
    {
        let guard = ShutdownGuard::current();
        let guarded = move || match guard.try_enter() {
            Some(_permit) => work(),
            // It holds Python objects, which must not be released any more.
            None => mem::forget(work),
        };
        Task(runtime::spawn(async move { tokio::task::spawn_blocking(guarded).await.unwrap_or(()) }).ok())
    }
}

impl ContextExt for OurRuntime {
    fn scope<F, R>(_: TaskLocals, future: F) -> Pin<Box<dyn Future<Output = R> + Send>>
    where
        F: Future<Output = R> + Send + 'static,
    {
        Box::pin(future)
    }

    fn get_task_locals() -> Option<TaskLocals> {
        None
    }
}
