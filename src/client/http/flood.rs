//! Ends connections on which bytes come without end that are not an answer: `100 Continue` again and again, for one.
//!
//! The HTTP library reads past such lines as long as there are any, and keeps the worker thread busy with that: with
//! several such connections neither timeouts nor calls to other servers get their turn. So this is looked at from a
//! thread of its own, which there is as long as somebody waits for an answer, and a while longer. What came on a connection
//! is held against what was read as answers on all of them meanwhile: which request has which connection is not known, and
//! where answers are read there is nothing to mend.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::sockets::{Ends, SocketNumber, system};
use crate::sync::lock;
use crate::system::fork::PerProcess;

/// What no answer accounts for may be this much.
const MAX_UNREAD_BYTES: u64 = 1 << 20;
/// What an answer accounts for besides its head and its body: what TLS and others need.
const OVERHEAD: u64 = 4 << 10;
/// How many bytes may come for one of a head, with blanks and line ends, and for one of a body, in the smallest of chunks.
const BYTES_PER_HEAD_BYTE: u64 = 2;
const BYTES_PER_BODY_BYTE: u64 = 8;
/// With more connections it is looked which of them are still open, also where nobody waits.
const MAX_KNOWN: usize = 256;
/// How often the connections are looked at.
const INTERVAL: Duration = Duration::from_millis(100);
/// How long the thread stays when there is nothing to look at.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

static WATCH: PerProcess<Watch> = PerProcess::new();

/// What is known of the connections of this process.
#[derive(Default)]
pub struct Watch {
    /// Requests whose answer has not begun.
    waiting: AtomicUsize,
    /// How many bytes the answers account for that were read since the last look.
    answered_bytes: AtomicU64,
    running: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connections: HashMap<Ends, Received>,
    /// Those that were ended, as long as a request may ask.
    ended: Vec<(Ends, Instant)>,
}

/// What came on a connection.
#[derive(Default)]
struct Received {
    socket: Option<SocketNumber>,
    bytes: u64,
    /// What no answer accounts for.
    unread: u64,
}

/// A request that was sent, as long as this lives.
pub struct AwaitedAnswer {
    watch: Arc<Watch>,
    begun: bool,
}

impl Watch {
    /// The one of this process.
    pub fn of_this_process() -> Arc<Self> {
        WATCH.get_or_default()
    }

    /// Has a connection that was just made looked at, as long as there is one.
    pub fn made(&self, ends: Ends) {
        lock(&self.state).connections.entry(ends).or_default();
    }

    /// A request is sent.
    pub fn sent(self: &Arc<Self>) -> AwaitedAnswer {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if !self.running.load(Ordering::Acquire) && !self.running.swap(true, Ordering::AcqRel) {
            let watch = self.clone();
            let started = thread::Builder::new().name("xmedia-watch".to_owned()).spawn(move || watch.run());
            // Without the thread there are still the timeouts.
            self.running.store(started.is_ok(), Ordering::Release);
        }
        AwaitedAnswer { watch: self.clone(), begun: false }
    }

    /// Whether this connection was ended because of what came on it.
    pub fn has_ended(&self, ends: Ends) -> bool {
        lock(&self.state).ended.iter().any(|(ended, _)| *ended == ends)
    }

    fn run(&self) {
        let mut idle_since = Instant::now();
        loop {
            thread::sleep(INTERVAL);
            let many = lock(&self.state).connections.len() > MAX_KNOWN;
            if many || self.waiting.load(Ordering::Relaxed) > 0 {
                idle_since = Instant::now();
                self.look();
            } else if idle_since.elapsed() > IDLE_TIMEOUT {
                self.running.store(false, Ordering::Release);
                // A request that was sent just now has found the thread running.
                if self.waiting.load(Ordering::Acquire) == 0 || self.running.swap(true, Ordering::AcqRel) {
                    return;
                }
            }
        }
    }

    fn look(&self) {
        let answered = self.answered_bytes.swap(0, Ordering::Relaxed);
        let mut state = lock(&self.state);
        let State { connections, ended } = &mut *state;
        ended.retain(|(_, at)| at.elapsed() < IDLE_TIMEOUT);
        if connections.values().any(|connection| connection.socket.is_none()) {
            let open = system::numbers();
            for (ends, connection) in connections.iter_mut() {
                connection.socket = connection.socket.or_else(|| open.get(ends).copied());
            }
        }
        connections.retain(|ends, connection| {
            let Some((socket, bytes)) =
                connection.socket.and_then(|socket| Some((socket, system::received(socket, *ends)?)))
            else {
                // It was closed.
                return false;
            };
            let new = bytes.saturating_sub(connection.bytes);
            connection.bytes = bytes;
            connection.unread = (connection.unread + new).saturating_sub(answered);
            if connection.unread <= MAX_UNREAD_BYTES {
                return true;
            }
            ended.push((*ends, Instant::now()));
            system::end(socket, *ends);
            false
        });
    }
}

impl AwaitedAnswer {
    /// The answer has begun, with a head of so many bytes.
    pub fn begun(&mut self, head_bytes: usize) {
        if !self.begun {
            self.begun = true;
            self.watch.waiting.fetch_sub(1, Ordering::Relaxed);
            self.account_for(OVERHEAD + BYTES_PER_HEAD_BYTE * head_bytes as u64);
        }
    }

    /// So many bytes of its body were read.
    pub fn read(&self, body_bytes: usize) {
        self.account_for(BYTES_PER_BODY_BYTE * body_bytes as u64);
    }

    fn account_for(&self, bytes: u64) {
        self.watch.answered_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for AwaitedAnswer {
    fn drop(&mut self) {
        if !self.begun {
            self.watch.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
