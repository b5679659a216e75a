//! The extension module `xmedia._core`: arguments in, one call, one mapping of results and one of errors.
//!
//! From the bottom upwards: [`process`] is what the process has once (runtime, forks, exit); [`convert`] turns values of
//! one language into those of the other; [`call`] is one call of a verb, between the worker
//! thread and whoever waits for it; [`client`] makes such calls.

mod auth;
mod call;
mod check;
mod client;
mod client_state;
mod convert;
mod imports;
#[cfg(feature = "mock")]
mod mock;
mod probe;
mod process;
mod tokens;
mod upload;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[cfg(feature = "mock")]
    #[pymodule_export]
    use super::mock::PyMockServer;
    use super::*;
    #[pymodule_export]
    use super::{
        auth::{LoginTokens, TokenDelivery},
        call::{
            asyncio::Bridge, callback_request::CallbackRequest, hooks::WantedEvents, operation::Operation,
            select::Selector, wait_many::WaitMany, watch::Watch,
        },
        check::check,
        client::{Client, settle_records},
        convert::args::media_id,
        convert::exchanges::KeptExchanges,
        convert::har::save_har,
        convert::results::{masked, shown, text_of},
        probe::probe_host,
        tokens::{LoginFlow, chain_hash, exchange_oauth1, read_token_file, revoke_token_file, wait_for_refreshes},
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
