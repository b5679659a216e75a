//! FINALIZE and the wait after it as a state machine, checked for every order of answers with a model checker.
//!
//! What is decided is decided by the client's own code: what an answer means (`decode`), whether a FINALIZE may have taken
//! effect, whether and when a request is sent again. The model adds the order of the steps, a clock of a few ticks, in
//! each of which one request is answered, and a server that may answer anything at any time.

use std::time::Duration;

use stateright::{Checker, Model, Property};
use xmedia::client::config::Retry;
use xmedia::client::error::{Error, Kind, Result};
use xmedia::client::model::{CommandName, Media};
use xmedia::client::retry::{self, RetryContext, RetryDecision};

use crate::protocol::decode::{ID, media, response};

/// The verb's time, in ticks.
const DEADLINE: u8 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reply {
    /// The media, with this state or none.
    State(Option<&'static str>),
    /// An answer that cannot be read.
    Page,
    /// A success that says `error`.
    SaysError,
    Status(u16),
    Closed,
}

const REPLIES: [Reply; 17] = [
    Reply::State(None),
    Reply::State(Some(r#"{"state":"succeeded"}"#)),
    Reply::State(Some(r#"{"state":"pending"}"#)),
    Reply::State(Some(r#"{"state":"on_its_way"}"#)),
    Reply::State(Some(r#"{"state":"failed"}"#)),
    Reply::State(Some(r#"{"state":"in_progress","error":{}}"#)),
    Reply::State(Some(r#"{"state":"succeeded","error":{}}"#)),
    Reply::Page,
    Reply::SaysError,
    Reply::Status(400),
    Reply::Status(403),
    Reply::Status(404),
    Reply::Status(408),
    Reply::Status(425),
    Reply::Status(429),
    Reply::Status(503),
    Reply::Closed,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Finalize,
    /// FINALIZE's answer was lost: STATUS is to say what it did.
    Settle,
    Wait,
    Over(Outcome),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Outcome {
    Ready,
    Failed,
    Error,
    OutOfTime,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    step: Step,
    clock: u8,
    finalizes: u8,
    /// Requests of the STATUS that is to settle a lost FINALIZE.
    statuses: u8,
    in_processing: bool,
    not_found: u8,
    /// What has happened, for the properties.
    said_failed: bool,
    said_ready: bool,
    effect_known: bool,
    needless: bool,
    late: bool,
}

struct Client {
    policy: Retry,
}

fn read(command: CommandName, reply: Reply) -> Result<Media> {
    match reply {
        Reply::State(None) => media(command, format!(r#"{{"media_id":{ID}}}"#).as_bytes()),
        Reply::State(Some(info)) => {
            media(command, format!(r#"{{"media_id":{ID},"processing_info":{info}}}"#).as_bytes())
        }
        Reply::Page => media(command, b"<html></html>"),
        Reply::SaysError => media(command, format!(r#"{{"media_id":{ID},"error":"no"}}"#).as_bytes()),
        Reply::Status(status) => {
            let response = response(status, b"");
            let asked = xmedia::client::model::MediaId::new(ID);
            xmedia::client::protocol::decode(xmedia::client::model::ApiVersion::V1_1, command, asked, &response)
                .map(|answer| panic!("{answer:?} is no error"))
        }
        Reply::Closed => Err(Error::new(Kind::Transport { connect: false }, "closed")),
    }
}

impl Client {
    fn context(&self, command: CommandName, attempt: u8, state: &State) -> RetryContext {
        let remaining = Some(Duration::from_secs(DEADLINE.saturating_sub(state.clock).into()));
        RetryContext { command, attempt: attempt.into(), not_found: 0, age: None, remaining, jitter: 0.0 }
    }

    fn finalized(&self, state: &mut State, reply: Reply) {
        state.needless |= state.effect_known;
        state.finalizes += 1;
        match read(CommandName::Finalize, reply) {
            Ok(media) => conclude(state, &media),
            Err(error) if retry::outcome_is_unknown(&error) => {
                (state.step, state.statuses) = (Step::Settle, 0);
            }
            Err(error) => {
                let context = self.context(CommandName::Finalize, state.finalizes, state);
                if matches!(retry::decide(Some(&self.policy), &error, &context), RetryDecision::DoNotRetry) {
                    state.step = Step::Over(Outcome::Error);
                }
            }
        }
    }

    fn settled(&self, state: &mut State, reply: Reply) {
        state.statuses += 1;
        match read(CommandName::Status, reply) {
            Ok(media) if media.processing_info.is_some() => conclude(state, &media),
            Err(error) if !retry::is_not_found(&error) => {
                let context = self.context(CommandName::Status, state.statuses, state);
                if matches!(retry::decide(Some(&self.policy), &error, &context), RetryDecision::DoNotRetry) {
                    state.step = Step::Over(Outcome::Error);
                }
            }
            Ok(_) | Err(_) => {
                let lost = Error::new(Kind::Transport { connect: false }, "lost");
                let remaining = Some(Duration::from_secs(DEADLINE.saturating_sub(state.clock).into()));
                let times = state.finalizes.into();
                let decision = retry::decide_unknown_outcome(&self.policy, &lost, times, remaining, 0.0);
                state.step = match decision {
                    RetryDecision::RetryAfter(_) => Step::Finalize,
                    RetryDecision::DoNotRetry => Step::Over(Outcome::Error),
                };
            }
        }
    }

    fn waited(&self, state: &mut State, reply: Reply) {
        let error = match read(CommandName::Status, reply) {
            Ok(media) => return conclude(state, &media),
            Err(error) => error,
        };
        let seen = state.in_processing && retry::is_not_found(&error);
        state.not_found += u8::from(seen);
        let not_found = seen.then(|| (u32::from(state.not_found), Duration::ZERO));
        let decision = retry::decide_in_wait(&self.policy, &error, 1, 0.0, not_found);
        if matches!(decision, RetryDecision::DoNotRetry) {
            state.step = Step::Over(Outcome::Error);
        }
    }
}

fn conclude(state: &mut State, media: &Media) {
    state.effect_known = true;
    state.said_failed |= media.failed();
    state.said_ready = media.ready();
    state.step = if media.failed() {
        Step::Over(Outcome::Failed)
    } else if media.ready() {
        Step::Over(Outcome::Ready)
    } else {
        (state.in_processing, state.not_found) = (true, 0);
        Step::Wait
    };
}

impl Model for Client {
    type State = State;
    type Action = Reply;

    fn init_states(&self) -> Vec<State> {
        let begun = |step| State {
            step,
            clock: 0,
            finalizes: 0,
            statuses: 0,
            in_processing: false,
            not_found: 0,
            said_failed: false,
            said_ready: false,
            effect_known: false,
            needless: false,
            late: false,
        };
        // An upload ends with FINALIZE; a wait begins with an id.
        vec![begun(Step::Finalize), begun(Step::Wait)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Reply>) {
        if !matches!(state.step, Step::Over(_)) {
            actions.extend(REPLIES);
        }
    }

    fn next_state(&self, before: &State, reply: Reply) -> Option<State> {
        let mut state = before.clone();
        // A wait asks once more at its deadline.
        let last = if state.step == Step::Wait { DEADLINE } else { DEADLINE - 1 };
        state.late |= state.clock > last;
        state.clock += 1;
        match state.step {
            Step::Finalize => self.finalized(&mut state, reply),
            Step::Settle => self.settled(&mut state, reply),
            Step::Wait => self.waited(&mut state, reply),
            Step::Over(_) => return None,
        }
        let last = if state.step == Step::Wait { DEADLINE } else { DEADLINE - 1 };
        if !matches!(state.step, Step::Over(_)) && state.clock > last {
            state.step = Step::Over(Outcome::OutOfTime);
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("never a success after a failure", |_, state: &State| {
                !(state.said_failed && state.step == Step::Over(Outcome::Ready))
            }),
            Property::always("a success is what the last answer says", |_, state: &State| {
                state.step != Step::Over(Outcome::Ready) || state.said_ready
            }),
            Property::always("never a second FINALIZE once it is known what the first did", |_, state: &State| {
                !state.needless
            }),
            Property::always("never beyond the deadline", |_, state: &State| !state.late),
            Property::eventually("every call ends", |_, state: &State| matches!(state.step, Step::Over(_))),
            Property::sometimes("media becomes ready", |_, state: &State| state.step == Step::Over(Outcome::Ready)),
            Property::sometimes("a lost FINALIZE is sent again", |_, state: &State| state.finalizes > 1),
            Property::sometimes("a wait runs out of time", |_, state: &State| {
                state.in_processing && state.step == Step::Over(Outcome::OutOfTime)
            }),
        ]
    }
}

#[test]
fn every_order_of_answers_keeps_the_promises() {
    let policy = Retry { attempts: 3, base_delay: Duration::from_millis(1), max_delay: Duration::from_millis(2) };
    let checked = Client { policy }.checker().spawn_bfs().join();
    checked.assert_properties();
    println!("{} states, {} of them different", checked.state_count(), checked.unique_state_count());
    // docs/how/design.md says so. A model that sees less than before proves less.
    assert_eq!(1131, checked.unique_state_count());
}
