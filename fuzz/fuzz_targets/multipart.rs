//! The mock server's multipart reader: no panic, every part's bytes stand in the body, and written parts are read.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/rust/properties/multipart.rs"]
mod multipart;

fuzz_target!(|input: multipart::Input<'_>| multipart::hold(input));
