//! Open files of Python's, read through a descriptor of our own, so that their place is not moved.

use std::fs::File;

use pyo3::prelude::*;

#[cfg(unix)]
use crate::python::convert::errors;

/// The file and the place from which on it is read, of a descriptor and that place.
#[cfg(unix)]
pub fn file(value: &Bound<'_, PyAny>) -> PyResult<(File, u64)> {
    use std::os::fd::BorrowedFd;
    let (descriptor, start): (i32, u64) = value.extract()?;
    if descriptor < 0 {
        return Err(errors::invalid_input(value.py(), "source: the file is closed"));
    }
    // SAFETY: the Python file object that has this descriptor is alive for the length of this call.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    Ok((borrowed.try_clone_to_owned()?.into(), start))
}

#[cfg(not(unix))]
pub fn file(_: &Bound<'_, PyAny>) -> PyResult<(File, u64)> {
    Err(pyo3::exceptions::PyTypeError::new_err("descriptors are not read on this system"))
}
