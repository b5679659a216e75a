//! A FINALIZE under every sequence of outcomes: no false success, none sent again unasked, ended in time.

use xmedia::client::call::Hooks;
use xmedia::client::error::Kind;
use xmedia::client::model::Media;

use super::runs::{DEPTH, Ended, GRACE, TIMEOUT, every_sequence, init, quick};
use super::world::Outcome::{
    Hang, Hollow, Limited, LimitedFar, Refused, Reset, Stale, Status, StatusAfter, Truth, Unreadable, WrongId,
};
use super::world::{Outcome, Step, World};
use crate::protocol::decode::example;

fn outcomes(command: &str) -> &'static [Outcome] {
    match command {
        "INIT" => &[Truth],
        "FINALIZE" => &[
            Truth,
            Refused,
            Reset { after: false },
            Reset { after: true },
            Stale { after: true },
            Hang,
            StatusAfter(408),
            Status(500),
            Status(425),
            Limited,
            LimitedFar,
            Unreadable,
            WrongId,
            Status(400),
            Status(401),
            Status(404),
        ],
        _ => &[Truth, Hollow, Reset { after: false }, Status(500), Status(404), Status(403), Limited],
    }
}

/// The request went out and no readable answer came.
fn lost(outcome: Outcome) -> bool {
    matches!(outcome, Reset { .. } | Stale { .. } | Hang | StatusAfter(408) | Status(500) | Unreadable | WrongId)
}

/// The server did nothing, and said so or could not know.
fn request_was_not_sent(outcome: Outcome) -> bool {
    matches!(outcome, Refused | Status(425) | Limited)
}

/// A STATUS that leaves open whether a FINALIZE took effect.
fn settles_nothing(step: &Step) -> bool {
    match step.outcome {
        Truth => !step.known,
        Hollow | Status(404) => true,
        _ => false,
    }
}

fn check(own_init: bool, ended: &Ended<Box<Media>>) {
    let world = &ended.world;
    let steps: Vec<&Step> = world.steps.iter().filter(|step| step.command != "INIT").collect();
    let context = || format!("{:?} after {:?}: {:#?}", ended.outcome, ended.after, steps);
    assert!(ended.after <= TIMEOUT + GRACE, "too late: {}", context());

    // A FINALIZE is followed by another one only where nothing else can be done.
    for (at, _) in steps.iter().enumerate().skip(1).filter(|(_, step)| step.command == "FINALIZE") {
        let before = steps[at - 1];
        let asked = match before.command {
            "FINALIZE" => request_was_not_sent(before.outcome) || (own_init && before.outcome == Status(404)),
            _ => settles_nothing(before),
        };
        assert!(asked, "FINALIZE was sent again unasked: {}", context());
    }
    // STATUS is asked about a FINALIZE whose answer was lost, and about nothing else.
    for (at, _) in steps.iter().enumerate().filter(|(_, step)| step.command == "STATUS") {
        let last = steps[..at].iter().rev().find(|step| step.command == "FINALIZE").unwrap();
        assert!(lost(last.outcome), "STATUS without need: {}", context());
    }

    let any_lost = steps.iter().any(|step| step.command == "FINALIZE" && lost(step.outcome));
    match &ended.outcome {
        Ok(media) => {
            assert!(world.finalized, "a false success: {}", context());
            assert_eq!(world.asynchronous, media.processing_info.is_some(), "{}", context());
            assert_eq!(example(), media.media_id);
            assert_eq!(Truth, ended.last().outcome);
        }
        Err(error) => match &error.kind {
            Kind::Api(failure) => assert_eq!(any_lost, failure.ambiguous, "ambiguous: {}", context()),
            Kind::Transport { .. } | Kind::RequestTimeout { .. } | Kind::InvalidResponse(_) => {}
            other => panic!("{other:?}: {}", context()),
        },
    }
}

fn explore(asynchronous: bool, refuses_second: bool, own_init: bool, attempts: u32, depth: usize) -> usize {
    let world = World { asynchronous, refuses_second, ..World::new(outcomes) };
    every_sequence(
        depth,
        &world,
        (attempts > 0).then(|| quick(attempts)).flatten(),
        |client| async move {
            if own_init {
                client.initialize(init(), None, Hooks::none()).await?;
            }
            client.finalize(Media::from(example()), Some(TIMEOUT), Hooks::none()).await
        },
        |ended| check(own_init, ended),
    )
}

#[test]
fn whatever_happens_a_finalize_is_never_a_false_success_and_never_sent_again_unasked() {
    // The first choice of the first two is INIT's, which has but one.
    let mut count = explore(true, false, true, 5, DEPTH + 1) + explore(false, true, true, 5, DEPTH + 1);
    for (asynchronous, refuses_second) in [(true, true), (true, false), (false, true), (false, false)] {
        count += explore(asynchronous, refuses_second, false, 3, DEPTH - 1);
        count += explore(asynchronous, refuses_second, false, 0, DEPTH - 1);
    }
    assert!(count > 100_000, "{count} sequences");
}
