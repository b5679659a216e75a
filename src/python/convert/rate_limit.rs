//! A rate limit as `xmedia._types.lazy_fields` reads it when it is asked for: packed into one `bytes`.

use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::client::model::{RateLimit, RateWindow};

/// What `xmedia._types.lazy_fields.rate_limit_of` reads: one object in place of tuples of tuples of numbers.
pub fn packed(py: Python<'_>, limit: RateLimit) -> Bound<'_, PyBytes> {
    let usual = RateWindow { limit: limit.limit, remaining: limit.remaining, reset_at: limit.reset_at };
    let longer = [limit.user_24h, limit.app_24h];
    let mut packed = Vec::with_capacity(WINDOW_BYTES);
    pack(&mut packed, Some(usual));
    if longer.iter().any(Option::is_some) {
        longer.into_iter().for_each(|window| pack(&mut packed, window));
    }
    PyBytes::new(py, &packed)
}

/// The length of a packed window.
const WINDOW_BYTES: usize = 25;

/// Adds a window: which of its numbers there are, and these.
fn pack(packed: &mut Vec<u8>, window: Option<RateWindow>) {
    let marked = if window.is_some() { 8 } else { 0 };
    let RateWindow { limit, remaining, reset_at } = window.unwrap_or_default();
    let bit = |there: bool, bit: u8| if there { bit } else { 0 };
    packed.push(marked | bit(limit.is_some(), 1) | bit(remaining.is_some(), 2) | bit(reset_at.is_some(), 4));
    packed.extend_from_slice(&limit.unwrap_or_default().to_le_bytes());
    packed.extend_from_slice(&remaining.unwrap_or_default().to_le_bytes());
    packed.extend_from_slice(&reset_at.map_or(0.0, epoch).to_le_bytes());
}

/// Seconds since the epoch.
pub fn epoch(at: SystemTime) -> f64 {
    match at.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}
