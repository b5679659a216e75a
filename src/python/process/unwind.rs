//! Calls of the program's code from Rust.
//!
//! CPython before 3.14 ends a daemon thread that wants the GIL back while the interpreter finalizes by unwinding its
//! stack (`pthread_exit`). The program's code may give up the GIL anywhere, and an unwinding that meets a Rust frame
//! which does not expect it aborts the process. A thread that is ended in a call of this file is kept for ever instead,
//! as CPython itself does from 3.14 on, and pyo3 wherever it takes the GIL.

use std::hint::black_box;
use std::mem;
use std::thread;
use std::time::Duration;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

type Declared = unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::PyObject) -> *mut ffi::PyObject;
type Call = unsafe extern "C-unwind" fn(*mut ffi::PyObject, *mut ffi::PyObject) -> *mut ffi::PyObject;

/// Calls a Python callable.
pub fn call<'py>(callable: &Bound<'py, PyAny>, arguments: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    let call: Declared = ffi::PyObject_CallObject;
    // SAFETY: the two types differ only in whether an unwinding may come out, which this one admits.
    let call = unsafe { mem::transmute::<Declared, Call>(call) };
    // The declaration that is called must not be seen through: it denies that there can be an unwinding.
    let call = black_box(call);
    let guard = ParkOnUnwind;
    // SAFETY: this thread has the GIL, both objects are alive, and the result is a new reference or an error.
    let result = unsafe { Bound::from_owned_ptr_or_err(callable.py(), call(callable.as_ptr(), arguments.as_ptr())) };
    mem::forget(guard);
    result
}

/// Keeps a thread that unwinds.
struct ParkOnUnwind;

impl Drop for ParkOnUnwind {
    fn drop(&mut self) {
        loop {
            thread::sleep(Duration::from_secs(3600));
        }
    }
}
