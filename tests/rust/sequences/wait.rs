//! A wait under every sequence of answers: only the truth ends it well, only what is final ends it badly, all in time.

use std::time::Duration;

use xmedia::client::call::Hooks;
use xmedia::client::error::Kind;
use xmedia::client::model::{CommandName, Media, Number, ProcessingInfo};

use super::runs::{DEPTH, Ended, GRACE, every_sequence, quick};
use super::world::Info::{Failed, NoPace, Soon, Succeeded, Tomorrow, Unknown, Zombie};
use super::world::Outcome::{Hang, Hollow, Limited, LimitedFar, Processing, Reset, Status, Truth, Unreadable};
use super::world::{Outcome, Step, World};
use crate::protocol::decode::example;

/// Those that end a wait are few, so that the long sequences are of what goes on.
fn outcomes(_: &str) -> &'static [Outcome] {
    &[
        Processing(Soon),
        Processing(Tomorrow),
        Processing(NoPace),
        Processing(Unknown),
        Reset { after: false },
        Limited,
        Status(503),
        Unreadable,
        Status(404),
        Hang,
        Processing(Succeeded),
        Hollow,
        Processing(Failed),
        Processing(Zombie),
        LimitedFar,
        Status(403),
    ]
}

fn says_ready(outcome: Outcome) -> bool {
    matches!(outcome, Processing(Succeeded) | Hollow)
}

fn says_failed(outcome: Outcome) -> bool {
    matches!(outcome, Processing(Failed | Zombie))
}

fn answers(outcome: Outcome) -> bool {
    matches!(outcome, Processing(_) | Hollow | Truth)
}

/// Whether the last 404 was one too many.
fn gone(steps: &[Step], seen_before: bool) -> bool {
    let seen = seen_before || steps.iter().any(|step| matches!(step.outcome, Processing(_)));
    let since_answer = steps.iter().rev().take_while(|step| !answers(step.outcome));
    let tries = since_answer.filter(|step| step.outcome == Status(404)).count();
    !seen || tries > 3
}

fn check(timeout: Duration, seen_before: bool, ended: &Ended<Media>) {
    let steps = &ended.world.steps;
    let context = || format!("{:?} after {:?}: {:#?}", ended.outcome, ended.after, steps);
    assert!(ended.after <= timeout + GRACE, "too late: {}", context());
    assert!(steps.iter().all(|step| step.command == "STATUS"), "more than STATUS: {}", context());
    let last = ended.last().outcome;
    let early = &steps[..steps.len() - 1];
    let final_ones = early.iter().filter(|step| says_ready(step.outcome) || says_failed(step.outcome));
    assert_eq!(0, final_ones.count(), "asked on after the end: {}", context());
    match &ended.outcome {
        Ok(media) => {
            assert!(says_ready(last) && media.ready(), "a false success: {}", context());
        }
        Err(error) => match &error.kind {
            Kind::Processing(_) => assert!(says_failed(last), "{}", context()),
            Kind::WaitTimeout { .. } => {
                assert!(ended.after >= timeout, "too early: {}", context());
                assert!(!says_ready(last) && !says_failed(last), "{}", context());
            }
            Kind::Api(failure) => match failure.status {
                // At the deadline itself every limit ends too late.
                429 => {
                    let too_late = ended.after + Duration::from_secs(2) > timeout;
                    assert!(last == LimitedFar || (last == Limited && too_late), "{}", context());
                }
                404 => assert!(last == Status(404) && gone(steps, seen_before), "{}", context()),
                status => assert_eq!((403, Status(403)), (status, last), "{}", context()),
            },
            other => panic!("{other:?} ended a wait: {}", context()),
        },
    }
    // Nobody is asked before the time they named, but at the deadline.
    for pair in steps.windows(2) {
        let least = match pair[0].outcome {
            Processing(Soon | NoPace | Unknown) => 1,
            Processing(Tomorrow) => 86_400,
            Limited => 2,
            _ => 0,
        };
        let pause = pair[1].at - pair[0].at;
        assert!(pause >= Duration::from_secs(least) || pair[1].at >= timeout, "asked too soon: {}", context());
    }
}

fn explore(depth: usize, timeout: u64, given: Media) -> usize {
    let timeout = Duration::from_secs(timeout);
    let seen = given.processing_info.is_some();
    every_sequence(
        depth,
        &World::new(outcomes),
        quick(3),
        |client| {
            let media = given.clone();
            async move { client.wait(media, Some(timeout), &Hooks::none()).await }
        },
        |ended| check(timeout, seen, ended),
    )
}

#[test]
fn whatever_status_answers_a_wait_ends_rightly_and_in_time() {
    assert!(explore(DEPTH, 30, example().into()) > 50_000);
}

#[test]
fn a_short_wait_and_one_that_goes_on_from_an_answer_too() {
    let mut finalized = Media::from(example());
    finalized.command = Some(CommandName::Finalize);
    finalized.received_at = Some(std::time::SystemTime::now());
    finalized.processing_info = Some(ProcessingInfo {
        state: "pending".into(),
        check_after_secs: Some(Number::Int(1)),
        progress_percent: None,
        error: None,
    });
    assert!(explore(DEPTH - 1, 5, example().into()) > 5_000);
    assert!(explore(DEPTH - 1, 30, finalized) > 5_000);
}
