//! Places for requests: as many as there are, in order, and half of them after a stall.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use xmedia::client::limits::{Gate, Place};

/// A place, if there is one at this moment.
fn enter(gate: &Gate) -> Option<Place<'_>> {
    match pin!(gate.enter()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(place) => Some(place),
        Poll::Pending => None,
    }
}

fn free(gate: &Gate) -> usize {
    std::iter::from_fn(|| enter(gate)).collect::<Vec<_>>().len()
}

#[test]
fn there_is_always_a_place() {
    assert_eq!((free(&Gate::new(0)), free(&Gate::new(3))), (1, 3));
    let gate = Gate::new(1);
    gate.timed_out(Duration::ZERO);
    assert_eq!(free(&gate), 1);
}

#[test]
fn those_that_timed_out_together_take_half_of_the_places_once() {
    let gate = Gate::new(7);
    std::thread::sleep(Duration::from_millis(1));
    gate.timed_out(Duration::ZERO);
    gate.timed_out(Duration::from_secs(1));
    gate.timed_out(Duration::from_secs(2));
    assert_eq!((gate.size(), free(&gate)), (4, 4));
    std::thread::sleep(Duration::from_millis(1));
    gate.timed_out(Duration::ZERO);
    assert_eq!((gate.size(), free(&gate)), (2, 2));
}

#[test]
fn places_in_use_are_taken_away_when_they_are_left() {
    let gate = Gate::new(4);
    let mut used: Vec<_> = std::iter::from_fn(|| enter(&gate)).collect();
    gate.timed_out(Duration::from_secs(1));
    for expected in [0, 0, 1] {
        used.pop();
        assert_eq!(free(&gate), expected);
    }
    drop(used);
    assert_eq!(free(&gate), 2);
}
