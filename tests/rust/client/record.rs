//! The recorder: bounded in memory and on disk, and never waited for.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use xmedia::client::config::RecordDirectory;
use xmedia::client::kept_exchange::{ExchangeText, KeptExchange, Secrets};
use xmedia::client::model::MediaId;
use xmedia::client::record::Recorder;

/// Settling concerns all recorders of the process, so that these tests take turns.
static TURN: Mutex<()> = Mutex::new(());

/// An exchange with a body of so many bytes, that is not made into text before it is let go.
#[derive(Debug)]
struct Fake {
    body: usize,
    held: Arc<AtomicBool>,
}

impl KeptExchange for Fake {
    fn media_id(&self) -> Option<MediaId> {
        None
    }

    fn started_at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn size(&self) -> usize {
        self.body
    }

    fn add_secrets(&self, _: &mut Secrets) {}

    fn text(&self, _: &Secrets, _: usize) -> ExchangeText {
        while self.held.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
        ExchangeText {
            command: "STATUS".into(),
            media_id: None,
            attempt: 1,
            method: "GET".into(),
            url: "https://x.test/".into(),
            request_headers: Vec::new(),
            request_body: None,
            sha256: None,
            status: Some(200),
            response_headers: Vec::new(),
            response_body: Some("x".repeat(self.body)),
            response_body_bytes: None,
            outline: None,
            error: None,
            started_at: SystemTime::UNIX_EPOCH,
            duration: Duration::ZERO,
            bytes_sent: 0,
        }
    }
}

/// The logs of all files of a directory, by name.
fn logs(directory: &Path) -> Vec<Value> {
    let mut paths: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &_| serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap();
    paths.iter().map(|path| read(path)["log"].take()).collect()
}

fn count(log: &Value) -> usize {
    log["entries"].as_array().unwrap().len()
}

#[test]
fn what_the_disk_cannot_follow_is_dropped_and_counted_and_nobody_waits() {
    let _turn = TURN.lock();
    let directory = tempfile::tempdir().unwrap();
    let recorder = Recorder::of(&RecordDirectory::open(directory.path()).unwrap());
    let held = Arc::new(AtomicBool::new(true));
    let fake = |body| Arc::new(Fake { body, held: held.clone() });
    recorder.record(fake(1));
    // The thread has taken it, and is kept busy with it.
    std::thread::sleep(Duration::from_millis(50));
    let started = Instant::now();
    for _ in 0..6000 {
        recorder.record(fake(1));
    }
    recorder.record(fake(40 << 20));
    assert!(started.elapsed() < Duration::from_secs(1));
    assert!(recorder.take_warning().unwrap().contains("some are left out"));
    assert_eq!(None, recorder.take_warning());
    held.store(false, Ordering::Relaxed);
    Recorder::settle_all(Duration::from_secs(20));
    let logs = logs(directory.path());
    assert_eq!(vec![1 + 4096], logs.iter().map(count).collect::<Vec<_>>());
    assert_eq!(Some(6000 - 4096 + 1), logs[0]["_dropped"].as_u64());
}

#[test]
fn large_bodies_count_by_their_size() {
    let _turn = TURN.lock();
    let directory = tempfile::tempdir().unwrap();
    let recorder = Recorder::of(&RecordDirectory::open(directory.path()).unwrap());
    let held = Arc::new(AtomicBool::new(true));
    recorder.record(Arc::new(Fake { body: 1, held: held.clone() }));
    std::thread::sleep(Duration::from_millis(50));
    for _ in 0..40 {
        recorder.record(Arc::new(Fake { body: 1 << 20, held: held.clone() }));
    }
    assert!(recorder.take_warning().is_some());
    held.store(false, Ordering::Relaxed);
    Recorder::settle_all(Duration::from_secs(20));
}

#[test]
fn a_file_that_is_full_is_followed_by_another() {
    let _turn = TURN.lock();
    let directory = tempfile::tempdir().unwrap();
    let recorder = Recorder::of(&RecordDirectory::open(directory.path()).unwrap());
    let held = Arc::new(AtomicBool::new(false));
    for _ in 0..18 {
        for _ in 0..7 {
            recorder.record(Arc::new(Fake { body: 1 << 20, held: held.clone() }));
        }
        Recorder::settle_all(Duration::from_secs(20));
    }
    let sizes: Vec<_> =
        fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).collect();
    assert_eq!(2, sizes.len());
    assert!(sizes.iter().all(|size| *size <= 64 << 20), "{sizes:?}");
    assert_eq!(18 * 7, logs(directory.path()).iter().map(count).sum::<usize>());
}

#[test]
fn a_directory_has_one_recorder_in_a_process() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Recorder::of(&RecordDirectory::open(directory.path()).unwrap());
    let (one, other) = (open(), open());
    assert!(Arc::ptr_eq(&one, &other));
}
