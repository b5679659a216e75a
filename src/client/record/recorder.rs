//! Keeps the exchanges of all calls in files of a directory (docs/how/record.md#files-of-all-calls).
//!
//! A call hands its exchange over and goes on: what is queued is bounded in number and in size, what has no room is
//! dropped and counted. One thread for each directory and process makes text of it, without secrets, and writes. Between
//! two writes it pauses the longer the more it wrote, since each writes the whole file anew.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use super::files::RecordFiles;
use super::har;
use crate::client::config::RecordDirectory;
use crate::client::kept_exchange::{KeptExchange, Secrets};
use crate::sync::{lock, unpoisoned};
use crate::system::fork::PerProcess;

/// How many exchanges may wait to be written, and how many bytes of bodies they may have in all.
const MAX_QUEUED: usize = 4096;
const MAX_QUEUED_BYTES: usize = 32 << 20;
/// Bodies are kept this far.
const MAX_BODY_BYTES: usize = 64 << 10;
/// How much text may wait for a disk that fails.
const MAX_PENDING_BYTES: usize = 8 << 20;
/// The pause after each write: this, and a second for so many bytes.
const MIN_PAUSE: Duration = Duration::from_millis(50);
const BYTES_PER_SECOND: f64 = 16e6;
/// The pause after a write that failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How many secrets are remembered: those of many accounts, and the tokens of a few days.
const MAX_SECRETS: usize = 4096;

/// The recorders of this process.
static RECORDERS: PerProcess<Mutex<HashMap<PathBuf, Weak<Recorder>>>> = PerProcess::new();

/// Takes exchanges, and has them written.
pub struct Recorder(Arc<Shared>);

struct Shared {
    directory: PathBuf,
    files: Arc<Mutex<RecordFiles>>,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    exchanges: Vec<Arc<dyn KeptExchange>>,
    bytes: usize,
    dropped: u64,
    /// Exchanges were taken out that are not in the file yet.
    writing: bool,
    /// Somebody waits until all is written.
    hurry: bool,
    /// The thread waits for exchanges.
    idle: bool,
    /// Nobody can hand over any more.
    closed: bool,
    started: bool,
    /// What the program's log should say.
    warning: Option<String>,
}

impl Recorder {
    /// The recorder of this directory, the same for all in this process.
    pub fn of(directory: &RecordDirectory) -> Arc<Self> {
        let recorders = RECORDERS.get_or_default();
        let mut recorders = lock(&recorders);
        if let Some(recorder) = recorders.get(directory.path()).and_then(Weak::upgrade) {
            return recorder;
        }
        recorders.retain(|_, recorder| recorder.strong_count() > 0);
        let shared = Shared {
            directory: directory.path().to_owned(),
            files: RecordFiles::of(directory.path()),
            queue: Mutex::default(),
            changed: Condvar::new(),
        };
        let recorder = Arc::new(Recorder(Arc::new(shared)));
        recorders.insert(directory.path().to_owned(), Arc::downgrade(&recorder));
        recorder
    }

    /// Hands an exchange over; one for which there is no room is dropped.
    pub fn record(&self, exchange: Arc<dyn KeptExchange>) {
        let bytes = exchange.size();
        let mut queue = lock(&self.0.queue);
        if queue.exchanges.len() >= MAX_QUEUED || queue.bytes + bytes > MAX_QUEUED_BYTES {
            queue.dropped += 1;
            if queue.dropped == 1 {
                queue.warn("exchanges came faster than they could be recorded: some are left out".to_owned());
            }
            return;
        }
        queue.bytes += bytes;
        queue.exchanges.push(exchange);
        if !std::mem::replace(&mut queue.started, true) {
            let shared = self.0.clone();
            let spawned = std::thread::Builder::new().name("xmedia-record".to_owned()).spawn(move || shared.run());
            if let Err(error) = spawned {
                queue.started = false;
                queue.warn(format!("nothing can be recorded, since there is no thread for it: {error}"));
            }
        }
        if std::mem::take(&mut queue.idle) {
            drop(queue);
            self.0.changed.notify_all();
        }
    }

    /// What the program's log should say, once.
    pub fn take_warning(&self) -> Option<String> {
        lock(&self.0.queue).warning.take()
    }

    /// Whether all that was handed over is in the file, or cannot be written.
    pub fn is_settled(&self) -> bool {
        lock(&self.0.queue).is_settled()
    }

    /// Has the pause between two writes left out.
    pub fn hurry(&self) {
        lock(&self.0.queue).hurry = true;
        self.0.changed.notify_all();
    }

    /// Waits until all that was handed over to any recorder of this process is in its file.
    pub fn settle_all(timeout: Duration) {
        let until = Instant::now() + timeout;
        let recorders: Vec<_> = lock(&RECORDERS.get_or_default()).values().filter_map(Weak::upgrade).collect();
        for recorder in recorders {
            recorder.hurry();
            let left = until.saturating_duration_since(Instant::now());
            let queue = lock(&recorder.0.queue);
            drop(recorder.0.changed.wait_timeout_while(queue, left, |queue| !queue.is_settled()));
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        lock(&self.0.queue).closed = true;
        self.0.changed.notify_all();
    }
}

impl Queue {
    fn is_settled(&self) -> bool {
        self.exchanges.is_empty() && !self.writing
    }

    fn warn(&mut self, text: String) {
        self.warning.get_or_insert(text);
    }
}

impl Shared {
    /// The thread's work: ends when nobody can hand over any more and all is written.
    fn run(&self) {
        let mut written_as_dropped = 0;
        let mut secrets = Secrets::new();
        let mut pending = String::new();
        let mut failed = false;
        while let Some((exchanges, mut dropped)) = self.take() {
            for exchange in exchanges {
                exchange.add_secrets(&mut secrets);
                secrets.drain(..secrets.len().saturating_sub(MAX_SECRETS));
                let entry = har::entry(&exchange.text(&secrets, MAX_BODY_BYTES)).to_string();
                if pending.len() + entry.len() > MAX_PENDING_BYTES {
                    dropped = self.count_dropped();
                    continue;
                }
                if !pending.is_empty() {
                    pending.push_str(har::BETWEEN);
                }
                pending.push_str(&entry);
            }
            if pending.is_empty() {
                self.end_write(Duration::ZERO);
                continue;
            }
            let written = lock(&self.files).write(&pending, dropped - written_as_dropped);
            let pause = match &written {
                Ok(bytes) => MIN_PAUSE + Duration::from_secs_f64(*bytes as f64 / BYTES_PER_SECOND),
                Err(_) => PAUSE_AFTER_FAILURE,
            };
            match written {
                Ok(_) => {
                    pending.clear();
                    written_as_dropped = dropped;
                    failed = false;
                }
                // Said once, until it goes on.
                Err(error) if !std::mem::replace(&mut failed, true) => {
                    let directory = self.directory.display();
                    self.queue().warn(format!("what was sent cannot be recorded in {directory}: {error}"));
                }
                Err(_) => {}
            }
            self.end_write(pause);
        }
        lock(&self.files).rest();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }

    /// Waits for exchanges; nothing if none can come any more.
    fn take(&self) -> Option<(Vec<Arc<dyn KeptExchange>>, u64)> {
        let waited = self.changed.wait_while(self.queue(), |queue| {
            queue.idle = queue.exchanges.is_empty() && !queue.closed;
            queue.idle
        });
        let mut queue = unpoisoned(waited);
        if queue.exchanges.is_empty() {
            return None;
        }
        queue.writing = true;
        queue.bytes = 0;
        Some((std::mem::take(&mut queue.exchanges), queue.dropped))
    }

    fn count_dropped(&self) -> u64 {
        let mut queue = self.queue();
        queue.dropped += 1;
        queue.dropped
    }

    /// Pauses, unless somebody waits.
    fn end_write(&self, pause: Duration) {
        let mut queue = self.queue();
        queue.writing = false;
        self.changed.notify_all();
        if queue.is_settled() {
            queue.hurry = false;
        }
        drop(self.changed.wait_timeout_while(queue, pause, |queue| !queue.hurry && !queue.closed));
    }
}
