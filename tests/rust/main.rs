//! Integration tests of the Rust client and the mock server, without Python.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// A table of cases is clearer with its type written out.
#![allow(clippy::type_complexity)]

mod client;
mod inspect;
mod mock;
mod properties;
mod protocol;
mod sequences;
mod support;
mod upload;
