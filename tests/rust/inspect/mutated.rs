//! Damaged samples: whatever a file says of itself, looking at it does not panic and stays within its bounds.

use std::fs;
use std::path::PathBuf;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::samples::{bytes_of, samples};
use crate::properties::inspect::{FORMATS, hold, hold_as};

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

#[test]
fn samples_that_end_anywhere_do_no_harm_to_their_formats_parser() {
    for format in FORMATS {
        let endings = |name: &&String| format.endings.iter().any(|ending| name.ends_with(&format!(".{ending}")));
        let names = samples();
        let own: Vec<&String> = names.iter().filter(endings).collect();
        assert!(!own.is_empty(), "{} has no sample", format.name);
        for name in own {
            let whole = bytes_of(name);
            let lengths = (0..24).map(|power| whole.len().min(1 << power));
            lengths.for_each(|len| hold_as(format.name, &whole[..len]));
            // Bytes that begin as nothing are read by it as well.
            hold_as(format.name, &whole[whole.len() / 2..]);
        }
    }
}

#[test]
fn each_format_has_a_fuzz_target() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    // The sources that are packed for a registry have no targets.
    let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else { return };
    let targets: Vec<&str> =
        manifest.split("name = \"inspect_").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(FORMATS.map(|format| format.name).to_vec(), targets);
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
