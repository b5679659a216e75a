//! Uploads media to X (Twitter), finalizes it and waits until it is ready.
//!
//! [`client`] is the Rust client and knows nothing of Python. `mock` (cargo feature `mock`) is a server that answers
//! as X does. `python` (feature `python`) is the extension module `xmedia._core`, a thin layer over both.

pub mod client;
mod hex;
#[cfg(feature = "mock")]
pub mod mock;
#[cfg(feature = "python")]
mod python;
mod sync;
pub mod system;
