//! What a file is, as BMP: no panic and bounded reading. Every input is read by this format's parser.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/rust/properties/inspect.rs"]
#[allow(dead_code)] // the tests look at more of it
mod inspect;

fuzz_target!(|input: &[u8]| inspect::hold_as("bmp", input));
