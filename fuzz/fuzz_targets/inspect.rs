//! What a file is: no panic and bounded reading. One target serves all formats, which their first bytes choose.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/rust/properties/inspect.rs"]
mod inspect;

fuzz_target!(|input: &[u8]| inspect::hold(input));
