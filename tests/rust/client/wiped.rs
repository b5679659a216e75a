//! Secrets are gone from memory when what holds them is dropped.

use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt as _;

use xmedia::client::auth::oauth1::{Credentials, Signer};
use xmedia::client::auth::oauth2::Secret;

/// What the marker's bytes are kept under, so that the search does not find what it searches for.
const MASK: u8 = 0x5a;

/// A marker of this run, masked.
fn masked() -> [u8; 32] {
    std::array::from_fn(|_| (b'a' + rand::random_range(0..26)) ^ MASK)
}

/// The marker in a buffer of its own.
fn secret(masked: &[u8; 32]) -> String {
    let mut text = String::with_capacity(masked.len());
    text.extend(masked.iter().map(|byte| char::from(byte ^ MASK)));
    text
}

/// How often the marker is in this process's memory.
fn found(masked: &[u8; 32]) -> usize {
    let memory = File::open("/proc/self/mem").unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut count = 0;
    for line in maps.lines().filter(|line| line.contains(" rw") && !line.contains("[stack]")) {
        let (from, to) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        let mut page = vec![0; 1 << 16];
        let mut at = from;
        while at < to {
            // Another test may have given it back meanwhile.
            let Ok(read) = memory.read_at(&mut page, at) else { break };
            count += page[..read].windows(masked.len()).filter(|window| is_marker(window, masked)).count();
            page.fill(0);
            at += (page.len() - masked.len()) as u64;
        }
    }
    count
}

/// The allocator writes into the beginning of what is given back to it, so that only the rest counts.
fn is_marker(window: &[u8], masked: &[u8; 32]) -> bool {
    window.iter().zip(masked).skip(16).all(|(byte, masked)| byte ^ MASK == *masked)
}

#[test]
fn credentials_and_what_signs_with_them_leave_nothing_behind() {
    let masked = masked();
    let made = || {
        Box::new(Credentials {
            consumer_key: secret(&masked),
            consumer_secret: secret(&masked),
            access_token: secret(&masked),
            access_token_secret: secret(&masked),
        })
    };
    let credentials = black_box(made());
    let signer = black_box(Box::new(Signer::new(&credentials)));
    assert!(found(&masked) >= 6, "the search finds what is there");
    drop((credentials, signer));
    assert_eq!(0, found(&masked));
}

#[test]
fn a_token_leaves_nothing_behind() {
    let masked = masked();
    let token = black_box(Box::new(Secret::new(secret(&masked))));
    assert!(found(&masked) >= 1, "the search finds what is there");
    drop(token);
    assert_eq!(0, found(&masked));
}
