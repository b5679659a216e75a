//! The retry budget: what a retry costs, what a success brings, and that it neither overflows nor goes below nothing.

use std::time::Duration;

use xmedia::client::error::{ApiClass, ApiFailure, Error, Kind};
use xmedia::client::retry::budget::{Budget, CAPACITY, RETRY_COST, SUCCESS_REFUND, TIMEOUT_RETRY_COST, retry_cost};

fn api(status: u16, class: ApiClass, retry_after: Option<u64>) -> Error {
    let failure = ApiFailure { status, class, ..ApiFailure::default() };
    let mut error = Error::new(Kind::Api(Box::new(failure)), "refused");
    error.retry_after = retry_after.map(Duration::from_secs);
    error
}

#[test]
fn failures_have_their_price() {
    let table: &[(Error, u32)] = &[
        (Error::new(Kind::Transport { connect: false }, "reset"), RETRY_COST),
        (Error::new(Kind::Transport { connect: true }, "refused"), RETRY_COST),
        (Error::new(Kind::RequestTimeout { connect: false }, "slow"), TIMEOUT_RETRY_COST),
        (Error::new(Kind::InvalidResponse(None), "garbage"), RETRY_COST),
        (api(503, ApiClass::Server, None), RETRY_COST),
        (api(503, ApiClass::Server, Some(1)), RETRY_COST),
        (api(429, ApiClass::RateLimit, None), RETRY_COST),
        (api(429, ApiClass::RateLimit, Some(0)), RETRY_COST),
        (api(429, ApiClass::RateLimit, Some(1)), 0),
    ];
    for (error, expected) in table {
        assert_eq!(retry_cost(error), *expected, "{error:?}");
    }
}

#[test]
fn a_full_bucket_pays_for_a_hundred_retries_or_fifty_after_timeouts() {
    let timeout = retry_cost(&Error::new(Kind::RequestTimeout { connect: false }, "slow"));
    for (cost, expected) in [(RETRY_COST, 100), (timeout, 50)] {
        let budget = Budget::default();
        let paid = (0..1000).filter(|_| budget.take(cost)).count();
        assert_eq!((paid, budget.left()), (expected, 0));
    }
}

#[test]
fn it_is_all_or_nothing() {
    let budget = Budget::default();
    assert!(budget.take(CAPACITY - RETRY_COST));
    assert!(!budget.take(TIMEOUT_RETRY_COST));
    assert!(budget.take(RETRY_COST));
    assert!(budget.take(0));
}

#[test]
fn successes_fill_it_and_it_does_not_overflow() {
    let budget = Budget::default();
    budget.refund(SUCCESS_REFUND);
    assert_eq!(budget.left(), CAPACITY);
    assert!(budget.take(RETRY_COST));
    budget.refund(SUCCESS_REFUND);
    assert_eq!(budget.left(), CAPACITY - RETRY_COST + SUCCESS_REFUND);
    budget.refund(u32::MAX);
    assert_eq!(budget.left(), CAPACITY);
}

#[test]
fn threads_never_take_more_than_there_is() {
    let budget = Budget::default();
    let taken: usize = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| (0..1000).filter(|_| budget.take(RETRY_COST)).count())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((taken, budget.left()), (100, 0));
}
