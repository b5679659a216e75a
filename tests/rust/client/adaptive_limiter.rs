//! Places for requests: as many as there are, in order, and half of them after a stall.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use xmedia::client::limits::{AdaptiveLimiter, Permit};

/// A permit, if there is one at this moment.
fn acquire(limiter: &AdaptiveLimiter) -> Option<Permit<'_>> {
    match pin!(limiter.acquire()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(permit) => Some(permit),
        Poll::Pending => None,
    }
}

fn free(limiter: &AdaptiveLimiter) -> usize {
    std::iter::from_fn(|| acquire(limiter)).collect::<Vec<_>>().len()
}

#[test]
fn there_is_always_a_place() {
    assert_eq!((free(&AdaptiveLimiter::new(0)), free(&AdaptiveLimiter::new(3))), (1, 3));
    let limiter = AdaptiveLimiter::new(1);
    limiter.timed_out(Duration::ZERO);
    assert_eq!(free(&limiter), 1);
}

#[test]
fn those_that_timed_out_together_take_half_of_the_places_once() {
    let limiter = AdaptiveLimiter::new(7);
    std::thread::sleep(Duration::from_millis(1));
    limiter.timed_out(Duration::ZERO);
    limiter.timed_out(Duration::from_secs(1));
    limiter.timed_out(Duration::from_secs(2));
    assert_eq!((limiter.size(), free(&limiter)), (4, 4));
    std::thread::sleep(Duration::from_millis(1));
    limiter.timed_out(Duration::ZERO);
    assert_eq!((limiter.size(), free(&limiter)), (2, 2));
}

#[test]
fn places_in_use_are_taken_away_when_they_are_left() {
    let limiter = AdaptiveLimiter::new(4);
    let mut used: Vec<_> = std::iter::from_fn(|| acquire(&limiter)).collect();
    limiter.timed_out(Duration::from_secs(1));
    for expected in [0, 0, 1] {
        used.pop();
        assert_eq!(free(&limiter), expected);
    }
    drop(used);
    assert_eq!(free(&limiter), 2);
}
