//! Answers that are no success, with headers that name times: always an error, of a kind that fits, shown in few words.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/rust/properties/api_error.rs"]
mod api_error;

fuzz_target!(|input: api_error::Input<'_>| api_error::hold(input));
