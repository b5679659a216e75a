//! One call of a verb, as Python has it: waited for by a thread or by an event loop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use tokio::sync::oneshot;

use crate::client::Transport;
use crate::client::observer::EventFilter;
use crate::python::auth::LoginTokens;
use crate::python::auth::Tokens;
use crate::python::call::asyncio::{self, Bridge};
use crate::python::call::asyncio_fallback;
use crate::python::call::callback_request::CallbackRequest;
use crate::python::call::channel::{CallbackKind, Event, Outcome, Wake};
use crate::python::call::hooks::ClientHooks;
use crate::python::call::inputs::Input;
use crate::python::call::observer::ChannelObserver;
use crate::python::call::task::{Task, Verb};
use crate::python::convert::{errors, results};
use crate::python::imports;
use crate::python::process::blocked_loop;
use crate::python::process::buffers::{self, BufferUse};
use crate::python::process::unwind;
use crate::sync::lock;

/// One call of a verb. It is started by the first wait; it is over when one has returned or raised.
#[pyclass(frozen, module = "xmedia._core")]
pub struct Operation {
    task: Task,
    hooks: Option<ClientHooks>,
    /// A coroutine takes all events, in its own context; otherwise the loop runs notifications where it is.
    driven: AtomicBool,
    /// The progress callable.
    #[pyo3(get)]
    progress: Option<Py<PyAny>>,
    /// The object whose methods the verb has called: what reads a source, what keeps a checkpoint.
    #[pyo3(get)]
    callbacks: Option<Py<PyAny>>,
    input: Input,
    /// Its callbacks belong into the caller's context, where warnings are filtered.
    in_callers_context: bool,
    /// The verb reads memory of Python's, which is released when it has ended: pieces, and perhaps one buffer.
    reads_python_memory: bool,
    buffer: Option<BufferUse>,
    /// The loop's bridge and the key there, while a future waits.
    waiting: Mutex<Option<(Py<Bridge>, u64)>>,
}

impl Operation {
    /// A call that is not started yet. The verb is made with the observer that it reports to.
    pub fn new(
        name: &'static str,
        progress: Option<Py<PyAny>>,
        verb: impl FnOnce(Arc<ChannelObserver>) -> Verb,
    ) -> Self {
        Operation {
            task: Task::new(name, progress.is_some(), verb),
            hooks: None,
            driven: AtomicBool::new(false),
            progress,
            callbacks: None,
            input: Input::None,
            in_callers_context: false,
            reads_python_memory: false,
            buffer: None,
            waiting: Mutex::default(),
        }
    }

    /// The same call, with the program's side of its client.
    pub fn with_hooks(mut self, hooks: ClientHooks) -> Self {
        self.hooks = Some(hooks);
        self
    }

    /// The same call about this `Media`; anything else counts as none.
    pub fn with_input(mut self, value: &Bound<'_, PyAny>) -> PyResult<Self> {
        self.input = Input::of(value)?;
        Ok(self)
    }

    /// The same call about these.
    pub fn with_inputs(mut self, inputs: Input) -> Self {
        self.input = inputs;
        self
    }

    /// The same call, whose verb reads memory that `buffers` borrowed.
    pub fn reading_python_memory(mut self, buffer: Option<BufferUse>) -> Self {
        self.reads_python_memory = true;
        self.buffer = buffer;
        self
    }

    /// The same call, whose callbacks are run in the caller's context.
    pub fn in_callers_context(mut self) -> Self {
        self.in_callers_context = true;
        self
    }

    /// Releases what the verb read, now that it has ended.
    fn release_memory(&self, py: Python<'_>) {
        match &self.buffer {
            Some(buffer) => buffer.release(py),
            None if self.reads_python_memory => buffers::release_pending(py),
            None => {}
        }
    }

    /// Aborts the verb.
    pub fn abort_task(&self) {
        self.task.abort();
    }

    /// Aborts the verb and waits a moment until it has let go of the program's memory.
    fn abort_and_release(&self, py: Python<'_>) {
        self.task.abort();
        if self.ensure_same_process().is_ok() {
            self.release_memory(py);
        }
    }

    /// The same call, whose verb begins with a request: it joins the queue for connections when the call is made.
    pub fn queued_on(mut self, transport: Arc<Transport>) -> Self {
        self.task.set_queue(transport);
        self
    }

    /// The same call, whose verb has methods of this object called.
    pub fn with_callbacks(mut self, callbacks: Option<Py<PyAny>>) -> Self {
        self.callbacks = callbacks;
        self
    }

    /// Starts the verb; its events wake this.
    pub fn start_with_waker(&self, py: Python<'_>, waker: Arc<dyn Wake>, key: u64) -> PyResult<()> {
        self.prepare(py)?;
        self.task.ensure_same_process()?;
        if self.task.channel().set_waker(waker.clone(), key) {
            waker.wake(key);
        }
        self.task.start()
    }

    /// Fails, in a forked child, for a call of the parent.
    pub fn ensure_same_process(&self) -> PyResult<()> {
        self.task.ensure_same_process()
    }

    /// Subscribes to what the program wants now. Returns whether its coroutine has to drive the call, because there are
    /// callbacks that may have to be awaited, or that belong into the caller's context.
    fn prepare(&self, py: Python<'_>) -> PyResult<bool> {
        // What a cancelled call borrowed is released by the next call, whichever that is.
        buffers::release_pending(py);
        let Some(hooks) = &self.hooks else { return Ok(false) };
        let event_filter = hooks.event_filter(py)?;
        self.task.observer().subscriptions().set(event_filter, hooks.has_token_callbacks());
        Ok(hooks.has_token_callbacks() || event_filter == EventFilter::All)
    }

    /// An event as Python gets it: a result, an exception, or a [`CallbackRequest`].
    fn read(&self, py: Python<'_>, event: Event) -> PyResult<Py<PyAny>> {
        if !matches!(event, Event::Callback { .. }) {
            self.release_memory(py);
        }
        match event {
            Event::Finished(Ok(Outcome::Media(Some(media)))) => results::media(py, *media, self.input.one()),
            Event::Finished(Ok(Outcome::Uploaded(media, trace))) => results::uploaded(py, *media, trace),
            Event::Finished(Ok(Outcome::Media(None) | Outcome::Nothing)) => Ok(py.None()),
            Event::Finished(Ok(Outcome::Login(tokens))) => Ok(Py::new(py, LoginTokens::from(*tokens))?.into_any()),
            Event::Finished(Ok(Outcome::Waited(waited))) | Event::Partial(Outcome::Waited(waited)) => {
                self.input.waited_rows(py, waited)
            }
            Event::Partial(_) => Ok(py.None()),
            Event::Finished(Err(error)) => Err(errors::raise_about(py, error, self.input.one())),
            Event::Callback { kind, done } => Ok(Py::new(py, CallbackRequest::new(py, kind, done)?)?.into_any()),
            Event::Aborted => Err(PyRuntimeError::new_err(format!("{} was aborted", self.task.name()))),
        }
    }

    /// Settles the future that waited for an event, and says whether it did. Called by the loop.
    fn settle(operation: &Bound<'_, PyAny>, future: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = operation.py();
        if future.call_method0(pyo3::intern!(py, "done"))?.is_truthy()? {
            return Ok(true);
        }
        let this = operation.cast::<Operation>()?.get();
        let Some(outcome) = this.next_outcome(py) else { return Ok(false) };
        *lock(&this.waiting) = None;
        // It can no more be cancelled. A callback that has nothing left to do would cost the loop another turn.
        future.call_method1(pyo3::intern!(py, "remove_done_callback"), (operation,))?;
        match outcome {
            Ok(value) => future.call_method1(pyo3::intern!(py, "set_result"), (value,))?,
            Err(error) => future.call_method1(pyo3::intern!(py, "set_exception"), (error.into_value(py),))?,
        };
        Ok(true)
    }

    /// The next event that somebody waits for; notifications before it are run at once.
    fn next_outcome(&self, py: Python<'_>) -> Option<PyResult<Py<PyAny>>> {
        loop {
            let event = self.task.channel().try_next()?;
            let is_notification = matches!(&event, Event::Callback { kind, .. } if kind.is_notification())
                && !self.driven.load(Ordering::Relaxed);
            let read = self.read(py, event);
            if !is_notification {
                return Some(read);
            }
            if let Err(error) = read.and_then(|request| self.run_callback(py, request)) {
                self.task.abort();
                return Some(Err(error));
            }
        }
    }

    /// Runs a callback on this thread.
    fn run_callback(&self, py: Python<'_>, request: Py<PyAny>) -> PyResult<()> {
        let hooks = self.hooks.as_ref().map(ClientHooks::hooks);
        let arguments = (self.progress.as_ref(), hooks, request).into_pyobject(py)?;
        unwind::call(imports::RUN_CALLBACK.get(py)?, &arguments).map(drop)
    }
}

#[pymethods]
impl Operation {
    /// Waits on this thread, running the verb's callbacks meanwhile.
    fn wait(slf: Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        blocked_loop::warn_once(py, this.task.name())?;
        this.prepare(py)?;
        if this.callbacks.is_some() || this.hooks.as_ref().is_some_and(ClientHooks::has_token_callbacks) {
            return unwind::call(imports::RUN.get(py)?, &(slf,).into_pyobject(py)?).map(Bound::unbind);
        }
        loop {
            let event = this.task.next_event(py).inspect_err(|_| this.release_memory(py))?;
            let is_callback = matches!(event, Event::Callback { .. });
            let read = this.read(py, event);
            if !is_callback {
                return read;
            }
            if let Err(error) = read.and_then(|request| this.run_callback(py, request)) {
                this.task.abort_and_wait(py);
                this.release_memory(py);
                return Err(error);
            }
        }
    }

    /// Waits on this thread for the next event: the result or a callback.
    fn step(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let event = self.task.next_event(py)?;
        self.read(py, event)
    }

    /// The next event if there is one: the result or a callback.
    fn take_event(&self, py: Python<'_>) -> PyResult<Option<(Py<PyAny>,)>> {
        self.ensure_same_process()?;
        self.task.channel().try_next().map(|event| self.read(py, event).map(|read| (read,))).transpose()
    }

    /// Starts the call without waiting for it.
    fn begin(&self, py: Python<'_>) -> PyResult<()> {
        self.prepare(py)?;
        self.task.start()
    }

    /// Adds the event that a callback which another thread ran has ended. Called on that thread.
    fn end_callback(&self) {
        if self.ensure_same_process().is_ok() {
            let (done, _) = oneshot::channel();
            self.task.channel().send(Event::Callback { kind: CallbackKind::Ended, done });
        }
    }

    /// Whether there is an event.
    fn has_event(&self) -> PyResult<bool> {
        self.ensure_same_process()?;
        Ok(self.task.channel().has_event())
    }

    /// The client's `xmedia._calls.hooks.Hooks`.
    #[getter]
    fn hooks(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.hooks.as_ref().map(|hooks| hooks.hooks().clone_ref(py))
    }

    /// The new tokens that the program has to be given by whoever asks first, if there are any.
    fn take_refreshed(&self) -> Option<Tokens> {
        self.hooks.as_ref()?.auth().take_refreshed()
    }

    /// Says whether the program has taken the new tokens. Otherwise they are still to be given.
    fn end_delivery(&self, taken: bool) {
        if let Some(hooks) = &self.hooks {
            hooks.auth().end_delivery(taken);
        }
    }

    /// An awaitable of the running event loop that brings the result.
    fn wait_async<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        if this.prepare(py)? || this.progress.is_some() || this.callbacks.is_some() || this.in_callers_context {
            this.driven.store(true, Ordering::Relaxed);
            return drive(slf);
        }
        Self::step_async(slf)
    }

    /// An awaitable of the running event loop that brings the next event: the result or a callback.
    fn step_async<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        this.ensure_same_process()?;
        let event_loop = asyncio::running_loop(py, this.task.name())?;
        let bridge = match Bridge::of(&event_loop) {
            Ok(bridge) => bridge,
            Err(error) if error.is_instance_of::<PyNotImplementedError>(py) => {
                // Notifications would be run on the worker thread.
                if !this.driven.swap(true, Ordering::Relaxed) {
                    return drive(slf);
                }
                this.task.start()?;
                let channel = this.task.channel().clone();
                let operation = slf.clone().unbind();
                let next = move |py: Python<'_>| operation.get().next_outcome(py);
                return asyncio_fallback::next(event_loop, slf.into_any(), channel, next);
            }
            Err(error) => return Err(error),
        };
        let future = event_loop.call_method0(pyo3::intern!(py, "create_future"))?;
        let queue = bridge.get().queue();
        let key = bridge.get().register(slf.as_any().clone().unbind(), future.clone().unbind(), Self::settle);
        *lock(&this.waiting) = Some((bridge.unbind(), key));
        if this.task.channel().set_waker(queue.clone(), key) {
            queue.wake(key);
        }
        this.task.start()?;
        future.call_method1(pyo3::intern!(py, "add_done_callback"), (slf,))?;
        Ok(future)
    }

    /// Aborts the verb, which drops its request. One that has ended stays ended.
    fn abort(&self, py: Python<'_>) {
        self.abort_and_release(py);
    }

    /// The bridge, and what the program gave, may lead back to this.
    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.progress)?;
        visit.call(&self.callbacks)?;
        match self.waiting.try_lock() {
            Ok(waiting) => waiting.as_ref().map_or(Ok(()), |(bridge, _)| visit.call(bridge)),
            Err(_) => Ok(()),
        }
    }

    fn __clear__(&self) {
        let waiting = self.waiting.try_lock().ok().and_then(|mut waiting| waiting.take());
        drop(waiting);
    }

    /// Called by the loop when the future is done: a cancelled one aborts the verb.
    fn __call__(&self, py: Python<'_>, future: &Bound<'_, PyAny>) -> PyResult<()> {
        let waiting = lock(&self.waiting).take();
        if future.call_method0(pyo3::intern!(py, "cancelled"))?.is_truthy()? {
            self.abort_and_release(py);
            if let Some((bridge, key)) = waiting {
                bridge.get().forget(key);
            }
        }
        Ok(())
    }
}

/// A coroutine that awaits an operation and runs its callbacks.
fn drive(operation: Bound<'_, Operation>) -> PyResult<Bound<'_, PyAny>> {
    imports::DRIVE.get(operation.py())?.call1((operation,))
}
