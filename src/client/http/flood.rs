//! Ends connections on which bytes come without end that are not an answer: `100 Continue` again and again, for one.
//!
//! The HTTP library reads past such lines as long as there are any, and past the zeros before a chunk's size, and keeps the
//! worker thread busy with that: with several such connections neither timeouts nor calls to other servers get their turn.
//! So this is looked at from a thread of its own, which there is as long as somebody waits for an answer, and a while longer.
//! Which request waits on which connection is known only once its answer has begun, so what counts is how much came since the
//! last answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::sockets::{Ends, SocketNumber, system};
use crate::sync::lock;
use crate::system::fork::PerProcess;

/// So much may come on a connection before an answer begins.
const MAX_UNANSWERED_BYTES: u64 = 256 << 10;
/// So much may come of one answer, of whose body a MiB is read: in chunks of single bytes it takes six times as many. The
/// digits of a chunk's size may be endless zeros.
const MAX_ANSWER_BYTES: u64 = 8 << 20;
/// How often in a row more has to have come. A long answer, too, waits on a busy machine until it is read.
const MAX_UNANSWERED_LOOKS: u32 = 2;
/// With more connections, those that are closed are dropped, also while nobody waits.
const MAX_KNOWN: usize = 256;
/// How often the connections are looked at.
const INTERVAL: Duration = Duration::from_millis(100);
/// How long the thread stays when there is nothing to look at.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

static WATCH: PerProcess<FloodWatch> = PerProcess::new();

/// What is known of the connections of this process.
#[derive(Default)]
pub struct FloodWatch {
    /// Requests whose answer is not complete.
    waiting: AtomicUsize,
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
    /// How many answers have begun on it, and have ended: with an odd number, one is being read.
    begun_and_ended: Arc<AtomicU64>,
    /// That number when it was last looked at, and how many bytes had come until it last changed.
    known: u64,
    counted_from: u64,
    /// How often in a row more than enough had come since then.
    looks: u32,
}

/// A request that was sent, as long as this lives.
pub struct AwaitedAnswer {
    watch: Arc<FloodWatch>,
    begun: bool,
    /// The count of answers of its connection, where that is known.
    answers: Option<Arc<AtomicU64>>,
}

impl FloodWatch {
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
        AwaitedAnswer { watch: self.clone(), begun: false, answers: None }
    }

    /// Whether this connection was ended because of what came on it.
    pub fn has_ended(&self, ends: Ends) -> bool {
        lock(&self.state).ended.iter().any(|(ended, _)| *ended == ends)
    }

    fn answers_on(&self, ends: Ends) -> Option<Arc<AtomicU64>> {
        Some(lock(&self.state).connections.get(&ends)?.begun_and_ended.clone())
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
            if !connection.is_flooded(bytes) {
                return true;
            }
            ended.push((*ends, Instant::now()));
            system::end(socket, *ends);
            false
        });
    }
}

impl Received {
    /// Whether this look, at which so many bytes have come by now, is the one too many.
    fn is_flooded(&mut self, bytes: u64) -> bool {
        let limit = self.limit(bytes);
        let too_many = bytes.saturating_sub(self.counted_from) > limit;
        self.looks = if too_many { self.looks + 1 } else { 0 };
        self.looks >= MAX_UNANSWERED_LOOKS
    }

    /// How many bytes may come until another answer begins or ends, where so many have come by now.
    fn limit(&mut self, bytes: u64) -> u64 {
        let before = std::mem::replace(&mut self.known, self.begun_and_ended.load(Ordering::Relaxed));
        if self.known != before {
            self.counted_from = bytes;
        }
        let is_answering = self.known % 2 == 1;
        if is_answering { MAX_ANSWER_BYTES } else { MAX_UNANSWERED_BYTES }
    }
}

impl AwaitedAnswer {
    /// The answer has begun, on this connection.
    pub fn begun(&mut self, connection: Option<Ends>) {
        if !self.begun {
            self.begun = true;
            self.answers = connection.and_then(|ends| self.watch.answers_on(ends));
            self.count();
        }
    }

    /// Counts its beginning or its end.
    fn count(&self) {
        if let Some(answers) = &self.answers {
            answers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for AwaitedAnswer {
    fn drop(&mut self) {
        self.count();
        self.watch.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
