//! OAuth 1.0a: what is encoded decodes to itself, base strings do not depend on the order of parameters.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/rust/properties/oauth1.rs"]
mod oauth1;

fuzz_target!(|input: oauth1::Input<'_>| oauth1::hold(input));
