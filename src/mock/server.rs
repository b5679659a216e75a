//! The server: its thread and what a test asks of it.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc as std_mpsc};
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::sync::mpsc;

use crate::client::limits::AppLimits;
use crate::client::model::{ApiVersion, CommandName, MediaId};
use crate::mock::access::ControlAccess;
use crate::mock::net::acceptor::{Acceptor, bind};
use crate::mock::net::tls;
use crate::mock::options::{Options, Step};
use crate::mock::replay::Replay;
use crate::mock::request_log::RecordedRequest;
use crate::mock::script::Item;
use crate::mock::shared::{Control, Shared};
use crate::mock::state::rejection::Rejection;
use crate::mock::state::server_state::State;
use crate::mock::state::upload::{MediaRecord, NewMedia};
use crate::sync::lock;

/// Bodies are read up to what the largest media needs in base64, and the parameters beside it.
const MIN_BODY_MEDIA_BYTES: u64 = 16 * 1024 * 1024;
const BODY_EXTRA_BYTES: u64 = 1024 * 1024;

/// A running server; it ends when it is closed or dropped.
pub struct MockServer {
    /// `None` only while it is dropped.
    inner: Option<Inner>,
    /// The process that runs the thread; a forked child has a copy of this value, but no thread.
    pid: u32,
}

struct Inner {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    address: SocketAddr,
    url: String,
    ca_pem: Option<String>,
}

impl MockServer {
    /// Starts a server. It listens when this returns.
    pub fn start(options: Options) -> io::Result<Self> {
        let address = (options.host.as_str(), options.port).to_socket_addrs()?.next();
        let address = address.ok_or_else(|| io::Error::other(format!("{} has no address", options.host)))?;
        let listener: TcpListener = bind(address, true)?.into();
        let address = listener.local_addr()?;
        let authority = options.tls.then(|| tls::authority(names(&options.host, address))).transpose()?;
        let (control, controls) = mpsc::unbounded_channel();
        let media_max = options.max_segment_bytes.max(MIN_BODY_MEDIA_BYTES);
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(&options)),
            replay: Mutex::new(None),
            control,
            accepted: AtomicU64::new(0),
            open: AtomicU64::new(0),
            responses: AtomicU64::new(0),
            closing: AtomicBool::new(false),
            verify_auth: options.verify_auth,
            access: ControlAccess { host: options.host.clone(), token: control_token(address) },
            body_max: usize::try_from(media_max.saturating_add(media_max / 3).saturating_add(BODY_EXTRA_BYTES))
                .unwrap_or(usize::MAX),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (acceptor, ca_pem) = authority.map(|authority| (authority.acceptor, authority.ca_pem)).unzip();
        let acceptor = Acceptor { shared: Arc::clone(&shared), controls, acceptor, address };
        let thread = std::thread::Builder::new().name("xmedia-mock".into()).spawn(move || {
            runtime.block_on(acceptor.run(listener));
            // With the runtime go all connections, whatever they are waiting for.
        })?;
        let scheme = if options.tls { "https" } else { "http" };
        let url = format!("{scheme}://{}:{}", host_in_url(&options.host, address), address.port());
        // The address may be that of a server before it, which had an app's day used up.
        AppLimits::forget(&url);
        let inner = Inner { shared, thread: Mutex::new(Some(thread)), address, url, ca_pem };
        Ok(MockServer { inner: Some(inner), pid: std::process::id() })
    }

    /// Whether this process runs the server, rather than being forked from the one that does.
    pub fn is_ours(&self) -> bool {
        self.pid == std::process::id()
    }

    /// Where to reach it, without a slash at the end.
    pub fn url(&self) -> &str {
        self.inner.as_ref().map_or("", |inner| inner.url.as_str())
    }

    /// The address it listens on.
    pub fn address(&self) -> Option<SocketAddr> {
        self.inner.as_ref().map(|inner| inner.address)
    }

    /// What the control routes want to see, if the server listens beyond loopback.
    pub fn control_token(&self) -> Option<&str> {
        self.inner.as_ref()?.shared.access.token.as_deref()
    }

    /// The authority's certificate, with TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.inner.as_ref()?.ca_pem.as_deref()
    }

    /// Scripts what happens to the next requests of a command.
    pub fn script(&self, command: CommandName, items: impl IntoIterator<Item = Item>) {
        self.with_state((), |state| state.script.push(command, items));
    }

    /// How many controls still wait for requests of a command.
    pub fn scripted(&self, command: CommandName) -> usize {
        self.with_state(0, |state| state.script.waiting(command))
    }

    /// Acts a recording out in place of the server's own answers, with the recorded delays divided by `speed`, or with
    /// none. Returns the version of the API that was spoken first. An error says what is wrong with the recording.
    pub fn replay(&self, har: &[u8], speed: Option<f64>) -> Result<Option<ApiVersion>, String> {
        let replay = Replay::read(har, speed)?;
        let api = replay.api();
        let refused = replay.refuses_first();
        self.end_replay();
        if let Some(inner) = self.inner.as_ref().filter(|_| self.is_ours()) {
            *lock(&inner.shared.replay) = Some(replay);
        }
        if let Some(time) = refused {
            let until = time.and_then(|time| Instant::now().checked_add(time));
            self.order(|done| Control::Down { until, done: Some(done) });
        }
        Ok(api)
    }

    /// Listens again, if a recording has ended that.
    fn end_replay(&self) {
        let inner = self.inner.as_ref().filter(|_| self.is_ours());
        if inner.is_some_and(|inner| lock(&inner.shared.replay).take().is_some()) {
            self.come_up();
        }
    }

    /// Gives every request one of these items with this probability.
    pub fn chaos(&self, seed: u64, rate: f64, items: Vec<Item>) {
        self.with_state((), |state| state.script.set_chaos(seed, rate, items));
    }

    /// The requests so far, in order of arrival.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.with_state(Vec::new(), |state| state.request_log.recorded())
    }

    /// The commands so far, in order of arrival.
    pub fn commands(&self) -> Vec<CommandName> {
        self.with_state(Vec::new(), |state| state.request_log.commands())
    }

    /// An upload.
    pub fn media(&self, id: MediaId) -> Option<MediaRecord> {
        let (mut record, contents) = self.with_state(None, |state| {
            let upload = state.upload(id)?;
            Some((upload.record(Instant::now()), upload.contents()))
        })?;
        record.sha256 = contents.sha256();
        Some(record)
    }

    /// The ids of all uploads.
    pub fn media_ids(&self) -> Vec<MediaId> {
        self.with_state(Vec::new(), |state| state.uploads().map(|upload| upload.id).collect())
    }

    /// Puts media in, complete and ready for FINALIZE.
    pub fn add_media(&self, id: MediaId, media: NewMedia) -> Result<(), String> {
        self.with_state(Ok(()), |state| {
            state.add(id, media, Instant::now()).map_err(|rejection| match rejection {
                Rejection::Invalid { message, .. } => message,
                _ => "There is no such media_type.".to_owned(),
            })
        })
    }

    /// Changes the steps of processing of uploads that begin from now on.
    pub fn set_processing(&self, steps: Vec<Step>) {
        self.with_state((), |state| state.set_processing(steps));
    }

    /// Sets the server's clock ahead of the machine's by so many seconds.
    pub fn set_clock_offset(&self, seconds: f64) {
        self.with_state((), |state| state.clock_offset = seconds);
    }

    /// Makes every OAuth 2.0 access token and every code invalid; refresh tokens stay valid.
    pub fn expire_tokens(&self) {
        self.with_state((), |state| state.accounts.logins.expire());
    }

    /// Plays the user of an authorization page: where the browser is sent. An error says what is wrong with the page's
    /// address.
    pub fn authorize(&self, url: &str, deny: bool) -> Result<String, String> {
        self.with_state(Err("the server is closed".to_owned()), |state| {
            let now = state.wall();
            state.accounts.logins.authorize(url, deny, now)
        })
    }

    /// Has a refresh token that is used twice end its login.
    pub fn set_revoke_on_reuse(&self, on: bool) {
        self.with_state((), |state| state.accounts.logins.revoke_on_reuse = on);
    }

    /// Forgets requests, media, controls and the recording; counters of connections stay.
    pub fn reset(&self) {
        self.end_replay();
        self.with_state((), State::reset);
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.inner.as_ref().map_or(0, |inner| inner.shared.accepted.load(Ordering::Relaxed))
    }

    /// Connections that are open.
    pub fn open_connections(&self) -> u64 {
        self.inner.as_ref().map_or(0, |inner| inner.shared.open.load(Ordering::Relaxed))
    }

    /// Refuses connections from now on and drops those that are open.
    pub fn go_down(&self) {
        self.order(|done| Control::Down { until: None, done: Some(done) });
    }

    /// Accepts connections again.
    pub fn come_up(&self) {
        self.order(|done| Control::Up { done });
    }

    /// Drops all connections, as a server does with idle ones.
    pub fn drop_connections(&self) {
        self.order(|done| Control::DropConnections { done });
    }

    /// Ends the server and all its connections. In a forked child nothing happens.
    pub fn close(&self) {
        let Some(inner) = self.inner.as_ref().filter(|_| self.is_ours()) else { return };
        let thread = lock(&inner.thread).take();
        if let Some(thread) = thread {
            inner.shared.closing.store(true, Ordering::Relaxed);
            // If the thread is gone already, there is nothing left to end.
            let _ = inner.shared.control.send(Control::Shutdown);
            let _ = thread.join();
        }
    }

    /// The state if this process has it. A forked child has a copy whose lock may be held by nobody.
    fn with_state<T>(&self, otherwise: T, read: impl FnOnce(&mut State) -> T) -> T {
        match self.inner.as_ref().filter(|_| self.is_ours()) {
            Some(inner) => read(&mut inner.shared.state()),
            None => otherwise,
        }
    }

    /// Sends the thread a command and waits until it is done.
    fn order(&self, control: impl FnOnce(std_mpsc::Sender<()>) -> Control) {
        let Some(inner) = self.inner.as_ref().filter(|_| self.is_ours()) else { return };
        let (done, wait) = std_mpsc::channel();
        if inner.shared.control.send(control(done)).is_ok() {
            // An error means that the thread has ended.
            let _ = wait.recv();
        }
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        if self.is_ours() {
            self.close();
        } else {
            // Dropping the copies of channel and thread handle would reach into the parent's runtime.
            std::mem::forget(self.inner.take());
        }
    }
}

/// A token for the control routes of a server that other machines can reach.
fn control_token(address: SocketAddr) -> Option<String> {
    (!address.ip().is_loopback()).then(|| format!("{:032x}", rand::random::<u128>()))
}

/// The host as a client writes it: one that can be connected to.
fn host_in_url(host: &str, address: SocketAddr) -> String {
    match address {
        _ if address.ip().is_unspecified() && address.is_ipv4() => "127.0.0.1".into(),
        _ if address.ip().is_unspecified() => "[::1]".into(),
        _ if host.contains(':') => format!("[{host}]"),
        _ => host.to_owned(),
    }
}

/// What the certificate is for.
fn names(host: &str, address: SocketAddr) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    for name in [host.to_owned(), address.ip().to_string()] {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
