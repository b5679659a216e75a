//! What a client holds beside the program's callbacks: options and credentials, which never change, and the core client,
//! which is made anew in a forked child.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::client::config::{Options, Retry, TransportOptions};
use crate::client::error::{Error, Result};
use crate::client::stats::{Counters, Stats};
use crate::client::{Client as Core, Transport};
use crate::python::auth::AuthState;
use crate::python::process::shutdown;
use crate::system::fork::PerProcess;

/// The connections that several clients share.
pub struct Connections {
    options: Arc<TransportOptions>,
    transport: PerProcess<Transport>,
    /// How many clients that are not closed share them.
    clients: AtomicUsize,
}

impl Connections {
    /// Connections with these options; none is open yet.
    pub fn new(options: TransportOptions) -> Self {
        Connections { options: Arc::new(options), transport: PerProcess::default(), clients: AtomicUsize::new(0) }
    }

    /// The options.
    pub fn options(&self) -> &TransportOptions {
        &self.options
    }
}

/// The state of a client.
pub struct ClientState {
    connections: Arc<Connections>,
    auth: Arc<AuthState>,
    options: Arc<Options>,
    closed: AtomicBool,
    core: PerProcess<Core>,
    counters: PerProcess<Arc<Counters>>,
}

impl ClientState {
    /// The state of a new client on these connections.
    pub fn new(connections: Arc<Connections>, auth: Arc<AuthState>, options: Options) -> Result<Self> {
        options.retry.iter().try_for_each(Retry::validate)?;
        connections.clients.fetch_add(1, Ordering::AcqRel);
        let state = ClientState {
            connections,
            auth,
            options: Arc::new(options),
            closed: AtomicBool::new(false),
            core: PerProcess::default(),
            counters: PerProcess::default(),
        };
        state.core()?;
        Ok(state)
    }

    /// The core client of this process. An error if it was closed.
    pub fn core(&self) -> Result<Arc<Core>> {
        if self.closed() {
            return Err(Error::closed());
        }
        self.core.get_or_try_make(|| {
            let make = || Ok::<_, Error>(Transport::new(self.connections.options.clone()));
            let transport = self.connections.transport.get_or_try_make(make)?;
            let core = Core::new(transport, self.auth.make_account()?, self.options.clone())?;
            self.counters.get_or_try_make(|| Ok::<_, Error>(core.stats().clone()))?;
            if self.auth.can_refresh() || self.options.record.is_some() {
                shutdown::wait_for_refreshes_at_exit();
            }
            Ok(core)
        })
    }

    /// The core client, if this process has it and it was not closed.
    pub fn existing_core(&self) -> Option<Arc<Core>> {
        self.core.get()
    }

    /// The connections.
    pub fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }

    /// The credentials.
    pub fn auth(&self) -> &Arc<AuthState> {
        &self.auth
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What was counted so far.
    pub fn stats(&self) -> Stats {
        self.counters.get().map(|counters| counters.now()).unwrap_or_default()
    }

    /// Whether it was closed.
    pub fn closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Aborts what is in flight and rejects what comes after. The last client of its connections closes them.
    pub fn close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(core) = self.core.take() {
            core.close();
        }
        if self.connections.clients.fetch_sub(1, Ordering::AcqRel) == 1 {
            drop(self.connections.transport.take());
        }
    }
}

impl Drop for ClientState {
    fn drop(&mut self) {
        // In a forked child the parent's connections are left alone; `PerProcess` sees to that.
        if !*self.closed.get_mut() {
            self.connections.clients.fetch_sub(1, Ordering::AcqRel);
        }
    }
}
