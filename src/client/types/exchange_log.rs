//! The last exchanges of one call, for the error that it may end with.

use std::sync::{Arc, Mutex};

use super::error::Error;
use super::kept_exchange::KeptExchange;
use super::model::MediaId;
use crate::sync::lock;

/// How many exchanges are kept of a call.
const MAX_EXCHANGES: usize = 8;

/// The last exchanges of a call. They stand here as they were: a call that succeeds makes no text of them.
#[derive(Default)]
pub struct ExchangeLog(Mutex<Ring>);

/// The last few, without memory of their own.
#[derive(Default)]
struct Ring {
    kept: [Option<Arc<dyn KeptExchange>>; MAX_EXCHANGES],
    next: usize,
}

impl ExchangeLog {
    /// Adds one in place of the oldest.
    pub fn push(&self, exchange: Arc<dyn KeptExchange>) {
        let mut ring = lock(&self.0);
        let next = ring.next;
        let replaced = ring.kept.get_mut(next).and_then(|place| place.replace(exchange));
        ring.next = (next + 1) % MAX_EXCHANGES;
        drop(ring);
        drop(replaced);
    }

    /// Forgets them all.
    pub fn clear(&self) {
        drop(std::mem::take(&mut *lock(&self.0)));
    }

    /// The same error with the exchanges of its call, or those about one of its media, added to its own.
    pub fn attach(&self, mut error: Error, only: Option<MediaId>) -> Error {
        let ring = lock(&self.0);
        let is_about = |kept: &&Arc<dyn KeptExchange>| only.is_none() || kept.media_id() == only;
        // From the oldest to the newest.
        let (newer, older) = ring.kept.split_at_checked(ring.next).unwrap_or_default();
        let mut all: Vec<_> = older.iter().chain(newer).flatten().filter(is_about).cloned().collect();
        drop(ring);
        let mut link = Some(&error);
        while let Some(error) = link {
            for own in &error.exchanges {
                if !all.iter().any(|other| Arc::ptr_eq(own, other)) {
                    all.push(own.clone());
                }
            }
            link = error.cause.as_ref();
        }
        all.sort_by_key(|exchange| exchange.started_at());
        all.drain(..all.len().saturating_sub(MAX_EXCHANGES));
        error.exchanges = all;
        error
    }
}
