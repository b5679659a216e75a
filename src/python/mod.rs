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
    #[pymodule_export]
    use super::auth::{LoginTokens, TokenDelivery};
    #[pymodule_export]
    use super::call::asyncio::Bridge;
    #[pymodule_export]
    use super::call::callback_request::CallbackRequest;
    #[pymodule_export]
    use super::call::operation::Operation;
    #[pymodule_export]
    use super::call::select::Selector;
    #[pymodule_export]
    use super::call::wait_many::WaitMany;
    #[pymodule_export]
    use super::call::watch::Watch;
    #[pymodule_export]
    use super::check::check;
    #[pymodule_export]
    use super::client::{Client, settle_records};
    #[pymodule_export]
    use super::convert::args::media_id;
    #[pymodule_export]
    use super::convert::exchanges::KeptExchanges;
    #[pymodule_export]
    use super::convert::har::save_har;
    #[pymodule_export]
    use super::convert::results::{masked, shown, text_of};
    #[cfg(feature = "mock")]
    #[pymodule_export]
    use super::mock::PyMockServer;
    #[pymodule_export]
    use super::probe::probe_host;
    #[pymodule_export]
    use super::tokens::{
        LoginFlow, chain_hash, exchange_oauth1, read_token_file, revoke_token_file, wait_for_refreshes,
    };
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
