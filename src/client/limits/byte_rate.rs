//! A ceiling for the bytes of media that are sent in a second: a token bucket whose tokens are bytes.
//!
//! The bucket is a semaphore, which serves those who wait in order of arrival. Each request takes one small piece at a time
//! and joins the queue anew for the next, so that requests take turns. A task fills the bucket at short intervals, but only
//! while somebody waits; nobody holds anything that others need, so a connection whose server does not read, or a call that
//! was given up, holds up no other.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::sync::lock;

/// How often the bucket is filled while somebody waits.
const FILL_INTERVAL: Duration = Duration::from_millis(10);
/// So much time at most is made up for when the bucket is filled late. More would be a burst, above the ceiling.
const MAX_CATCH_UP: Duration = Duration::from_millis(40);
/// A piece of a body is what may be sent in this time.
const PIECE_DURATION: Duration = Duration::from_millis(20);
/// Pieces need not be larger than those that are read.
const MAX_PIECE_BYTES: u32 = 256 << 10;
/// A segment that takes longer than this is in danger of being given up by a server.
const MAX_SEGMENT_DURATION: Duration = Duration::from_secs(30);
/// More tokens than this are never in the bucket, whatever the rate.
const MAX_TOKENS: f64 = (1 << 28) as f64;

/// Holds bytes back so that no more than so many are sent in a second.
pub struct ByteRateLimiter {
    bytes_per_second: f64,
    piece_bytes: u32,
    tokens: Semaphore,
    filling: Mutex<Filling>,
}

struct Filling {
    /// Whether there is a task that fills the bucket.
    running: bool,
    /// How many wait for tokens.
    waiting: usize,
    filled_at: Instant,
    /// The part of a token that was earned and not given out.
    fraction: f64,
}

impl ByteRateLimiter {
    /// A ceiling of so many bytes in a second.
    pub fn new(bytes_per_second: f64) -> Self {
        let piece_bytes = (bytes_per_second * PIECE_DURATION.as_secs_f64()).clamp(1.0, f64::from(MAX_PIECE_BYTES));
        let filling = Filling { running: false, waiting: 0, filled_at: Instant::now(), fraction: 0.0 };
        ByteRateLimiter {
            bytes_per_second,
            // It is within the bounds of the line above.
            piece_bytes: piece_bytes as u32,
            tokens: Semaphore::new(0),
            filling: Mutex::new(filling),
        }
    }

    /// How many segments of this size may be in flight, so that each is sent within a bearable time.
    pub fn max_in_flight(&self, segment_bytes: u64) -> usize {
        let segments = self.bytes_per_second * MAX_SEGMENT_DURATION.as_secs_f64() / segment_bytes.max(1) as f64;
        // A float that is too large becomes the largest number.
        (segments as usize).max(1)
    }

    /// The same bytes, each piece when its turn has come.
    pub fn limit<E: Send + 'static>(
        self: Arc<Self>,
        bytes: BoxStream<'static, Result<Bytes, E>>,
    ) -> BoxStream<'static, Result<Bytes, E>> {
        stream::unfold((self, bytes, Bytes::new()), |(limiter, mut bytes, mut rest)| async move {
            while rest.is_empty() {
                match bytes.next().await? {
                    Ok(piece) => rest = piece,
                    Err(error) => return Some((Err(error), (limiter, bytes, rest))),
                }
            }
            let len = u32::try_from(rest.len()).unwrap_or(u32::MAX).min(limiter.piece_bytes);
            limiter.acquire(len).await;
            let piece = rest.split_to(rest.len().min(len as usize));
            Some((Ok(piece), (limiter, bytes, rest)))
        })
        .boxed()
    }

    /// Waits until so many bytes may be sent.
    async fn acquire(self: &Arc<Self>, bytes: u32) {
        if let Ok(tokens) = self.tokens.try_acquire_many(bytes) {
            tokens.forget();
            return;
        }
        let _waiting = Waiting::new(self);
        // The semaphore is never closed.
        if let Ok(tokens) = self.tokens.acquire_many(bytes).await {
            tokens.forget();
        }
    }

    /// Fills the bucket until nobody waits.
    async fn fill(self: Arc<Self>) {
        while self.fill_once() {
            tokio::time::sleep(FILL_INTERVAL).await;
        }
    }

    /// Adds what was earned since the last time; whether there is somebody who waits for it.
    fn fill_once(&self) -> bool {
        let mut filling = lock(&self.filling);
        filling.running = filling.waiting > 0;
        if !filling.running {
            return false;
        }
        let elapsed = filling.filled_at.elapsed().min(MAX_CATCH_UP);
        filling.filled_at = Instant::now();
        let earned = elapsed.as_secs_f64() * self.bytes_per_second + filling.fraction;
        let added = earned.min(MAX_TOKENS).floor();
        filling.fraction = (earned - added).min(1.0);
        // What is left in the bucket is left by somebody who went away while waiting.
        let room = MAX_CATCH_UP.as_secs_f64() * self.bytes_per_second - self.tokens.available_permits() as f64;
        self.tokens.add_permits(added.min(room.max(1.0)) as usize);
        true
    }
}

/// One that waits for tokens.
struct Waiting<'a>(&'a ByteRateLimiter);

impl<'a> Waiting<'a> {
    fn new(limiter: &'a Arc<ByteRateLimiter>) -> Self {
        let mut filling = lock(&limiter.filling);
        filling.waiting += 1;
        if !filling.running {
            filling.running = true;
            tokio::spawn(limiter.clone().fill());
        }
        Waiting(limiter)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(&self.0.filling).waiting -= 1;
    }
}
