//! The server's thread: it accepts connections, keeps the port while it is down, and follows the test's orders.

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

/// What the server's thread has.
pub(crate) struct House {
    pub(crate) shared: Arc<Shared>,
    pub(crate) orders: mpsc::UnboundedReceiver<Control>,
    pub(crate) acceptor: Option<TlsAcceptor>,
    pub(crate) address: SocketAddr,
}

/// Whether connections are accepted.
enum Door {
    Open(TcpListener),
    /// The socket keeps the port and, since it does not listen, refuses connections.
    Shut {
        _port: Option<Socket>,
        until: Option<Instant>,
    },
}

impl House {
    /// Accepts connections and follows orders until it is told to end.
    pub(crate) async fn keep(mut self, listener: StdListener) {
        let Ok(listener) = TcpListener::from_std(listener) else { return };
        let mut door = Door::Open(listener);
        let dropped = watch::Sender::new(0u64);
        loop {
            let order = tokio::select! {
                order = self.orders.recv() => order.unwrap_or(Control::Shutdown),
                stream = knock(&door) => {
                    match stream {
                        Some(Ok(stream)) => self.welcome(stream, dropped.subscribe()),
                        // Out of descriptors, as a rule: the connection waits in the queue meanwhile.
                        Some(Err(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
                        None => door = self.open(door).await,
                    }
                    continue;
                }
            };
            match order {
                Control::Shutdown => break,
                Control::DropConnections { done } => {
                    dropped.send_modify(|times| *times += 1);
                    settle(&self.shared).await;
                    let _ = done.send(());
                }
                Control::Down { until, done } => {
                    door = self.shut(door, until).await;
                    dropped.send_modify(|times| *times += 1);
                    if let Some(done) = done {
                        settle(&self.shared).await;
                        let _ = done.send(());
                    }
                }
                Control::Up { done } => {
                    door = self.open(door).await;
                    let _ = done.send(());
                }
            }
        }
        // A forked child may hold a copy of the listener, with which the port would seem alive.
        if let Door::Open(listener) = &door {
            let _ = SockRef::from(listener).shutdown(std::net::Shutdown::Both);
        }
    }

    fn welcome(&self, stream: TcpStream, dropped: watch::Receiver<u64>) {
        let (tls, shared) = (self.acceptor.clone(), Arc::clone(&self.shared));
        tokio::spawn(connection::run(stream, tls, shared, dropped));
    }

    async fn shut(&self, door: Door, until: Option<Instant>) -> Door {
        let port = match door {
            Door::Shut { _port: port, .. } => port,
            Door::Open(listener) => {
                let _ = SockRef::from(&listener).shutdown(std::net::Shutdown::Both);
                drop(listener);
                bind(self.address, false).ok()
            }
        };
        Door::Shut { _port: port, until }
    }

    async fn open(&self, door: Door) -> Door {
        let Door::Shut { until, _port: port } = door else { return door };
        drop(port);
        while !self.shared.closing.load(Ordering::Relaxed) {
            let listener = bind(self.address, true).and_then(|socket| TcpListener::from_std(socket.into()));
            match listener {
                Ok(listener) => return Door::Open(listener),
                // Somebody else took the port in this moment; it was promised to the test, so it is waited for.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        Door::Shut { _port: None, until }
    }
}

/// The next connection, or `None` when it is time to open the door.
async fn knock(door: &Door) -> Option<io::Result<TcpStream>> {
    match door {
        Door::Open(listener) => Some(listener.accept().await.map(|(stream, _)| stream)),
        Door::Shut { until: Some(until), .. } => {
            tokio::time::sleep_until((*until).into()).await;
            None
        }
        Door::Shut { until: None, .. } => std::future::pending().await,
    }
}

/// Lets dropped connections end before somebody counts them.
async fn settle(shared: &Shared) {
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
