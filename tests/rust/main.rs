//! Integration tests of the Rust client and the mock server, without Python.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// A table of cases is clearer with its type written out.
#![allow(clippy::type_complexity)]

mod budget;
mod checkpoint;
mod checkpoint_any;
mod corpus;
mod decode;
mod decode_any;
mod decode_unreadable;
mod encode;
mod gate;
mod headers;
mod inspect;
mod limits;
mod media_type;
mod mock_any_order;
mod mock_http;
mod mock_lifecycle;
mod mock_load;
mod oauth1;
mod oauth1_any;
mod plan;
mod properties;
mod refresh;
mod refusal;
mod retry;
mod sequences;
#[cfg(target_os = "linux")]
mod wiped;
