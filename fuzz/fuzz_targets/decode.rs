//! Successful answers, whatever stands in them: no panic, no media without the right id, nothing ready with an error.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/rust/properties/decode.rs"]
mod decode;

fuzz_target!(|input: decode::Input<'_>| decode::hold(input));
