//! The extension module `xmedia._core`: arguments in, one call, one mapping of results and one of errors.

mod arguments;
mod bridge;
mod client;
mod convert;
mod errors;
mod gathering;
mod operation;
mod portable;
mod runtime;
mod source;
mod upload;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[pymodule_export]
    use super::bridge::Bridge;
    #[pymodule_export]
    use super::client::{Client, Watch};
    #[pymodule_export]
    use super::gathering::Gathering;
    #[pymodule_export]
    use super::operation::{Operation, Question};
    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
