//! Python's bytes, borrowed by the worker thread.
//!
//! A request's body holds a pointer and a count, never a Python reference: the worker could not release that without
//! the GIL. The references are kept here. Whichever Python thread comes by releases them, once the count says that the
//! bytes are not read any more.

use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::python::convert::errors;
use crate::python::imports;
use crate::sync::lock;

/// The borrowed objects. Only threads that hold the GIL lock this.
static PENDING_RELEASE: Mutex<Vec<(Py<PyBytes>, Arc<()>)>> = Mutex::new(Vec::new());

/// The memory of a `bytes` object that is in [`PENDING_RELEASE`].
struct BorrowedBuffer {
    start: *const u8,
    len: usize,
    _count: Arc<()>,
}

// SAFETY: the memory of a `bytes` object never changes and never moves.
unsafe impl Send for BorrowedBuffer {}
// SAFETY: as above.
unsafe impl Sync for BorrowedBuffer {}

impl AsRef<[u8]> for BorrowedBuffer {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `PENDING_RELEASE` holds the object as long as our count of `_count` exists, and `bytes` are immutable.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

/// The bytes of any object with the buffer protocol: those of `bytes` in place, those of others as a copy, which their
/// owner may go on to change.
pub fn borrow(name: &str, value: &Bound<'_, PyAny>) -> PyResult<(Bytes, BufferUse)> {
    let py = value.py();
    if value.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err(format!(
            "{name} must be bytes, not str; encode it, or read the file in mode 'rb'"
        )));
    }
    let object = match value.cast::<PyBytes>() {
        Ok(bytes) => bytes.clone(),
        Err(_) => {
            let type_name = value.get_type().name()?;
            let view = imports::MEMORYVIEW.get(py)?.call1((value,)).map_err(|_| {
                PyTypeError::new_err(format!(
                    "{name} must have the buffer protocol (bytes, bytearray, memoryview, …), not {type_name}"
                ))
            })?;
            refuse_references(name, &view)?;
            view.call_method0("tobytes")?.cast_into::<PyBytes>()?
        }
    };
    if object.as_bytes().is_empty() {
        return Err(errors::invalid_input(py, format!("{name} must not be empty")));
    }
    let (bytes, count) = borrowed(&object);
    Ok((bytes, BufferUse(count)))
}

/// Refuses the memory of an array of objects: its bytes are addresses in this process.
fn refuse_references(name: &str, view: &Bound<'_, PyAny>) -> PyResult<()> {
    let format: String = view.getattr("format")?.extract()?;
    // Between colons stand names of fields.
    if format.split(':').step_by(2).any(|part| part.contains('O')) {
        return Err(PyTypeError::new_err(format!("{name} must be bytes, not an array of Python objects")));
    }
    Ok(())
}

/// The bytes of a `bytes` object, in place.
pub fn borrow_bytes(object: &Bound<'_, PyBytes>) -> Bytes {
    if object.as_bytes().is_empty() { Bytes::new() } else { borrowed(object).0 }
}

fn borrowed(object: &Bound<'_, PyBytes>) -> (Bytes, Weak<()>) {
    let (py, bytes) = (object.py(), object.as_bytes());
    let count = Arc::new(());
    let buffer = BorrowedBuffer { start: bytes.as_ptr(), len: bytes.len(), _count: count.clone() };
    release_pending(py);
    let weak = Arc::downgrade(&count);
    lock(&PENDING_RELEASE).push((object.clone().unbind(), count));
    (Bytes::from_owner(buffer), weak)
}

/// How long the end of a call waits until the worker has let go of the call's buffer. It takes microseconds, unless the
/// worker is busy.
const RELEASE_TIMEOUT: Duration = Duration::from_millis(100);
const RELEASE_POLL_INTERVAL: Duration = Duration::from_micros(100);

/// One call's interest in a buffer: whether the worker still reads it.
pub struct BufferUse(Weak<()>);

impl BufferUse {
    fn is_read(&self) -> bool {
        // One count is that of `PENDING_RELEASE`.
        self.0.strong_count() > 1
    }

    /// Waits a moment until the worker does not read it any more, and releases it. What the worker keeps longer is released
    /// by the next call.
    pub fn release(&self, py: Python<'_>) {
        if self.is_read() {
            py.detach(|| {
                let until = Instant::now() + RELEASE_TIMEOUT;
                while self.is_read() && Instant::now() < until {
                    std::thread::sleep(RELEASE_POLL_INTERVAL);
                }
            });
        }
        release_pending(py);
    }
}

/// Releases what is not read any more. It costs next to nothing if there is nothing.
pub fn release_pending(py: Python<'_>) {
    let mut idle = Vec::new();
    {
        let mut pending = lock(&PENDING_RELEASE);
        let mut index = 0;
        while let Some((_, count)) = pending.get(index) {
            if Arc::strong_count(count) == 1 {
                // Ours is the only count left, and the worker's last look at the memory came before it let go of its own.
                fence(Ordering::Acquire);
                idle.push(pending.swap_remove(index).0);
            } else {
                index += 1;
            }
        }
    }
    for object in idle {
        object.drop_ref(py);
    }
}
