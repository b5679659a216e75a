//! Checkpoint files, torn or made up: no panic, little memory, and what can be read is written and read the same.

use xmedia::client::upload::checkpoint::Record;

/// What a fuzzer makes up.
pub type Input<'a> = &'a [u8];

/// Fails where one of them does not hold.
pub fn hold(text: Input<'_>) {
    let Some(record) = Record::from_json(text) else { return };
    assert!(record.acknowledged.len() <= 1000 && record.segment_bytes > 0);
    let written = record.to_json();
    assert_eq!(Some(record), Record::from_json(&written));
}
