//! Where a request that is being sent stands: whether it has a connection, and since when nothing has moved.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use futures_util::{Stream, StreamExt as _};
use hyper_util::client::legacy::connect::Connection;
use tokio::task::Id;
use tokio::time::Instant;

use super::flood::{AwaitedAnswer, FloodWatch};
use super::sockets::{Ends, Sockets, system};
use crate::sync::lock;

tokio::task_local! {
    /// The request that this task is sending.
    static CURRENT_REQUEST: Arc<RequestProgress>;
}

/// What is encrypted is given to the connection in pieces of this size, four records of TLS: as much as it encrypts and
/// writes in one go. After more, it would write a second time without looking for an answer in between.
const ENCRYPTED_PIECE_BYTES: usize = 64 << 10;

/// A request that is being sent.
pub struct RequestProgress {
    started: Instant,
    /// When bytes of the body were last taken.
    taken_after_ms: AtomicU64,
    /// The body was asked for bytes that its source does not have yet.
    at_source: AtomicBool,
    connection: AtomicU8,
    sockets: Sockets,
    watch: Arc<FloodWatch>,
    body: Mutex<BodyState>,
    /// The port of the proxy that is asked to connect to the server, and what it answered if it refused.
    proxy_port: AtomicU16,
    refusal: Mutex<Option<Vec<u8>>>,
}

/// How far the body is.
#[derive(Default)]
struct BodyState {
    /// The connection that was made for the request.
    made: Option<Ends>,
    /// Which task of the HTTP library takes the body's bytes, once it does and until it has all of them and an answer.
    taken_by: Option<Id>,
    /// All of it was taken.
    ended: bool,
    /// The answer is awaited, or being read.
    awaited: Option<AwaitedAnswer>,
}

/// The request has a connection that had been used before, if it has one.
const REUSED: u8 = 0;
/// A connection is being made for it.
const CONNECTING: u8 = 1;
/// It is past the danger of an idle connection: one was made for it, or its answer has begun.
const FRESH_OR_ANSWERED: u8 = 2;

impl RequestProgress {
    /// A request that is about to be sent on one of these connections.
    pub fn new(sockets: Sockets, watch: Arc<FloodWatch>) -> Self {
        RequestProgress {
            sockets,
            watch,
            body: Mutex::default(),
            started: Instant::now(),
            taken_after_ms: AtomicU64::new(0),
            at_source: AtomicBool::new(false),
            connection: AtomicU8::new(REUSED),
            proxy_port: AtomicU16::new(0),
            refusal: Mutex::default(),
        }
    }
}

impl RequestProgress {
    /// It is sent now.
    pub fn sent(&self) {
        lock(&self.body).awaited = Some(self.watch.sent());
    }

    /// Sends the request: connections that are made meanwhile are known to be made for it.
    pub fn scope<F: Future>(self: &Arc<Self>, sending: F) -> impl Future<Output = F::Output> {
        CURRENT_REQUEST.scope(self.clone(), sending)
    }

    /// A proxy with this port is asked to connect to the server. The HTTP library reads its answer and says no more than
    /// whether that was yes, so the answer is looked at before.
    pub fn asks_proxy(&self, port: u16) {
        self.proxy_port.store(port, Ordering::Relaxed);
    }

    /// What the proxy answered, if it refused.
    pub fn refusal(&self) -> Option<Vec<u8>> {
        lock(&self.refusal).take()
    }

    /// Polls the making of a connection, with an eye on what a proxy answers.
    fn poll_connecting<T, E>(&self, poll: impl FnOnce() -> Poll<Result<T, E>>) -> Poll<Result<T, E>> {
        let port = self.proxy_port.load(Ordering::Relaxed);
        if port == 0 {
            return poll();
        }
        let answers = system::unread_answers(port);
        let polled = poll();
        if !answers.is_empty() && matches!(polled, Poll::Ready(Err(_))) {
            // The connection on which it was refused is closed by now.
            let open = system::open();
            let answer = answers.into_iter().find(|(ends, _)| !open.contains(ends));
            *lock(&self.refusal) = answer.map(|(_, answer)| answer);
        }
        polled
    }

    /// Its answer has begun, on this connection.
    pub fn answered(&self, connection: Option<Ends>) {
        self.connection.store(FRESH_OR_ANSWERED, Ordering::Relaxed);
        if let Some(awaited) = &mut lock(&self.body).awaited {
            awaited.begun(connection);
        }
    }

    /// Whether its connection was ended, because bytes came without end and no answer.
    pub fn flooded(&self) -> bool {
        let made = lock(&self.body).made;
        made.is_some_and(|made| self.watch.has_ended(made))
    }

    /// How long ago it was begun.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Its answer is complete.
    pub fn done(&self) {
        let mut body = lock(&self.body);
        if body.ended {
            body.taken_by = None;
        }
    }

    /// Nobody waits for the request any more. What is left of its body is of no use to anybody, and a server that does not
    /// read it must not keep it here.
    pub fn give_up(&self) {
        let mut body = lock(&self.body);
        body.awaited = None;
        if let Some(task) = body.taken_by.take() {
            self.sockets.shut_down(task);
        }
    }

    /// Notes who takes the body's bytes.
    fn taken(&self) {
        let mut body = lock(&self.body);
        if body.taken_by.is_none()
            && let Some(task) = tokio::task::try_id()
        {
            let fresh = body.made.filter(|_| !self.reused());
            self.sockets.serves(task, fresh);
            body.taken_by = Some(task);
        }
    }

    /// Whether it has no connection yet, so that the server has seen nothing of it.
    pub fn connecting(&self) -> bool {
        self.connection.load(Ordering::Relaxed) == CONNECTING
    }

    /// Whether the server may have closed its connection just when it was used.
    pub fn reused(&self) -> bool {
        self.connection.load(Ordering::Relaxed) != FRESH_OR_ANSWERED
    }

    /// The bytes of a body, noting when they are taken, and whether they are waited for.
    pub fn watched<S>(self: Arc<Self>, mut bytes: S, encrypted: bool) -> impl Stream<Item = std::io::Result<Bytes>>
    where
        S: Stream<Item = std::io::Result<Bytes>> + Unpin,
    {
        let (mut piece, most) = (Bytes::new(), if encrypted { ENCRYPTED_PIECE_BYTES } else { usize::MAX });
        let (turn, mut noted) = (Arc::new(Turn::default()), false);
        futures_util::stream::poll_fn(move |context| {
            if !noted {
                self.taken();
                noted = true;
            }
            if piece.is_empty() {
                let polled = bytes.poll_next_unpin(context);
                self.at_source.store(polled.is_pending(), Ordering::Relaxed);
                match ready!(polled) {
                    Some(Ok(next)) => piece = next,
                    ended => {
                        lock(&self.body).ended = true;
                        return Poll::Ready(ended);
                    }
                }
            }
            // The system is asked for the connection's state before each piece. A server that refuses a body before it has
            // read it may close the connection right after its answer: what it said is then read before the next write
            // fails, which would be all that is known of it.
            ready!(turn.poll(context));
            self.taken_after_ms.store(self.elapsed_ms(), Ordering::Relaxed);
            Poll::Ready(Some(Ok(piece.split_to(most.min(piece.len())))))
        })
    }

    /// What the future brings, or nothing if bytes stopped flowing for so long. The time that the body's own source
    /// takes does not count.
    pub async fn limit<T>(&self, mut future: Pin<&mut impl Future<Output = T>>, timeout: Duration) -> Option<T> {
        loop {
            let moved = self.moved_after();
            let at = self.started.checked_add(moved).and_then(|at| at.checked_add(timeout));
            let Some(at) = at else { return Some(future.await) };
            if let Ok(outcome) = tokio::time::timeout_at(at, &mut future).await {
                return Some(outcome);
            }
            if self.moved_after() <= moved {
                return None;
            }
        }
    }

    fn moved_after(&self) -> Duration {
        let at_source = self.at_source.load(Ordering::Relaxed);
        Duration::from_millis(if at_source { self.elapsed_ms() } else { self.taken_after_ms.load(Ordering::Relaxed) })
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// One turn of the runtime, in which it asks the system for the state of all sockets. `yield_now` alone is not that: it is
/// over when it is polled once more, which a connection does several times a turn.
#[derive(Default)]
struct Turn {
    begun: AtomicBool,
    over: AtomicBool,
    task: AtomicWaker,
}

impl Turn {
    /// Ready once in each turn.
    fn poll(self: &Arc<Self>, context: &mut Context<'_>) -> Poll<()> {
        self.task.register(context.waker());
        if self.over.swap(false, Ordering::AcqRel) {
            self.begun.store(false, Ordering::Relaxed);
            return Poll::Ready(());
        }
        if !self.begun.swap(true, Ordering::Relaxed) {
            let waker = self.clone().into();
            let next_turn = std::pin::pin!(tokio::task::yield_now());
            // It wakes this waker when the turn is over.
            let _ = next_turn.poll(&mut Context::from_waker(&waker));
        }
        Poll::Pending
    }
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.over.store(true, Ordering::Release);
        self.task.wake();
    }
}

/// Notes, of the request for which a connection is made, that this goes on and that it is done. Where a connection that
/// was used before becomes free meanwhile, the request takes that one, and the new one is finished by another task.
#[derive(Clone)]
pub struct TrackConnections;

impl<S> tower_layer::Layer<S> for TrackConnections {
    type Service = TrackingConnector<S>;

    fn layer(&self, inner: S) -> TrackingConnector<S> {
        TrackingConnector(inner)
    }
}

/// The connector that notes.
#[derive(Clone)]
pub struct TrackingConnector<S>(S);

impl<S, R> tower_service::Service<R> for TrackingConnector<S>
where
    S: tower_service::Service<R>,
    S::Response: Connection,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let mut connecting = Box::pin(self.0.call(request));
        // Outside a request (a connection made ahead by the pool) there is nothing to note.
        let Ok(progress) = CURRENT_REQUEST.try_with(Arc::clone) else { return connecting };
        progress.connection.store(CONNECTING, Ordering::Relaxed);
        Box::pin(std::future::poll_fn(move |context| {
            let polled = progress.poll_connecting(|| connecting.as_mut().poll(context));
            if let Poll::Ready(Ok(connection)) = &polled
                && let Some(ends) = Ends::of(connection)
            {
                progress.sockets.made(ends);
                progress.watch.made(ends);
                lock(&progress.body).made = Some(ends);
            }
            let its_own = CURRENT_REQUEST.try_with(|current| Arc::ptr_eq(current, &progress)).unwrap_or(false);
            let now = match (its_own, &polled) {
                (false, _) => REUSED,
                (true, Poll::Ready(Ok(_))) => FRESH_OR_ANSWERED,
                (true, _) => return polled,
            };
            // What the request has come to by another connection stays.
            let _ = progress.connection.compare_exchange(CONNECTING, now, Ordering::Relaxed, Ordering::Relaxed);
            polled
        }))
    }
}
