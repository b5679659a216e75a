//! Damaged samples: whatever a file says of itself, looking at it does not panic and stays within its bounds.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{bytes_of, samples};
use crate::properties::inspect::hold;

/// How many are made of each sample. More were tried once; a fuzz target tries others.
const EACH: u64 = 40;

#[test]
fn damaged_samples_do_no_harm() {
    for (number, name) in samples().iter().enumerate() {
        let whole = bytes_of(name);
        for seed in 0..EACH {
            hold(&damaged(&whole, number as u64 * 1000 + seed));
        }
    }
}

/// A copy with some bytes changed: half of them where the index is likely to stand.
fn damaged(whole: &[u8], seed: u64) -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut data = whole.to_vec();
    let index = data.windows(4).rposition(|part| part == b"moov" || part == b"moof").unwrap_or(0);
    for _ in 0..random.random_range(1..12) {
        let from = if random.random_bool(0.5) { index } else { 0 };
        let at = random.random_range(from..data.len());
        match random.random_range(0..4) {
            0 => data[at] = random.random(),
            1 => data[at] ^= 1 << random.random_range(0..8),
            2 => data[at..].iter_mut().take(4).for_each(|byte| *byte = 0xff),
            _ => data[at..].iter_mut().take(4).for_each(|byte| *byte = 0),
        }
    }
    if random.random_bool(0.2) {
        data.truncate(random.random_range(0..data.len()));
    }
    data
}
