//! Answers that are no success, with headers that name times: always an error, of a kind that fits, shown in few words.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/rust/properties/refusal.rs"]
mod refusal;

fuzz_target!(|input: refusal::Input<'_>| refusal::hold(input));
