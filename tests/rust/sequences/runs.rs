//! Runs of a verb, one for every sequence of outcomes.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;
use xmedia::client::auth::Account;
use xmedia::client::config::{CheckMode, Options, Retry, TransportOptions};
use xmedia::client::error::Error;
use xmedia::client::model::ApiVersion;
use xmedia::client::protocol::{Init, Request, Response};
use xmedia::client::x_values::Owners;
use xmedia::client::{Client, HttpBackend, Transport, TransportFailure};

use super::world::{Step, World, command};
use crate::support::credentials;

/// How many requests go by choice.
pub(super) const DEPTH: usize = 5;
/// What a verb may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(90);
/// What a verb may outlive that by.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// The parameters of the least upload.
pub(super) fn init() -> Init {
    Init {
        total_bytes: 1,
        media_type: "video/mp4".to_owned().try_into().unwrap(),
        media_category: None,
        additional_owners: Owners::default(),
        shared: false,
    }
}

/// The choices of one run.
#[derive(Default)]
pub(super) struct Choices {
    pub(super) given: Vec<usize>,
    /// What was chosen, and among how many.
    pub(super) taken: Vec<(usize, usize)>,
    pub(super) depth: usize,
}

impl Choices {
    pub(super) fn next(&mut self, among: usize) -> usize {
        if self.taken.len() >= self.depth {
            return 0;
        }
        let choice = self.given.get(self.taken.len()).copied().unwrap_or(0);
        self.taken.push((choice, among));
        choice
    }

    /// The choices of the next run, if there is one.
    pub(super) fn following(mut self) -> Option<Choices> {
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

pub(super) struct Run {
    pub(super) world: World,
    pub(super) choices: Choices,
    pub(super) began: Instant,
}

/// The wire of one run.
pub(super) struct Driven(Arc<Mutex<Run>>);

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

/// What a verb brought, and when it ended.
pub(super) struct Ended<T> {
    pub(super) outcome: Result<T, Error>,
    pub(super) world: World,
    pub(super) after: Duration,
}

impl<T> Ended<T> {
    pub(super) fn last(&self) -> Step {
        *self.world.steps.last().unwrap()
    }
}

/// Runs a verb under every sequence of outcomes; how many there were.
pub(super) fn every_sequence<T, F>(
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
    let transport_options = Arc::new(TransportOptions::default());
    let options = Arc::new(Options { retry, check: CheckMode::Off, ..Options::new(ApiVersion::V1_1) });
    let mut count = 0;
    let mut choices = Some(Choices { depth, ..Choices::default() });
    while let Some(next) = choices {
        let ended = runtime.block_on(async {
            let began = Instant::now();
            let run = Arc::new(Mutex::new(Run { world: world.clone(), choices: next, began }));
            let transport = Transport::over(transport_options.clone(), Box::new(Driven(run.clone())));
            let account = Account::new(credentials());
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

pub(super) fn quick(attempts: u32) -> Option<Retry> {
    Some(Retry { attempts, ..Retry::default() })
}
