//! One connection: HTTP on it until somebody ends it, and the ends that no HTTP library makes.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::mock::net::ending::{ConnectionHandle, Ending};
use crate::mock::net::serve::serve;
use crate::mock::shared::Shared;

/// A byte stream over TCP.
trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// The socket beneath.
    fn tcp(&self) -> &TcpStream;
}

impl Transport for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Transport for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// A connection that counts as open while this lives.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves a connection until it ends or all connections are dropped. Once they are drained it ends with the answer that
/// is on its way.
pub(crate) async fn run(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    mut dropped: watch::Receiver<u64>,
    drained: watch::Receiver<u64>,
) {
    let number = shared.accepted.fetch_add(1, Ordering::Relaxed) + 1;
    shared.open.fetch_add(1, Ordering::Relaxed);
    let _open = Open(Arc::clone(&shared));
    // Responses are small and a client waits for each; if this fails they are only slower.
    let _ = stream.set_nodelay(true);
    let handle = Arc::new(ConnectionHandle::new(number));
    let serve_http = async move {
        match tls {
            None => serve_http(stream, handle, shared, drained).await,
            // A failed handshake is reported by the client; no response can be sent.
            Some(acceptor) => {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve_http(stream, handle, shared, drained).await;
                }
            }
        }
    };
    tokio::select! {
        () = serve_http => {}
        _ = dropped.changed() => {}
    }
}

async fn serve_http<T: Transport>(
    stream: T,
    handle: Arc<ConnectionHandle>,
    shared: Arc<Shared>,
    mut drained: watch::Receiver<u64>,
) {
    let service = {
        let handle = Arc::clone(&handle);
        service_fn(move |request| serve(Arc::clone(&shared), Arc::clone(&handle), request))
    };
    let mut connection =
        http1::Builder::new().header_read_timeout(None::<Duration>).serve_connection(TokioIo::new(stream), service);
    let outcome = loop {
        tokio::select! {
            outcome = &mut connection => break outcome,
            // It fails when the server ends, and then so does the connection.
            Ok(()) = drained.changed() => {}
        }
        Pin::new(&mut connection).graceful_shutdown();
    };
    if outcome.is_ok() {
        return;
    }
    let Some(ending) = handle.ending() else { return };
    let mut stream = connection.into_parts().io.into_inner();
    match ending {
        Ending::Reset => {
            // If that fails the connection is closed in the ordinary way, which breaks the request all the same.
            let _ = stream.tcp().set_zero_linger();
        }
        Ending::Close => shut_down(stream.tcp()),
        Ending::Raw(bytes) => {
            // The client may have disconnected already.
            let _ = stream.write_all(&bytes).await;
            let _ = stream.flush().await;
            shut_down(stream.tcp());
        }
    }
}

/// Ends the connection for the client, also when a forked child holds a copy of the socket.
fn shut_down(stream: &TcpStream) {
    let _ = SockRef::from(stream).shutdown(std::net::Shutdown::Write);
}
