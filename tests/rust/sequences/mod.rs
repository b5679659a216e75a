//! The core as a state machine: every sequence of outcomes up to a depth, by a clock that costs no time.
//!
//! A [`HttpBackend`] stands in the network's place. At each request it takes the next of a list of outcomes; a run that asked
//! for more of them than were chosen is followed by runs for every other choice. Past the depth all goes well. Nothing
//! of the client is replaced, so that what holds here holds for `exchange`, `retry`, `finalize` and `wait` together.

mod finalize;
mod model;
mod retry;
mod wait;

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tokio::time::Instant;
use xmedia::client::auth::{Account, Credentials, oauth1};
use xmedia::client::config::{CheckMode, Options, Retry, TransportOptions};
use xmedia::client::error::{Error, Kind};
use xmedia::client::model::ApiVersion;
use xmedia::client::protocol::{Body, Init, Request, Response};
use xmedia::client::x_values::Owners;
use xmedia::client::{Client, HttpBackend, Transport, TransportFailure};

use crate::protocol::decode::ID;

/// How many requests go by choice.
const DEPTH: usize = 5;
/// What a verb may take.
const TIMEOUT: Duration = Duration::from_secs(90);
/// What a verb may outlive that by.
const GRACE: Duration = Duration::from_secs(1);

/// The parameters of the least upload.
fn init() -> Init {
    Init {
        total_bytes: 1,
        media_type: "video/mp4".to_owned().try_into().unwrap(),
        media_category: None,
        additional_owners: Owners::default(),
        shared: false,
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// The server's honest answer.
    Truth,
    /// No connection is made.
    Refused,
    /// The connection breaks; after the command took effect, or before.
    Reset { after: bool },
    /// A connection that was used before breaks.
    Stale { after: bool },
    /// Nothing comes back; the command took effect.
    Hang,
    /// This status.
    Status(u16),
    /// This status, and the command took effect all the same.
    StatusAfter(u16),
    /// 429 that passes after two seconds.
    Limited,
    /// 429 that passes after the deadline.
    LimitedFar,
    /// A success that nobody can read; the command took effect.
    Unreadable,
    /// A success about other media; the command took effect.
    WrongId,
    /// A success that says nothing of processing.
    Hollow,
    /// A success with this processing info.
    Processing(Info),
}

/// Processing as STATUS reports it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Info {
    /// Asks to come back in a second.
    Soon,
    /// Asks to come back tomorrow.
    Tomorrow,
    /// Names no pace.
    NoPace,
    /// A state that nobody knows.
    Unknown,
    /// Ready.
    Succeeded,
    /// Not usable.
    Failed,
    /// Goes on for ever, with an error.
    Zombie,
}

impl Info {
    fn json(self) -> Value {
        match self {
            Info::Soon => json!({"state": "in_progress", "check_after_secs": 1}),
            Info::Tomorrow => json!({"state": "in_progress", "check_after_secs": 86_400}),
            Info::NoPace => json!({"state": "pending"}),
            Info::Unknown => json!({"state": "a new word", "check_after_secs": 0}),
            Info::Succeeded => json!({"state": "succeeded", "progress_percent": 100}),
            Info::Failed => json!({"state": "failed"}),
            Info::Zombie => json!({"state": "in_progress", "progress_percent": 99, "error": {}}),
        }
    }
}

/// A request as the server saw it.
#[derive(Clone, Copy, Debug)]
struct Step {
    command: &'static str,
    outcome: Outcome,
    /// What the answer's body was, for a [`Outcome::Truth`].
    known: bool,
    at: Duration,
}

/// What the server is and what became of it.
#[derive(Clone, Debug)]
struct World {
    /// FINALIZE is followed by processing.
    asynchronous: bool,
    /// A second FINALIZE is refused.
    refuses_second: bool,
    finalized: bool,
    steps: Vec<Step>,
    /// What may happen to a command.
    outcomes: fn(&str) -> &'static [Outcome],
}

/// The choices of one run.
#[derive(Default)]
struct Choices {
    given: Vec<usize>,
    /// What was chosen, and among how many.
    taken: Vec<(usize, usize)>,
    depth: usize,
}

impl Choices {
    fn next(&mut self, among: usize) -> usize {
        if self.taken.len() >= self.depth {
            return 0;
        }
        let choice = self.given.get(self.taken.len()).copied().unwrap_or(0);
        self.taken.push((choice, among));
        choice
    }

    /// The choices of the next run, if there is one.
    fn following(mut self) -> Option<Choices> {
        while let Some((choice, among)) = self.taken.pop() {
            if choice + 1 < among {
                let mut given: Vec<usize> = self.taken.iter().map(|(choice, _)| *choice).collect();
                given.push(choice + 1);
                return Some(Choices { given, taken: Vec::new(), depth: self.depth });
            }
        }
        None
    }
}

struct Run {
    world: World,
    choices: Choices,
    began: Instant,
}

/// The wire of one run.
struct Driven(Arc<Mutex<Run>>);

impl HttpBackend for Driven {
    fn exchange<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportFailure>> {
        let mut run = self.0.lock().unwrap();
        let command = command(request);
        let outcomes = (run.world.outcomes)(command);
        let choice = run.choices.next(outcomes.len());
        let outcome = outcomes[choice];
        let at = run.began.elapsed();
        let (known, reply) = run.world.reply(command, outcome);
        run.world.steps.push(Step { command, outcome, known, at });
        match reply {
            Some(reply) => Box::pin(std::future::ready(reply)),
            None => Box::pin(std::future::pending()),
        }
    }
}

impl World {
    fn new(outcomes: fn(&str) -> &'static [Outcome]) -> World {
        World { asynchronous: true, refuses_second: false, finalized: false, steps: Vec::new(), outcomes }
    }

    /// Lets the command take effect if that is to be, and answers; `None` is silence.
    fn reply(&mut self, command: &str, outcome: Outcome) -> (bool, Option<Result<Response, TransportFailure>>) {
        let twice = command == "FINALIZE" && self.finalized;
        let takes_effect = matches!(
            outcome,
            Outcome::Truth
                | Outcome::Reset { after: true }
                | Outcome::Stale { after: true }
                | Outcome::Hang
                | Outcome::StatusAfter(_)
                | Outcome::Unreadable
                | Outcome::WrongId
        );
        if command == "FINALIZE" && takes_effect {
            self.finalized = true;
        }
        let known = match command {
            "STATUS" => self.finalized && self.asynchronous,
            "FINALIZE" => !(twice && self.refuses_second),
            _ => true,
        };
        let broken = |connect, reused| {
            Some(Err(TransportFailure {
                error: Error::new(Kind::Transport { connect }, "the connection broke"),
                reused,
            }))
        };
        let reply = match outcome {
            Outcome::Truth if !known => status(if command == "STATUS" { 404 } else { 400 }, &[]),
            Outcome::Truth => {
                let info = (self.asynchronous && command != "INIT").then_some(Info::Soon);
                success(ID, info)
            }
            Outcome::Refused => broken(true, false),
            Outcome::Reset { .. } => broken(false, false),
            Outcome::Stale { .. } => broken(false, true),
            Outcome::Hang => None,
            Outcome::Status(code) | Outcome::StatusAfter(code) => status(code, &[]),
            Outcome::Limited => status(429, &[("retry-after", "2")]),
            Outcome::LimitedFar => status(429, &[("retry-after", "100000")]),
            Outcome::Unreadable => Some(Ok(response(201, b"<html>", &[]))),
            Outcome::WrongId => success(ID + 1, None),
            Outcome::Hollow => success(ID, None),
            Outcome::Processing(info) => success(ID, Some(info)),
        };
        (known, reply)
    }
}

fn command(request: &Request) -> &'static str {
    let named = |pairs: &[(&str, String)]| pairs.iter().find(|(name, _)| *name == "command").map(|(_, it)| it.clone());
    let name = match &request.body {
        Body::Form(fields) => named(fields),
        Body::Multipart(_) => Some("APPEND".to_owned()),
        _ => named(&request.query),
    };
    ["INIT", "APPEND", "FINALIZE", "STATUS"].into_iter().find(|known| name.as_deref() == Some(*known)).unwrap()
}

fn response(status: u16, body: &[u8], headers: &[(&'static str, &'static str)]) -> Response {
    let headers: HeaderMap =
        headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect();
    let body = Bytes::copy_from_slice(body);
    Response { status, headers, body, truncated: false, received_at: SystemTime::now() }
}

fn status(status: u16, headers: &[(&'static str, &'static str)]) -> Option<Result<Response, TransportFailure>> {
    Some(Ok(response(status, b"", headers)))
}

fn success(id: u64, info: Option<Info>) -> Option<Result<Response, TransportFailure>> {
    let mut body = json!({"media_id": id, "media_id_string": id.to_string()});
    if let Some(info) = info {
        body["processing_info"] = info.json();
    }
    Some(Ok(response(200, body.to_string().as_bytes(), &[])))
}

/// What a verb brought, and when it ended.
struct Ended<T> {
    outcome: Result<T, Error>,
    world: World,
    after: Duration,
}

impl<T> Ended<T> {
    fn last(&self) -> Step {
        *self.world.steps.last().unwrap()
    }
}

/// Runs a verb under every sequence of outcomes; how many there were.
fn every_sequence<T, F>(
    depth: usize,
    world: &World,
    retry: Option<Retry>,
    verb: impl Fn(Client) -> F,
    check: impl Fn(&Ended<T>),
) -> usize
where
    F: Future<Output = Result<T, Error>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let credentials = oauth1::Credentials {
        consumer_key: "a".into(),
        consumer_secret: "b".into(),
        access_token: "c".into(),
        access_token_secret: "d".into(),
    };
    let transport_options = Arc::new(TransportOptions::default());
    let options = Arc::new(Options {
        api: ApiVersion::V1_1,
        request_timeout: Some(Duration::from_secs(60)),
        retry,
        check: CheckMode::Off,
        account: None,
        record: None,
    });
    let mut count = 0;
    let mut choices = Some(Choices { depth, ..Choices::default() });
    while let Some(next) = choices {
        let ended = runtime.block_on(async {
            let began = Instant::now();
            let run = Arc::new(Mutex::new(Run { world: world.clone(), choices: next, began }));
            let transport = Transport::over(transport_options.clone(), Box::new(Driven(run.clone())));
            let account = Account::new(Credentials::OAuth1(credentials.clone()));
            let client = Client::new(Arc::new(transport), Arc::new(account), options.clone()).unwrap();
            let outcome = verb(client).await;
            let after = began.elapsed();
            let run = Arc::into_inner(run).expect("the verb left nothing behind").into_inner().unwrap();
            (Ended { outcome, world: run.world, after }, run.choices)
        });
        let (ended, taken) = ended;
        check(&ended);
        count += 1;
        choices = taken.following();
    }
    count
}

fn quick(attempts: u32) -> Option<Retry> {
    Some(Retry { attempts, ..Retry::default() })
}
