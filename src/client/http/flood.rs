//! Ends connections on which bytes come without end before an answer begins: `100 Continue` again and again, for one.
//!
//! The HTTP library reads past such lines as long as there are any, and keeps the worker thread busy with that: with
//! several such connections neither timeouts nor calls to other servers get their turn. So this is looked at from a
//! thread of its own, which there is only while somebody waits for the first answer of a new connection.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::sockets::{Ends, system};
use crate::sync::lock;
use crate::system::fork::PerProcess;

/// No head of an answer is nearly as long; the library itself ends at half of it, where it is all one head.
const MAX_BYTES_BEFORE_ANSWER: u64 = 1 << 20;
/// How often the connections are looked at.
const INTERVAL: Duration = Duration::from_millis(100);
/// How long the thread stays when there is nothing to look at.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

static WATCH: PerProcess<Watch> = PerProcess::new();

#[derive(Default)]
struct Watch {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    awaited: HashMap<u64, (Ends, Arc<AtomicBool>)>,
    next_key: u64,
    running: bool,
}

/// An answer is awaited on a new connection, as long as this lives.
pub struct AwaitedAnswer {
    watch: Arc<Watch>,
    key: u64,
    flooded: Arc<AtomicBool>,
}

impl AwaitedAnswer {
    /// Has the connection looked at.
    pub fn new(ends: Ends) -> Self {
        let watch = WATCH.get_or_default();
        let flooded = Arc::new(AtomicBool::new(false));
        let mut state = lock(&watch.state);
        let key = state.next_key;
        state.next_key += 1;
        state.awaited.insert(key, (ends, flooded.clone()));
        if state.running {
            watch.changed.notify_one();
        } else {
            let watched = watch.clone();
            let started = thread::Builder::new().name("xmedia-watch".to_owned()).spawn(move || watched.run());
            // Without the thread there are still the timeouts.
            state.running = started.is_ok();
        }
        drop(state);
        AwaitedAnswer { watch, key, flooded }
    }

    /// Whether the connection was ended because of what came on it.
    pub fn flooded(&self) -> bool {
        self.flooded.load(Ordering::Relaxed)
    }
}

impl Drop for AwaitedAnswer {
    fn drop(&mut self) {
        lock(&self.watch.state).awaited.remove(&self.key);
    }
}

impl Watch {
    fn run(&self) {
        loop {
            let state = lock(&self.state);
            let waited = self.changed.wait_timeout_while(state, IDLE_TIMEOUT, |state| state.awaited.is_empty());
            let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if state.awaited.is_empty() {
                state.running = false;
                return;
            }
            drop(state);
            thread::sleep(INTERVAL);
            let awaited: HashMap<Ends, Arc<AtomicBool>> = lock(&self.state).awaited.values().cloned().collect();
            if !awaited.is_empty() {
                system::end_floods(&awaited, MAX_BYTES_BEFORE_ANSWER);
            }
        }
    }
}
