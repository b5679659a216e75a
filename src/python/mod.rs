//! The extension module `xmedia._core`: arguments in, one call, one mapping of results and one of errors.
//!
//! From the bottom upwards: [`process`] is what the process has once (runtime, forks, exit); [`convert`] turns values of
//! one language into those of the other; [`call`] is one call of a verb, between the worker
//! thread and whoever waits for it; [`client`] makes such calls.

mod auth;
mod call;
mod client;
mod client_state;
mod convert;
mod functions;
mod imports;
#[cfg(feature = "mock")]
mod mock;
mod module;
mod process;
mod upload;
