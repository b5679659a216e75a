//! INIT, APPEND and STATUS under every sequence of outcomes: repeated when that helps, never otherwise, in time.

use std::time::Duration;

use bytes::Bytes;
use xmedia::client::Client;
use xmedia::client::call::Hooks;
use xmedia::client::error::{Error, Kind};
use xmedia::client::model::{ApiVersion, Media};
use xmedia::client::protocol::Payload;
use xmedia::client::x_values::SegmentIndex;

use super::runs::{DEPTH, Ended, TIMEOUT, every_sequence, init, quick};
use super::world::Outcome::{Hang, Limited, LimitedFar, Refused, Reset, Stale, Status, Truth, Unreadable, WrongId};
use super::world::{Outcome, World};
use crate::protocol::decode::example;

const ATTEMPTS: u32 = 4;

fn outcomes(_: &str) -> &'static [Outcome] {
    &[
        Truth,
        Refused,
        Reset { after: true },
        Stale { after: false },
        Hang,
        Status(408),
        Status(425),
        Status(503),
        Limited,
        LimitedFar,
        Unreadable,
        WrongId,
        Status(400),
        Status(401),
        Status(402),
        Status(404),
        Status(413),
        Status(301),
    ]
}

fn passes(outcome: Outcome) -> bool {
    matches!(outcome, Refused | Reset { .. } | Stale { .. } | Hang | Status(408 | 425 | 503) | Limited | LimitedFar)
}

fn check(command: &str, readable: bool, ended: &Ended<()>) {
    let steps = &ended.world.steps;
    let context = || format!("{:?} after {:?}: {:#?}", ended.outcome, ended.after, steps);
    assert!(ended.after <= TIMEOUT, "too late: {}", context());
    assert!(steps.iter().all(|step| step.command == command), "{}", context());
    let (last, early) = steps.split_last().unwrap();
    for step in early {
        // What is not the server's does not acknowledge a segment.
        let unread = command == "APPEND" && matches!(step.outcome, Unreadable);
        assert!(
            unread || (passes(step.outcome) && step.outcome != LimitedFar),
            "sent again for nothing: {}",
            context()
        );
    }
    // The first request on a connection that the server had closed is sent again at once and not counted.
    let free = steps.iter().any(|step| matches!(step.outcome, Stale { .. }));
    assert!(steps.len() <= ATTEMPTS as usize + usize::from(free), "too many: {}", context());
    for pair in steps.windows(2).filter(|pair| pair[0].outcome == Limited) {
        assert!(pair[1].at - pair[0].at >= Duration::from_secs(2), "too soon: {}", context());
    }
    let right = match last.outcome {
        Truth => true,
        Unreadable => false,
        // An INIT makes the id, so that none is wrong.
        WrongId => !readable || command == "INIT",
        _ => false,
    };
    match &ended.outcome {
        Ok(()) => assert!(right, "a false success: {}", context()),
        Err(error) => {
            assert!(!right, "a false failure: {}", context());
            let fits = match &error.kind {
                Kind::Api(failure) => match last.outcome {
                    Status(status) => status == failure.status,
                    Limited | LimitedFar => failure.status == 429,
                    _ => false,
                },
                Kind::InvalidResponse(_) => matches!(last.outcome, Unreadable | WrongId),
                Kind::Transport { .. } => matches!(last.outcome, Refused | Reset { .. } | Stale { .. }),
                Kind::RequestTimeout { .. } => ended.after >= TIMEOUT || last.outcome == Hang,
                _ => false,
            };
            assert!(fits, "another error than the last one: {}", context());
        }
    }
}

fn explore<F>(command: &'static str, readable: bool, verb: impl Fn(Client) -> F)
where
    F: Future<Output = Result<(), Error>>,
{
    let world = World { finalized: true, ..World::new(outcomes) };
    let count = every_sequence(DEPTH - 1, &world, quick(ATTEMPTS), verb, |ended| check(command, readable, ended));
    assert!(count > 3_000, "{count} sequences");
}

#[test]
fn whatever_happens_init_is_repeated_only_where_it_helps() {
    explore(
        "INIT",
        true,
        |client| async move { client.initialize(init(), Some(TIMEOUT), Hooks::none()).await.map(drop) },
    );
}

#[test]
fn whatever_happens_append_is_repeated_only_where_it_helps() {
    explore("APPEND", false, |client| async move {
        let media = Payload::Bytes(Bytes::from_static(b"x"));
        let first = SegmentIndex::new(Some(0), ApiVersion::V2).unwrap();
        client.append(Media::from(example()), first, media, Some(TIMEOUT), Hooks::none()).await
    });
}

#[test]
fn whatever_happens_status_is_repeated_only_where_it_helps() {
    explore("STATUS", true, |client| async move {
        client.status(Media::from(example()), Some(TIMEOUT), Hooks::none()).await.map(drop)
    });
}
