//! `Client.upload`: its arguments, and the sources and checkpoints that are read and kept by Python.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::client::Client as Core;
use crate::client::error::Result;
use crate::client::inspect::ReadBytes;
use crate::client::upload::checkpoint::Store;
use crate::client::upload::source::Memory;
use crate::client::upload::source::{AwaitedBytes, Content, OpenFile, Read, ReadAt, Source, Stream};
use crate::client::upload::{Checkpoint, Upload, UploadOptions};
use crate::python::call::channel::{MethodArguments, Outcome};
use crate::python::call::observer::ChannelObserver;
use crate::python::call::operation::Operation;
use crate::python::call::task::Verb;
use crate::python::convert::args;
use crate::python::convert::errors;
use crate::python::process::buffers::{BufferUse, borrow};

/// The highest number of segments that may be in flight; there are no more.
const MAX_CONCURRENCY: u64 = 1000;

/// A call of `upload`. `source` is an `xmedia._calls.sources.Prepared`, `callbacks` has the methods that are called meanwhile, and
/// `given` holds the options that the user gave.
pub fn operation(
    core: Arc<Core>,
    source: &Bound<'_, PyAny>,
    callbacks: &Bound<'_, PyAny>,
    given: &Bound<'_, PyDict>,
    progress: &Bound<'_, PyAny>,
) -> PyResult<Operation> {
    let options = options(given)?;
    let mut buffer = None;
    let content = content(source, &mut buffer)?;
    let name: Option<String> = source.getattr("name")?.extract()?;
    let total_bytes = item(given, "total_bytes")?;
    let total_bytes = (!total_bytes.is_none()).then(|| args::total_bytes(&total_bytes)).transpose()?;
    let progress = args::callable("progress", progress)?;
    let checkpoint = checkpoint(&item(given, "checkpoint")?)?;
    let verb = move |observer: Arc<ChannelObserver>| {
        let mut options = options;
        options.checkpoint = match checkpoint {
            CheckpointTarget::None => None,
            CheckpointTarget::Path(path) => Some(Checkpoint::Path(path)),
            CheckpointTarget::Callbacks => Some(Checkpoint::Store(Arc::new(CallbackIo::new(&observer, 0)))),
        };
        let source = Source { name, total_bytes, content: content.with(&observer) };
        let verb: Verb = Box::pin(async move {
            let uploaded = core.upload(Upload { source, options }, observer.hooks()).await?;
            Ok(Outcome::Uploaded(Box::new(uploaded.media), uploaded.trace))
        });
        verb
    };
    Ok(Operation::new("upload", progress, verb)
        .with_callbacks((!callbacks.is_none()).then(|| callbacks.clone().unbind()))
        .in_callers_context()
        .reading_python_memory(buffer))
}

fn item<'py>(given: &Bound<'py, PyDict>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    given.get_item(name)?.ok_or_else(|| PyTypeError::new_err(format!("upload() is missing the argument {name}")))
}

fn options(given: &Bound<'_, PyDict>) -> PyResult<UploadOptions> {
    let value = |name: &str| item(given, name);
    let optional = |name: &str| value(name).map(|value| (!value.is_none()).then_some(value));
    Ok(UploadOptions {
        media_type: optional("media_type")?.as_ref().map(args::media_type).transpose()?,
        media_category: args::media_category(&value("media_category")?)?,
        additional_owners: args::additional_owners(&value("additional_owners")?)?,
        shared: args::flag("shared", &value("shared")?)?,
        alt_text: optional("alt_text")?.map(|text| args::text("alt_text", &text)).transpose()?,
        chunked: optional("chunked")?.map(|flag| args::flag("chunked", &flag)).transpose()?,
        segment_bytes: optional("segment_bytes")?
            .map(|count| args::count("segment_bytes", &count, u64::MAX))
            .transpose()?,
        concurrency: usize::try_from(args::count("concurrency", &value("concurrency")?, MAX_CONCURRENCY)?)
            .unwrap_or(usize::MAX),
        checkpoint: None,
        fingerprint: optional("fingerprint")?.map(|text| args::text("fingerprint", &text)).transpose()?,
        check: args::check_mode(&value("check")?)?,
        account: args::account(&value("account")?)?,
        trace: args::flag("trace", &value("trace")?)?,
        wait: args::flag("wait", &value("wait")?)?,
        timeout: args::duration("timeout", &value("timeout")?)?,
    })
}

/// Where a checkpoint is kept.
enum CheckpointTarget {
    None,
    Path(PathBuf),
    /// An object of the program's, whose methods are among the operation's callbacks.
    Callbacks,
}

fn checkpoint(value: &Bound<'_, PyAny>) -> PyResult<CheckpointTarget> {
    if value.is_none() {
        return Ok(CheckpointTarget::None);
    }
    // `_uploads` has seen to it that it is a path or has the three methods.
    Ok(value.extract::<PathBuf>().map_or(CheckpointTarget::Callbacks, CheckpointTarget::Path))
}

/// A source as Python prepared it, before there is a way back to Python.
enum Prepared {
    Content(Content),
    Seekable { total_bytes: u64, in_memory: bool },
    Stream { total_bytes: Option<u64>, rewinds: bool },
}

impl Prepared {
    fn with(self, observer: &Arc<ChannelObserver>) -> Content {
        match self {
            Prepared::Content(content) => content,
            Prepared::Seekable { total_bytes, in_memory } => {
                let reader = CallbackIo { in_memory, ..CallbackIo::new(observer, total_bytes) };
                Content::Sized(Arc::new(reader))
            }
            Prepared::Stream { total_bytes, rewinds } => {
                let mut stream = Stream::new(Box::new(CallbackIo::new(observer, 0)));
                (stream.total_bytes, stream.rewinds) = (total_bytes, rewinds);
                Content::Stream(stream)
            }
        }
    }
}

fn content(source: &Bound<'_, PyAny>, buffer: &mut Option<BufferUse>) -> PyResult<Prepared> {
    let (kind, value): (String, Bound<'_, PyAny>) = (source.getattr("kind")?.extract()?, source.getattr("value")?);
    match kind.as_str() {
        "path" => Ok(Prepared::Content(Content::Path(value.extract()?))),
        "bytes" => {
            let (bytes, in_use) = borrow("source", &value)?;
            *buffer = Some(in_use);
            Ok(Prepared::Content(Content::Sized(Arc::new(Memory(bytes)))))
        }
        "descriptor" => descriptor(&value),
        "seekable" => Ok(Prepared::Seekable {
            total_bytes: value.extract()?,
            in_memory: source.getattr("reader")?.getattr("in_memory")?.is_truthy()?,
        }),
        "stream" => {
            Ok(Prepared::Stream { total_bytes: value.extract()?, rewinds: source.getattr("rewinds")?.is_truthy()? })
        }
        other => Err(PyTypeError::new_err(format!("a source of an unknown kind: {other}"))),
    }
}

/// An open file of Python's, read through a descriptor of our own, so that its place is not moved.
#[cfg(unix)]
fn descriptor(value: &Bound<'_, PyAny>) -> PyResult<Prepared> {
    use std::os::fd::BorrowedFd;
    let (descriptor, start): (i32, u64) = value.extract()?;
    if descriptor < 0 {
        return Err(errors::invalid_input(value.py(), "source: the file is closed"));
    }
    // SAFETY: the Python file object that has this descriptor is alive for the length of this call.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    let file = borrowed.try_clone_to_owned()?.into();
    let file = OpenFile::new(file, None, start).map_err(|error| errors::raise(value.py(), error))?;
    Ok(Prepared::Content(Content::Sized(Arc::new(file))))
}

#[cfg(not(unix))]
fn descriptor(_: &Bound<'_, PyAny>) -> PyResult<Prepared> {
    Err(PyTypeError::new_err("descriptors are not read on this system"))
}

/// What Python reads and keeps for an upload, through the operation's callbacks.
struct CallbackIo {
    observer: Arc<ChannelObserver>,
    total_bytes: u64,
    /// Reading anywhere costs nothing.
    in_memory: bool,
    /// An exception of a store's method does not end the upload any more.
    may_fail: AtomicBool,
}

impl CallbackIo {
    fn new(observer: &Arc<ChannelObserver>, total_bytes: u64) -> Self {
        CallbackIo { observer: observer.clone(), total_bytes, may_fail: AtomicBool::new(false), in_memory: false }
    }

    async fn store(&self, method: &'static str, arguments: MethodArguments) -> Result<()> {
        if self.may_fail.load(Ordering::Relaxed) {
            self.observer.try_method(method, arguments).await.map(drop)
        } else {
            self.observer.call_method(method, arguments).await.map(drop)
        }
    }
}

fn bytes(reply: Option<Bytes>) -> Bytes {
    reply.unwrap_or_default()
}

impl ReadAt for CallbackIo {
    fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    fn read_at(&self, offset: u64, len: usize) -> BoxFuture<'static, Result<Bytes>> {
        let observer = self.observer.clone();
        let left = usize::try_from(self.total_bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        Box::pin(async move {
            observer.call_method("read_at", MethodArguments::Range(offset, len.min(left))).await.map(bytes)
        })
    }

    fn inspectable(self: Arc<Self>) -> Option<Box<dyn ReadBytes + Send>> {
        self.in_memory.then(|| AwaitedBytes::boxed(self))
    }

    fn unchanged(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.observer.call_method("unchanged", MethodArguments::None).await.map(drop) })
    }
}

impl Read for CallbackIo {
    fn read(&mut self) -> BoxFuture<'_, Result<Bytes>> {
        Box::pin(async { self.observer.call_method("read", MethodArguments::None).await.map(bytes) })
    }

    fn rewind(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.observer.try_method("rewind", MethodArguments::None).await.map(drop) })
    }
}

impl Store for CallbackIo {
    fn load(&self) -> BoxFuture<'_, Result<Option<Bytes>>> {
        Box::pin(self.observer.call_method("load", MethodArguments::None))
    }

    fn save(&self, record: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.store("save", MethodArguments::Bytes(record)))
    }

    fn clear(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.store("clear", MethodArguments::None))
    }

    fn tolerate_failures(&self) {
        self.may_fail.store(true, Ordering::Relaxed);
    }
}
