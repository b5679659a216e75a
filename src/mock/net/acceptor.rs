//! The server's thread: it accepts connections, keeps the port while it is down, and follows the commands of the test.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

use crate::mock::net::connection;
use crate::mock::shared::{Control, Shared};

/// The TCP listener and what it needs to serve connections.
pub(crate) struct Acceptor {
    pub(crate) shared: Arc<Shared>,
    pub(crate) controls: mpsc::UnboundedReceiver<Control>,
    pub(crate) acceptor: Option<TlsAcceptor>,
    pub(crate) address: SocketAddr,
}

/// Whether connections are accepted.
enum ListenState {
    Listening(TcpListener),
    /// The socket keeps the port and, since it does not listen, refuses connections.
    Down {
        _port: Option<Socket>,
        until: Option<Instant>,
    },
}

impl Acceptor {
    /// Accepts connections and follows the commands of the test until the last.
    pub(crate) async fn run(mut self, listener: StdListener) {
        let Ok(listener) = TcpListener::from_std(listener) else { return };
        let mut listening = ListenState::Listening(listener);
        let dropped = watch::Sender::new(0u64);
        let drained = watch::Sender::new(0u64);
        loop {
            let order = tokio::select! {
                order = self.controls.recv() => order.unwrap_or(Control::Shutdown),
                stream = accept(&listening) => {
                    match stream {
                        Some(Ok(stream)) => self.spawn_connection(stream, dropped.subscribe(), drained.subscribe()),
                        // Out of descriptors, as a rule: the connection waits in the queue meanwhile.
                        Some(Err(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
                        None => listening = self.open(listening).await,
                    }
                    continue;
                }
            };
            match order {
                Control::Shutdown => break,
                Control::DropConnections { done } => {
                    dropped.send_modify(|times| *times += 1);
                    await_drops(&self.shared).await;
                    let _ = done.send(());
                }
                Control::Down { until, done } => {
                    listening = self.shut(listening, until).await;
                    dropped.send_modify(|times| *times += 1);
                    if let Some(done) = done {
                        await_drops(&self.shared).await;
                        let _ = done.send(());
                    }
                }
                Control::Refuse { until, done } => {
                    listening = self.shut(listening, until).await;
                    drained.send_modify(|times| *times += 1);
                    let _ = done.send(());
                }
                Control::Up { done } => {
                    listening = self.open(listening).await;
                    let _ = done.send(());
                }
            }
        }
        // A forked child may hold a copy of the listener, with which the port would seem alive.
        if let ListenState::Listening(listener) = &listening {
            let _ = SockRef::from(listener).shutdown(std::net::Shutdown::Both);
        }
    }

    fn spawn_connection(&self, stream: TcpStream, dropped: watch::Receiver<u64>, drained: watch::Receiver<u64>) {
        let (tls, shared) = (self.acceptor.clone(), Arc::clone(&self.shared));
        tokio::spawn(connection::run(stream, tls, shared, dropped, drained));
    }

    async fn shut(&self, listening: ListenState, until: Option<Instant>) -> ListenState {
        let port = match listening {
            ListenState::Down { _port: port, .. } => port,
            ListenState::Listening(listener) => {
                let _ = SockRef::from(&listener).shutdown(std::net::Shutdown::Both);
                drop(listener);
                bind(self.address, false).ok()
            }
        };
        ListenState::Down { _port: port, until }
    }

    async fn open(&self, listening: ListenState) -> ListenState {
        let ListenState::Down { until, _port: port } = listening else { return listening };
        drop(port);
        while !self.shared.closing.load(Ordering::Relaxed) {
            let listener = bind(self.address, true).and_then(|socket| TcpListener::from_std(socket.into()));
            match listener {
                Ok(listener) => return ListenState::Listening(listener),
                // Somebody else took the port in this moment; it was promised to the test, so it is waited for.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        ListenState::Down { _port: None, until }
    }
}

/// The next connection, or `None` when it is time to listen again.
async fn accept(listening: &ListenState) -> Option<io::Result<TcpStream>> {
    match listening {
        ListenState::Listening(listener) => Some(listener.accept().await.map(|(stream, _)| stream)),
        ListenState::Down { until: Some(until), .. } => {
            tokio::time::sleep_until((*until).into()).await;
            None
        }
        ListenState::Down { until: None, .. } => std::future::pending().await,
    }
}

/// Waits until dropped connections have ended, so that they are not counted.
async fn await_drops(shared: &Shared) {
    let patience = Instant::now() + Duration::from_millis(200);
    while shared.open.load(Ordering::Relaxed) > 0 && Instant::now() < patience {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A socket on this address, listening or not.
pub(crate) fn bind(address: SocketAddr, listening: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // Elsewhere the option would let two servers share a port.
    if cfg!(unix) {
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    if listening {
        socket.listen(4096)?;
    }
    Ok(socket)
}
