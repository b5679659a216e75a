//! The extension module `xmedia._core`: arguments in, one call, one mapping of errors.

use pyo3::prelude::*;

#[pymodule]
mod _core {}
