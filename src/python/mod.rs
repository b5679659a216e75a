//! The extension module `xmedia._core`: arguments in, one call, one mapping of results and one of errors.

mod arguments;
mod attendance;
mod bridge;
mod client;
mod convert;
mod errors;
mod gate;
mod gathering;
mod guarded;
mod login;
mod mailbox;
mod many;
#[cfg(feature = "mock")]
mod mock;
mod operation;
mod portable;
mod post;
mod question;
mod record;
mod runtime;
mod source;
mod upload;
mod wakeup;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[pymodule_export]
    use super::bridge::Bridge;
    #[pymodule_export]
    use super::client::{Client, Watch};
    #[pymodule_export]
    use super::convert::{shown, text_of};
    #[pymodule_export]
    use super::gathering::Gathering;
    #[pymodule_export]
    use super::many::WaitMany;
    #[cfg(feature = "mock")]
    #[pymodule_export]
    use super::mock::PyMockServer;
    #[pymodule_export]
    use super::operation::Operation;
    #[pymodule_export]
    use super::question::Question;
    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // SAFETY: this thread is attached to an interpreter, which is what both functions ask for.
        let interpreter = unsafe { pyo3::ffi::PyInterpreterState_GetID(pyo3::ffi::PyInterpreterState_Get()) };
        if interpreter != 0 {
            return Err(PyImportError::new_err("xmedia can be imported in the main interpreter only"));
        }
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
