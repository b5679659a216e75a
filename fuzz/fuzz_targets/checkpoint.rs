//! Checkpoint files, torn or made up: no panic, little memory, and what can be read is written and read the same.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/rust/properties/checkpoint.rs"]
mod checkpoint;

fuzz_target!(|input: checkpoint::Input<'_>| checkpoint::hold(input));
