//! The course of asynchronous processing: what FINALIZE and each STATUS tell.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

/// One answer of the course.
#[derive(Clone, Debug)]
pub struct Step {
    /// The state by which the media is known to the test.
    pub state: String,
    /// The `processing_info` as it is sent, any JSON text.
    pub info: String,
    /// How long a STATUS still gets this answer before one takes the next.
    pub wait: Duration,
}

impl Step {
    /// An answer given word for word.
    pub fn given(state: impl Into<String>, info: impl Into<String>, wait: Duration) -> Self {
        Step { state: state.into(), info: info.into(), wait }
    }

    /// The course through these states, with what X tells of each.
    pub fn course<'a>(states: impl IntoIterator<Item = &'a str>, check_after_secs: f64) -> Vec<Self> {
        let states: Vec<&str> = states.into_iter().collect();
        let last = states.len().saturating_sub(1);
        states.iter().enumerate().map(|(at, state)| Step::plain(state, at, last, check_after_secs)).collect()
    }

    /// What X tells of a state, the `at`-th of a course that ends with the `last`-th.
    pub fn plain(state: &str, at: usize, last: usize, check_after_secs: f64) -> Self {
        let percent = (100 * at).checked_div(last).unwrap_or(0).min(99);
        let mut info = Map::new();
        info.insert("state".into(), state.into());
        let mut wait = Duration::ZERO;
        match state {
            "succeeded" => {
                info.insert("progress_percent".into(), 100.into());
            }
            "failed" => {
                info.insert("progress_percent".into(), percent.into());
                let error = json!({"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"});
                info.insert("error".into(), error);
            }
            _ => {
                info.insert("check_after_secs".into(), seconds(check_after_secs));
                wait = Duration::try_from_secs_f64(check_after_secs).unwrap_or_default();
                if state != "pending" {
                    info.insert("progress_percent".into(), percent.into());
                }
            }
        }
        Step { state: state.into(), info: Value::Object(info).to_string(), wait }
    }
}

/// A number of seconds as X writes it: whole where it is whole.
pub(super) fn seconds(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { Value::from(value as i64) } else { Value::from(value) }
}

/// How far one upload's processing is.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    course: Arc<[Step]>,
    at: usize,
    since: Instant,
}

impl Progress {
    /// The course from its first answer on; `None` if it has none.
    pub(super) fn start(course: Arc<[Step]>, now: Instant) -> Option<Self> {
        (!course.is_empty()).then_some(Progress { course, at: 0, since: now })
    }

    /// The answer that holds now.
    pub(super) fn current(&self) -> Option<&Step> {
        self.course.get(self.at)
    }

    /// A STATUS was asked: takes the next answer if its time has come.
    pub(super) fn poll(&mut self, now: Instant) {
        let due = self.current().is_some_and(|step| now.duration_since(self.since) >= step.wait);
        if due && self.at + 1 < self.course.len() {
            self.at += 1;
            self.since = now;
        }
    }
}
