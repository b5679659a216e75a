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
use crate::client::upload::plan::check_segment_bytes;
use crate::client::upload::source::Memory;
use crate::client::upload::source::{AwaitedBytes, Content, OpenFile, PIECE_BYTES, Read, ReadAt, Source, Stream};
use crate::client::upload::{Checkpoint, Upload, UploadOptions};
use crate::python::call::channel::{MethodArguments, Outcome};
use crate::python::call::observer::ChannelObserver;
use crate::python::call::operation::Operation;
use crate::python::call::task::Verb;
use crate::python::convert::args::{self, optional};
use crate::python::convert::options::{GivenOptions, set_options};
use crate::python::convert::{descriptor, errors};
use crate::python::process::buffers::{BufferUse, borrow};

/// The highest number of segments that may be in flight; there are no more.
const MAX_CONCURRENCY: usize = 1000;
/// How much is asked for at a time where each piece costs a request: what comes then takes longer than the first byte.
const RANGE_BYTES: usize = 1 << 20;

/// A call of `upload`. `source` is an `xmedia._calls.sources.prepare.Prepared`, `callbacks` has the methods that are called meanwhile, and
/// `given` holds the options that the user gave.
pub fn operation(
    core: Arc<Core>,
    source: &Bound<'_, PyAny>,
    callbacks: &Bound<'_, PyAny>,
    given: &Bound<'_, PyDict>,
    progress: &Bound<'_, PyAny>,
) -> PyResult<Operation> {
    let given = GivenOptions::new(Some(given));
    let mut options = UploadOptions::default();
    set_upload_options(&mut options, &given)?;
    check_segment_bytes(options.segment_bytes, core.api()).map_err(|error| errors::raise(source.py(), error))?;
    let mut buffer = None;
    let content = content(source, &mut buffer)?;
    let name: Option<String> = source.getattr("name")?.extract()?;
    let mut total_bytes = None;
    given.set("total_bytes", &mut total_bytes, optional(args::total_bytes))?;
    let mut checkpoint = None;
    given.set("checkpoint", &mut checkpoint, optional(|_, value| Ok(CheckpointTarget::of(value))))?;
    // What it stands for is another argument.
    given.get("progress")?;
    given.refuse_others()?;
    let progress = args::callable("progress", progress)?;
    let verb = move |observer: Arc<ChannelObserver>| {
        options.checkpoint = checkpoint.map(|target| match target {
            CheckpointTarget::Path(path) => Checkpoint::Path(path),
            CheckpointTarget::Callbacks => Checkpoint::Store(Arc::new(CallbackIo::new(&observer, 0))),
        });
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

fn set_upload_options(options: &mut UploadOptions, given: &GivenOptions<'_, '_>) -> PyResult<()> {
    set_options!(given => options {
        media_type: optional(args::media_type),
        media_category: optional(args::media_category),
        additional_owners: args::additional_owners,
        shared: args::flag,
        alt_text: optional(args::alt_text),
        chunked: optional(args::flag),
        segment_bytes: optional(|name, value| args::count(name, value, u64::MAX)),
        concurrency: args::count_up_to(MAX_CONCURRENCY),
        fingerprint: optional(args::text),
        check: optional(args::check_mode),
        account: optional(args::account),
        trace: args::flag,
        wait: args::flag,
        timeout: args::duration,
    });
    Ok(())
}

/// Where a checkpoint is kept.
enum CheckpointTarget {
    Path(PathBuf),
    /// An object of the program's, whose methods are among the operation's callbacks.
    Callbacks,
}

impl CheckpointTarget {
    /// What `xmedia._calls.upload_call` has found to be a path or to have the three methods.
    fn of(value: &Bound<'_, PyAny>) -> Self {
        value.extract::<PathBuf>().map_or(CheckpointTarget::Callbacks, CheckpointTarget::Path)
    }
}

/// A source as Python prepared it, before there is a way back to Python.
enum Prepared {
    Content(Content),
    Seekable { total_bytes: u64, in_memory: bool, piece_bytes: usize },
    Stream { total_bytes: Option<u64>, rewinds: bool },
}

impl Prepared {
    fn with(self, observer: &Arc<ChannelObserver>) -> Content {
        match self {
            Prepared::Content(content) => content,
            Prepared::Seekable { total_bytes, in_memory, piece_bytes } => {
                let reader = CallbackIo { in_memory, piece_bytes, ..CallbackIo::new(observer, total_bytes) };
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
        "descriptor" => {
            let (file, start) = descriptor::file(&value)?;
            let file = OpenFile::new(file, None, start).map_err(|error| errors::raise(value.py(), error))?;
            Ok(Prepared::Content(Content::Sized(Arc::new(file))))
        }
        "seekable" => Ok(Prepared::Seekable {
            total_bytes: value.extract()?,
            in_memory: source.getattr("reader")?.getattr("in_memory")?.is_truthy()?,
            piece_bytes: PIECE_BYTES,
        }),
        "ranges" => {
            Ok(Prepared::Seekable { total_bytes: value.extract()?, in_memory: false, piece_bytes: RANGE_BYTES })
        }
        "stream" => {
            Ok(Prepared::Stream { total_bytes: value.extract()?, rewinds: source.getattr("rewinds")?.is_truthy()? })
        }
        other => Err(PyTypeError::new_err(format!("a source of an unknown kind: {other}"))),
    }
}

/// What Python reads and keeps for an upload, through the operation's callbacks.
struct CallbackIo {
    observer: Arc<ChannelObserver>,
    total_bytes: u64,
    /// Reading anywhere costs nothing.
    in_memory: bool,
    /// How much is read at a time.
    piece_bytes: usize,
    /// An exception of a store's method does not end the upload any more.
    may_fail: AtomicBool,
}

impl CallbackIo {
    fn new(observer: &Arc<ChannelObserver>, total_bytes: u64) -> Self {
        CallbackIo {
            observer: observer.clone(),
            total_bytes,
            in_memory: false,
            piece_bytes: PIECE_BYTES,
            may_fail: AtomicBool::new(false),
        }
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

    fn piece_bytes(&self) -> usize {
        self.piece_bytes
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
