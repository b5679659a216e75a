//! Checkpoint files, torn or made up: no panic, little memory, and what can be read is written and read the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xmedia::client::upload::checkpoint::Record;

fuzz_target!(|text: &[u8]| {
    let Some(record) = Record::from_json(text) else { return };
    assert!(record.acknowledged.len() <= 1000 && record.segment_bytes > 0);
    let written = record.to_json();
    assert_eq!(Some(record), Record::from_json(&written));
});
