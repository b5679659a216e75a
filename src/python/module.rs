//! What is in the extension module `xmedia._core`, and what it needs to be imported.

#[pyo3::pymodule]
mod _core {
    use pyo3::exceptions::PyImportError;
    use pyo3::prelude::*;

    #[cfg(feature = "mock")]
    #[pymodule_export]
    use crate::python::mock::PyMockServer;
    #[pymodule_export]
    use crate::python::{
        auth::{LoginTokens, TokenDelivery},
        call::{
            asyncio::Bridge, callback_request::CallbackRequest, hooks::WantedEvents, operation::Operation,
            select::Selector, wait_many::WaitMany, watch::Watch,
        },
        client::{Client, settle_records},
        convert::args::{media_id, timeout_seconds},
        convert::exchanges::KeptExchanges,
        convert::har::save_har,
        convert::results::{masked, shown, text_of},
        functions::check::check,
        functions::login::{
            LoginFlow, chain_hash, exchange_oauth1, read_token_file, revoke_token_file, wait_for_refreshes,
        },
        functions::probe::probe_host,
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // SAFETY: this thread is attached to an interpreter, which is what both functions ask for.
        let interpreter = unsafe { pyo3::ffi::PyInterpreterState_GetID(pyo3::ffi::PyInterpreterState_Get()) };
        if interpreter != 0 {
            return Err(PyImportError::new_err("xmedia can be imported in the main interpreter only"));
        }
        #[cfg(feature = "mock")]
        {
            module.add("SECRET_PARAMETERS", crate::mock::SECRET_PARAMETERS)?;
            module.add("REDACTED", crate::mock::REDACTED)?;
        }
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
