//! The queue for connections: how many requests may be in flight, and whose turn it is.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::client::error::{Error, Result};

/// Lets so many requests at once be in flight, in order of arrival.
pub(super) struct Queue {
    permits: Arc<Semaphore>,
}

type Acquire = Pin<Box<dyn Future<Output = std::result::Result<OwnedSemaphorePermit, AcquireError>> + Send>>;

/// A position in the queue for one of the requests that may be in flight. Dropping it leaves the queue.
pub enum Reservation {
    /// It was this one's turn at once.
    Granted(OwnedSemaphorePermit),
    /// Others are before it.
    Queued(Acquire),
    /// The queue was closed.
    Closed,
}

impl Reservation {
    /// Waits for its turn.
    pub async fn permit(self) -> Result<OwnedSemaphorePermit> {
        match self {
            Reservation::Granted(permit) => Ok(permit),
            Reservation::Queued(queued) => queued.await.map_err(|_| Error::closed()),
            Reservation::Closed => Err(Error::closed()),
        }
    }
}

impl Queue {
    pub(super) fn new(max_connections: usize) -> Self {
        Queue { permits: Arc::new(Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS))) }
    }

    /// Joins the queue.
    pub(super) fn join(&self) -> Reservation {
        if let Ok(permit) = self.permits.clone().try_acquire_owned() {
            return Reservation::Granted(permit);
        }
        let mut queued: Acquire = Box::pin(self.permits.clone().acquire_owned());
        // The first poll is what joins the queue. Whoever awaits the rest brings a waker of its own.
        match queued.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(permit)) => Reservation::Granted(permit),
            Poll::Ready(Err(_)) => Reservation::Closed,
            Poll::Pending => Reservation::Queued(queued),
        }
    }
}
