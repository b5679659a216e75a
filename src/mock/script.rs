//! What a test scripts: replies and faults for the next requests of a command, and chaos.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::client::model::CommandName;

/// What happens to one request.
#[derive(Clone, Debug, Default)]
pub enum Item {
    /// Nothing special.
    #[default]
    Normal,
    /// This response.
    Reply(Reply),
    /// This fault.
    Fault(Fault),
}

/// A response that a test wrote.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers; no others are added but `Date` and `Content-Length`.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// How long to wait before responding.
    pub delay: Duration,
    /// Whether the command takes effect first.
    pub apply: bool,
}

/// A fault of the network or of the server.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Set when it goes wrong as soon as so many bytes of the request's body are here.
    pub in_body: Option<u64>,
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FaultKind {
    /// The connection is reset.
    Reset {
        /// The command takes effect first.
        after: bool,
    },
    /// The connection is closed without a response.
    Close {
        /// The command takes effect first.
        after: bool,
    },
    /// The command takes effect, its response breaks off after so many bytes of the body.
    Cut {
        /// Bytes of the body that are sent.
        at: u64,
    },
    /// The command takes effect, its response (or, in the body, the reading of the request) is slow.
    Slow {
        /// How many bytes go in a second.
        bytes_per_second: f64,
    },
    /// The command takes effect, its response comes late.
    Delay(Duration),
    /// No response at all; the connection stays open.
    Hang {
        /// The command takes effect first.
        after: bool,
    },
    /// The command takes effect, the response is not HTTP.
    Garbage,
    /// The command takes effect, the response's body never ends.
    Endless,
    /// The connection is reset and no new one is accepted for this long.
    Refuse(Duration),
}

impl Fault {
    /// This fault after the request was read.
    pub fn new(kind: FaultKind) -> Self {
        Fault { kind, in_body: None }
    }

    /// The same fault while the request's body is read, after so many bytes of it.
    pub fn in_body(self, at: u64) -> Self {
        Fault { in_body: Some(at), ..self }
    }

    /// Whether the command takes effect all the same.
    pub(crate) fn takes_effect(&self) -> bool {
        match self.kind {
            FaultKind::Reset { after } | FaultKind::Close { after } | FaultKind::Hang { after } => after,
            FaultKind::Refuse(_) => false,
            FaultKind::Cut { .. }
            | FaultKind::Slow { .. }
            | FaultKind::Delay(_)
            | FaultKind::Garbage
            | FaultKind::Endless => true,
        }
    }
}

/// The items that wait for their requests.
#[derive(Default)]
pub(crate) struct Script {
    queues: HashMap<CommandName, VecDeque<Item>>,
    chaos: Option<Chaos>,
}

struct Chaos {
    random: StdRng,
    rate: f64,
    items: Vec<Item>,
}

impl Chaos {
    /// One random choice.
    fn draw(&mut self) -> Item {
        if !self.random.random_bool(self.rate.clamp(0.0, 1.0)) {
            return Item::Normal;
        }
        let choice = self.random.random_range(0..self.items.len());
        self.items.get(choice).cloned().unwrap_or_default()
    }
}

impl Script {
    /// Appends items for the next requests of a command.
    pub(crate) fn push(&mut self, command: CommandName, items: impl IntoIterator<Item = Item>) {
        self.queues.entry(command).or_default().extend(items);
    }

    /// Gives each request without a scripted item one of these with this probability; an empty list ends that.
    pub(crate) fn set_chaos(&mut self, seed: u64, rate: f64, items: Vec<Item>) {
        self.chaos =
            (rate > 0.0 && !items.is_empty()).then(|| Chaos { random: StdRng::seed_from_u64(seed), rate, items });
    }

    /// Drops all items and ends chaos.
    pub(crate) fn clear(&mut self) {
        *self = Script::default();
    }

    /// How many items are left for a command.
    pub(crate) fn waiting(&self, command: CommandName) -> usize {
        self.queues.get(&command).map_or(0, VecDeque::len)
    }

    /// Why no item fits a request that gets none: for each command with items left, how many, and what came instead.
    pub(crate) fn near_misses(&self, command: Option<CommandName>) -> Vec<String> {
        let came = command.map_or("no command", CommandName::as_str);
        // An item of its own command that changes nothing was used, though.
        let left = self.queues.iter().filter(|(name, queue)| Some(**name) != command && !queue.is_empty());
        let mut misses: Vec<_> = left
            .map(|(name, queue)| match queue.len() {
                1 => format!("1 item is left for {}, and this request is {came}", name.as_str()),
                count => format!("{count} items are left for {}, and this request is {came}", name.as_str()),
            })
            .collect();
        misses.sort();
        misses
    }

    /// Whether requests have to be looked at while their bodies come in.
    pub(crate) fn wants_bodies(&self) -> bool {
        let in_body = |item: &Item| matches!(item, Item::Fault(Fault { in_body: Some(_), .. }));
        self.queues.values().any(|queue| queue.front().is_some_and(in_body))
            || self.chaos.as_ref().is_some_and(|chaos| chaos.items.iter().any(in_body))
    }

    /// The item for a request of this command.
    pub(crate) fn take(&mut self, command: CommandName) -> Item {
        if let Some(item) = self.queues.get_mut(&command).and_then(VecDeque::pop_front) {
            return item;
        }
        self.chaos.as_mut().map(Chaos::draw).unwrap_or_default()
    }

    /// The item for a request of this command whose body is still coming in: only if it is one for bodies.
    ///
    /// With chaos the choice is made here and not again at the end of the request.
    pub(crate) fn take_in_body(&mut self, command: CommandName) -> Option<Item> {
        match self.queues.get(&command).and_then(VecDeque::front) {
            Some(Item::Fault(Fault { in_body: Some(_), .. })) => Some(self.take(command)),
            Some(_) => None,
            None => self.wants_bodies().then(|| self.take(command)),
        }
    }
}
