//! The decisions of `retry`, as tables over command, failure, attempt, age and what is left of the time.

use std::time::Duration;

use xmedia::client::config::Retry;
use xmedia::client::error::{ApiClass, ApiFailure, Error, Kind};
use xmedia::client::model::CommandName;
use xmedia::client::retry::{
    MAX_RETRY_AFTER, RetryContext, RetryDecision, backoff, decide, decide_in_wait, decide_unknown_outcome,
    is_not_found, outcome_is_unknown, request_was_not_sent, status_interval,
};

use CommandName::{Append, Finalize, Init, Metadata, Simple, Status, Subtitles};
use RetryDecision::{DoNotRetry, RetryAfter};

/// Repeated as often as it takes.
const HARMLESS: [CommandName; 6] = [Init, Append, Status, Simple, Metadata, Subtitles];
const SECOND: Duration = Duration::from_secs(1);

/// Without jitter's doubt: the whole delay.
const WHOLE: f64 = 1.0;

fn policy() -> Retry {
    Retry { attempts: 5, base_delay: SECOND, max_delay: 10 * SECOND }
}

fn now(command: CommandName) -> RetryContext {
    RetryContext { command, attempt: 1, not_found: 0, age: None, remaining: None, jitter: WHOLE }
}

fn api(status: u16, retryable: bool) -> Error {
    let class = if status == 429 { ApiClass::RateLimit } else { ApiClass::Other };
    let failure = ApiFailure { status, class, not_found: status == 404, ..ApiFailure::default() };
    let mut error = Error::new(Kind::Api(Box::new(failure)), "refused");
    error.retryable = retryable;
    error
}

fn problem_in_success(status: u16, retryable: bool) -> Error {
    let failure = ApiFailure { status: 200, problem_status: Some(status), ..ApiFailure::default() };
    let mut error = Error::new(Kind::Api(Box::new(failure)), "refused");
    error.retryable = retryable;
    error
}

fn transport(connect: bool) -> Error {
    Error::new(Kind::Transport { connect }, "broken")
}

/// The same for ever: a certificate that is not trusted, a proxy of an unknown kind.
fn lasting(connect: bool) -> Error {
    let mut error = transport(connect);
    error.retryable = false;
    error
}

fn timed_out(connect: bool) -> Error {
    Error::new(Kind::RequestTimeout { connect }, "timed out")
}

fn unreadable() -> Error {
    Error::new(Kind::InvalidResponse(None), "unreadable")
}

fn asked(mut error: Error, delay: Duration) -> Error {
    error.retry_after = Some(delay);
    error
}

/// Name, failure, and whether it is sent again: a harmless command; FINALIZE and TOKEN; a STATUS inside a wait. Then,
/// whether a FINALIZE that failed like this is lost.
fn failures() -> Vec<(&'static str, Error, [bool; 3], bool)> {
    vec![
        ("no connection", transport(true), [true, true, true], false),
        ("no connection in time", timed_out(true), [true, true, true], false),
        ("no connection, ever", lasting(true), [false; 3], false),
        ("cut off", transport(false), [true, false, true], true),
        ("no answer in time", timed_out(false), [true, false, true], true),
        ("408", api(408, true), [true, false, true], true),
        ("425", api(425, true), [true, true, true], false),
        ("429", api(429, true), [true, true, true], false),
        ("500", api(500, true), [true, false, true], true),
        ("503", api(503, true), [true, false, true], true),
        ("598", api(598, true), [true, false, true], true),
        // A mock server that replays a recording has no such request.
        ("599", api(599, false), [false; 3], false),
        ("503 in a 200", problem_in_success(503, true), [true, false, true], true),
        ("429 in a 200", problem_in_success(429, true), [true, true, true], false),
        ("unreadable", unreadable(), [false, false, true], true),
        ("301", api(301, false), [false; 3], false),
        ("400", api(400, false), [false; 3], false),
        ("401", api(401, false), [false; 3], false),
        ("401 for now", api(401, true), [false, false, true], false),
        ("402", api(402, false), [false; 3], false),
        ("403", api(403, false), [false; 3], false),
        ("404", api(404, false), [false; 3], false),
        ("413", api(413, false), [false; 3], false),
        ("usage cap", api(429, false), [false; 3], false),
        ("403 in a 200", problem_in_success(403, false), [false; 3], false),
        ("closed", Error::closed(), [false; 3], false),
        ("bad input", Error::invalid_input("x"), [false; 3], false),
        ("processing", Error::new(Kind::Processing(None), "x"), [false; 3], false),
        ("expired", Error::new(Kind::Expired, "x"), [false; 3], false),
        ("the caller's", Error::new(Kind::Callback, "x"), [false; 3], false),
    ]
}

#[test]
fn what_is_sent_again() {
    for (name, error, [harmless, finalize, in_wait], lost) in failures() {
        for command in HARMLESS {
            // What cannot be read does not say that a segment arrived.
            let harmless = harmless || (command == Append && matches!(error.kind, Kind::InvalidResponse(_)));
            assert_eq!(harmless, decide(Some(&policy()), &error, &now(command)) != DoNotRetry, "{name} of {command}");
        }
        assert_eq!(finalize, decide(Some(&policy()), &error, &now(Finalize)) != DoNotRetry, "{name} of FINALIZE");
        // A refresh token that was sent once more is either taken or refused for good, so nothing is lost by it.
        let token = harmless || matches!(error.kind, Kind::InvalidResponse(_));
        assert_eq!(token, decide(Some(&policy()), &error, &now(CommandName::Token)) != DoNotRetry, "{name} of TOKEN");
        assert_eq!(in_wait, decide_in_wait(&policy(), &error, 1, WHOLE, None) != DoNotRetry, "{name} in a wait");
        assert_eq!(lost, outcome_is_unknown(&error), "{name} of FINALIZE");
        // What never arrived is repeated; what is lost is asked after: nothing is both.
        assert!(!(finalize && lost), "{name}");
    }
}

#[test]
fn what_never_arrived_did_nothing_whether_it_can_arrive_or_not() {
    let arrived = [transport(false), timed_out(false), api(408, true), api(503, true), unreadable()];
    let never = [transport(true), lasting(true), timed_out(true), api(425, true), api(429, true)];
    for (errors, expected) in [(&arrived, false), (&never, true)] {
        for error in errors {
            assert_eq!(expected, request_was_not_sent(error), "{:?}", error.kind);
        }
    }
}

#[test]
fn nothing_is_sent_again_without_a_policy_or_after_the_last_attempt() {
    for (name, error, ..) in failures() {
        for command in CommandName::ALL {
            assert_eq!(DoNotRetry, decide(None, &error, &now(command)), "{name} of {command}");
            for attempt in [5, 6, u32::MAX] {
                let late = RetryContext { attempt, ..now(command) };
                assert_eq!(
                    DoNotRetry,
                    decide(Some(&policy()), &error, &late),
                    "{name} of {command}, attempt {attempt}"
                );
            }
        }
    }
}

#[test]
fn tries_inside_a_wait_are_not_counted() {
    for failures in [1, 5, 1000, u32::MAX] {
        assert_eq!(
            RetryAfter(policy().max_delay.min(backoff(&policy(), failures, WHOLE))),
            decide_in_wait(&policy(), &api(503, true), failures, WHOLE, None)
        );
    }
}

#[test]
fn delays_double_up_to_the_largest_and_are_spread_by_jitter() {
    let seconds: Vec<u64> = (1..=8).map(|attempt| backoff(&policy(), attempt, WHOLE).as_secs()).collect();
    assert_eq!(vec![1, 2, 4, 8, 10, 10, 10, 10], seconds);
    for (jitter, expected) in [(0.0, 0.0), (0.25, 1.0), (0.5, 2.0), (1.0, 4.0), (-1.0, 0.0), (9.0, 4.0)] {
        assert_eq!(Duration::from_secs_f64(expected), backoff(&policy(), 3, jitter), "jitter {jitter}");
    }
    for attempt in [0, 31, 32, 1000, u32::MAX] {
        assert!(backoff(&policy(), attempt, WHOLE) <= policy().max_delay, "attempt {attempt}");
    }
    let endless = Retry { max_delay: Duration::MAX, ..policy() };
    assert!(backoff(&endless, u32::MAX, 0.99) > SECOND);
}

#[test]
fn a_server_that_names_a_time_is_not_asked_before_nor_sooner_than_our_own_backoff() {
    // What was asked, the attempt, and between what the delay lies.
    let cases = [
        (api(429, true), 100.0, 1, [100.0, 100.25]),
        (api(503, true), 100.0, 1, [100.0, 100.25]),
        (api(429, true), 0.5, 1, [0.5, 1.0]),
        (api(429, true), 0.0, 1, [0.0, 1.0]),
        (api(429, true), 0.0, 4, [0.0, 8.0]),
        (api(503, true), 0.001, 4, [0.001, 8.0]),
        (api(429, true), 9.0, 4, [9.0, 9.25]),
    ];
    for (error, delay, attempt, [least, most]) in cases {
        let error = asked(error, Duration::from_secs_f64(delay));
        for jitter in [0.0, 0.5, 1.0] {
            let now = RetryContext { attempt, jitter, ..now(Status) };
            let RetryAfter(slept) = decide(Some(&policy()), &error, &now) else {
                panic!("{error} is not sent again");
            };
            let expected = Duration::from_secs_f64(least).max(backoff(&policy(), attempt, jitter));
            assert!((expected..=Duration::from_secs_f64(most)).contains(&slept), "{slept:?} for {expected:?}");
            assert_eq!(RetryAfter(slept), decide_in_wait(&policy(), &error, attempt, jitter, None));
            assert_eq!(RetryAfter(slept), decide_unknown_outcome(&policy(), &error, attempt, None, jitter));
        }
    }
}

#[test]
fn one_that_names_an_absurd_time_is_not_waited_for() {
    for delay in [MAX_RETRY_AFTER + SECOND, Duration::MAX] {
        assert_eq!(DoNotRetry, decide(Some(&policy()), &asked(api(429, true), delay), &now(Status)));
        assert_eq!(DoNotRetry, decide_unknown_outcome(&policy(), &asked(api(503, true), delay), 1, None, WHOLE));
    }
}

#[test]
fn no_delay_reaches_the_deadline() {
    for (remaining, expected) in
        [(0, DoNotRetry), (999, DoNotRetry), (1000, DoNotRetry), (1001, RetryAfter(SECOND)), (9000, RetryAfter(SECOND))]
    {
        let pressed = RetryContext { remaining: Some(Duration::from_millis(remaining)), ..now(Status) };
        assert_eq!(expected, decide(Some(&policy()), &api(503, true), &pressed), "{remaining} ms left");
        assert_eq!(
            expected,
            decide_unknown_outcome(&policy(), &api(503, true), 1, pressed.remaining, WHOLE),
            "{remaining} ms left"
        );
    }
    let pressed = RetryContext { remaining: Some(60 * SECOND), ..now(Finalize) };
    assert_eq!(DoNotRetry, decide(Some(&policy()), &asked(api(429, true), 60 * SECOND), &pressed));
    assert_ne!(DoNotRetry, decide(Some(&policy()), &asked(api(429, true), 30 * SECOND), &pressed));
}

#[test]
fn a_404_soon_after_ones_own_init_is_tried_three_times_more() {
    let young = Some(Duration::from_millis(4999));
    let cases = [
        (Append, young, 1, true),
        (Append, young, 3, true),
        (Append, young, 4, false),
        (Finalize, young, 1, true),
        (Finalize, young, 3, true),
        (Finalize, young, 4, false),
        (Append, Some(5 * SECOND), 1, false),
        (Finalize, Some(5 * SECOND), 1, false),
        (Append, None, 1, false),
        (Finalize, None, 1, false),
        (Status, young, 1, false),
        (Init, young, 1, false),
        (Metadata, young, 1, false),
    ];
    for (command, age, not_found, expected) in cases {
        // The attempts that the policy allows are not what bounds these.
        for attempt in [1, 9] {
            let context = RetryContext { age, not_found, attempt, ..now(command) };
            let again = decide(Some(&policy()), &api(404, false), &context) != DoNotRetry;
            assert_eq!(expected, again, "{command}, age {age:?}, 404 number {not_found}");
        }
    }
    let no_404 = RetryContext { age: young, not_found: 1, ..now(Finalize) };
    assert_eq!(DoNotRetry, decide(Some(&policy()), &api(403, false), &no_404));
}

#[test]
fn a_404_of_media_seen_in_processing_is_tried_three_times_within_15_s() {
    let cases = [(1, 0, true), (3, 14, true), (4, 0, false), (1, 15, false), (3, 100, false)];
    for (tries, seconds, expected) in cases {
        let seen = Some((tries, Duration::from_secs(seconds)));
        let decision = decide_in_wait(&policy(), &api(404, false), 1, WHOLE, seen);
        assert_eq!(expected, decision != DoNotRetry, "404 number {tries} after {seconds} s");
        if let RetryAfter(delay) = decision {
            assert!(delay <= 4 * SECOND);
        }
    }
    assert_eq!(DoNotRetry, decide_in_wait(&policy(), &api(404, false), 1, WHOLE, None));
    assert_eq!(DoNotRetry, decide_in_wait(&policy(), &api(403, false), 1, WHOLE, Some((1, SECOND))));
}

#[test]
fn not_found_is_a_404_or_what_v2_says_with_400() {
    let said = ApiFailure { status: 400, not_found: true, ..ApiFailure::default() };
    assert!(is_not_found(&Error::new(Kind::Api(Box::new(said)), "BadRequest: Not found")));
    assert!(is_not_found(&api(404, false)));
    assert!(is_not_found(&problem_in_success(404, false)));
    assert!(!is_not_found(&api(400, false)));
    assert!(!is_not_found(&transport(false)));
}

#[test]
fn a_lost_finalize_is_repeated_as_often_as_attempts_allow_and_not_before_the_server_asked() {
    for (times, expected) in [
        (1, RetryAfter(SECOND)),
        (2, RetryAfter(2 * SECOND)),
        (4, RetryAfter(8 * SECOND)),
        (5, DoNotRetry),
        (9, DoNotRetry),
    ] {
        assert_eq!(
            expected,
            decide_unknown_outcome(&policy(), &transport(false), times, None, WHOLE),
            "lost {times} times"
        );
    }
    assert_eq!(
        RetryAfter(7 * SECOND),
        decide_unknown_outcome(&policy(), &asked(api(503, true), 7 * SECOND), 1, None, 0.0)
    );
}

#[test]
fn our_own_pace_is_1_2_4_to_15_seconds() {
    let seconds: Vec<u64> = (1..=7).map(|answers| status_interval(answers).as_secs()).collect();
    assert_eq!(vec![1, 2, 4, 8, 15, 15, 15], seconds);
    assert_eq!((SECOND, 15 * SECOND), (status_interval(0), status_interval(u32::MAX)));
}
