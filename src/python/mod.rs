//! The extension module `xmedia._core`: arguments in, one call, one mapping of errors.

#[cfg(feature = "mock")]
mod mock;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[cfg(feature = "mock")]
    #[pymodule_export]
    use super::mock::PyMockServer;
}
