//! A check that takes long is a phase of the upload's progress; one that does not is none.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use xmedia::client::auth::Account;
use xmedia::client::call::{Hooks, QueuePosition, TokenProvider};
use xmedia::client::config::{CheckMode, Options, TransportOptions};
use xmedia::client::error::{Error, Result};
use xmedia::client::inspect::ReadBytes;
use xmedia::client::model::ApiVersion;
use xmedia::client::observer::{Observer, Phase, Progress};
use xmedia::client::protocol::{Request, Response};
use xmedia::client::upload::source::{Content, ReadAt, Source};
use xmedia::client::upload::{Upload, UploadOptions};
use xmedia::client::{Client, HttpBackend, Transport, TransportFailure};

use crate::support::{credentials, plain_options};

/// Bytes that come this late to whoever looks at them.
#[derive(Clone)]
struct Slow(Duration);

const DATA: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08mdat";

impl ReadAt for Slow {
    fn total_bytes(&self) -> u64 {
        DATA.len() as u64
    }

    fn read_at(&self, _: u64, _: usize) -> BoxFuture<'static, Result<Bytes>> {
        Box::pin(std::future::ready(Ok(Bytes::from_static(DATA))))
    }

    fn inspectable(self: Arc<Self>) -> Option<Box<dyn ReadBytes + Send>> {
        Some(Box::new(Slow(self.0)))
    }
}

impl ReadBytes for Slow {
    fn total_bytes(&self) -> u64 {
        DATA.len() as u64
    }

    fn read_some(&mut self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        std::thread::sleep(std::mem::take(&mut self.0));
        let mut data = DATA;
        data.read_some(offset, buffer)
    }
}

struct Nowhere;

impl HttpBackend for Nowhere {
    fn exchange<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Response, TransportFailure>> {
        let error = Error::invalid_input("there is no server");
        Box::pin(std::future::ready(Err(TransportFailure { error, reused: false })))
    }
}

#[derive(Default)]
struct Seen(Mutex<Vec<Phase>>);

impl Observer for Seen {
    fn progress(&self, progress: Progress) -> BoxFuture<'_, Result<()>> {
        self.0.lock().unwrap().push(progress.phase);
        Box::pin(std::future::ready(Ok(())))
    }

    fn wants_progress(&self) -> bool {
        true
    }

    fn warn(&self, _: String) {}
}

impl TokenProvider for Seen {}
impl QueuePosition for Seen {}

fn phases(delay: Duration) -> Vec<Phase> {
    let transport = Transport::over(Arc::new(TransportOptions::default()), Box::new(Nowhere));
    let account = Account::new(credentials());
    let options = Options { check: CheckMode::Warn, ..plain_options(ApiVersion::V2) };
    let client = Client::new(Arc::new(transport), Arc::new(account), Arc::new(options)).unwrap();
    let source = Source { name: None, total_bytes: None, content: Content::Sized(Arc::new(Slow(delay))) };
    let seen = Seen::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let upload = Upload { source, options: UploadOptions::default() };
    assert!(runtime.block_on(client.upload(upload, Hooks::from(&seen))).is_err());
    seen.0.into_inner().unwrap()
}

#[test]
fn a_check_that_takes_long_is_a_phase() {
    assert_eq!(vec![Phase::Check, Phase::Upload], phases(Duration::from_millis(400)));
}

#[test]
fn a_check_that_does_not_is_none() {
    assert_eq!(vec![Phase::Upload], phases(Duration::ZERO));
}
