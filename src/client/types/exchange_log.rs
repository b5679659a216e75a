//! The last exchanges of one call, for the error that it may end with.

use std::sync::{Arc, Mutex};

use super::error::Error;
use super::kept_exchange::KeptExchange;
use super::model::MediaId;
use crate::sync::lock;

/// How many exchanges are kept of a call.
const MAX_EXCHANGES: usize = 8;

/// The last exchanges of a call. They stand here as they were: a call that succeeds makes no text of them.
///
/// They are in a box because there are none yet in thousands of calls that wait.
#[derive(Default)]
pub struct ExchangeLog(Mutex<Option<Box<Ring>>>);

/// The last few.
#[derive(Default)]
struct Ring {
    kept: [Option<Arc<dyn KeptExchange>>; MAX_EXCHANGES],
    next: usize,
}

impl ExchangeLog {
    /// Adds one in place of the oldest.
    pub fn push(&self, exchange: Arc<dyn KeptExchange>) {
        let mut log = lock(&self.0);
        let ring = log.get_or_insert_default();
        let next = ring.next;
        let replaced = ring.kept.get_mut(next).and_then(|place| place.replace(exchange));
        ring.next = (next + 1) % MAX_EXCHANGES;
        drop(log);
        drop(replaced);
    }

    /// Adds those of a request that was made for this call and for others.
    pub fn extend(&self, exchanges: &[Arc<dyn KeptExchange>]) {
        exchanges.iter().cloned().for_each(|exchange| self.push(exchange));
    }

    /// Those that stand here, from the oldest to the newest.
    pub fn all(&self) -> Vec<Arc<dyn KeptExchange>> {
        let log = lock(&self.0);
        let halves = log.as_ref().and_then(|ring| ring.kept.split_at_checked(ring.next));
        let (newer, older) = halves.unwrap_or_default();
        older.iter().chain(newer).flatten().cloned().collect()
    }

    /// Forgets them all.
    pub fn clear(&self) {
        drop(std::mem::take(&mut *lock(&self.0)));
    }

    /// The same error with the exchanges of its call, or those about one of its media, added to its own. Its own come
    /// first where there is not room for all: a segment that failed late may have been sent long before the others.
    pub fn attach(&self, mut error: Error, only: Option<MediaId>) -> Error {
        let mut all: Vec<Arc<dyn KeptExchange>> = Vec::new();
        let mut add = |exchange: &Arc<dyn KeptExchange>| {
            if !all.iter().any(|other| Arc::ptr_eq(exchange, other)) {
                all.push(exchange.clone());
            }
        };
        let mut link = Some(&error);
        while let Some(error) = link {
            error.exchanges.iter().rev().for_each(&mut add);
            link = error.cause.as_ref();
        }
        let others = self.all();
        others.iter().rev().filter(|kept| only.is_none() || kept.media_id() == only).for_each(&mut add);
        all.truncate(MAX_EXCHANGES);
        all.sort_by_key(|exchange| exchange.started_at());
        error.exchanges = all;
        error
    }
}
