//! The calling side as a verb sees it: [`Observer`] and [`TokenProvider`] over a mailbox.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex as AsyncMutex, oneshot};

use crate::client::Reservation;
use crate::client::auth::oauth2::Token;
use crate::client::call::{Hooks, QueuePosition, TokenProvider};
use crate::client::error::{Error, Kind, Result};
use crate::client::observer::{EventFilter, Observer, Progress, RequestReport};
use crate::python::call::channel::{Feed, Mailbox, News, Outcome, Topic};
use crate::python::call::hooks::Interest;
use crate::python::process::fork;
use crate::sync::lock;

/// The calling side as a verb sees it.
pub struct Post {
    mailbox: Arc<Mailbox>,
    /// Whether the caller wants to hear of progress.
    wants_progress: bool,
    /// What else it wants.
    interest: Interest,
    /// The token that the caller gave.
    token: AsyncMutex<Option<Arc<Token>>>,
    reserved: Mutex<Option<Reserved>>,
}

/// A position in the queue for connections, which is the parent's in a forked child.
struct Reserved {
    generation: u64,
    reservation: Option<Reservation>,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let Some(reservation) = self.reservation.take() {
            drop(fork::if_same_process(self.generation, reservation));
        }
    }
}

impl Post {
    /// A post to this mailbox.
    pub fn new(mailbox: Arc<Mailbox>, wants_progress: bool) -> Self {
        Post {
            mailbox,
            wants_progress,
            interest: Interest::default(),
            token: AsyncMutex::default(),
            reserved: Mutex::default(),
        }
    }

    /// What a verb reports and asks through.
    pub fn hooks(&self) -> Hooks<'_> {
        Hooks::from(self)
    }

    /// Keeps the position in the queue that the verb's first request takes.
    pub fn reserve(&self, reservation: Reservation) {
        let reserved = Reserved { generation: fork::generation(), reservation: Some(reservation) };
        *lock(&self.reserved) = Some(reserved);
    }

    /// What the program wants to hear of, to be set before the verb is started.
    pub fn interest(&self) -> &Interest {
        &self.interest
    }

    /// Leaves something for the caller and goes on.
    pub fn part(&self, outcome: Outcome) {
        self.mailbox.push(News::Part(outcome));
    }

    /// Has a method of the operation's feed called; the bytes that it returned, if it returned some.
    pub async fn feed(&self, method: &'static str, arguments: Feed) -> Result<Option<Bytes>> {
        let (sender, given) = oneshot::channel();
        self.ask(Topic::Feed(method, arguments, sender)).await?;
        Ok(given.await.ok())
    }

    async fn ask(&self, topic: Topic) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.mailbox.push(News::Question { topic, reply });
        answer.await.unwrap_or_else(|_| Err(Error::new(Kind::Callback, "the caller did not answer")))
    }

    fn tell(&self, topic: Topic) {
        let (reply, _) = oneshot::channel();
        self.mailbox.push(News::Question { topic, reply });
    }
}

impl Observer for Post {
    fn progress(&self, progress: Progress) -> BoxFuture<'_, Result<()>> {
        if !self.wants_progress {
            return Box::pin(std::future::ready(Ok(())));
        }
        Box::pin(self.ask(Topic::Progress(Box::new(progress))))
    }

    fn warn(&self, text: String) {
        self.tell(Topic::Warning(text));
    }

    fn event_filter(&self) -> EventFilter {
        self.interest.hearing()
    }

    fn request(&self, report: RequestReport) {
        self.tell(Topic::Request(Box::new(report)));
    }
}

impl TokenProvider for Post {
    /// All who find the token refused wait here while the first of them asks.
    fn access_token(&self, refused: Option<u64>) -> BoxFuture<'_, Result<Arc<Token>>> {
        Box::pin(async move {
            let mut kept = self.token.lock().await;
            if let Some(token) = kept.as_ref().filter(|token| refused != Some(token.version)) {
                return Ok(token.clone());
            }
            let (sender, given) = oneshot::channel();
            self.ask(Topic::Token(sender)).await?;
            let text = given.await.map_err(|_| Error::new(Kind::Callback, "the caller gave no token"))?;
            let version = kept.as_ref().map_or(1, |token| token.version + 1);
            Ok(kept.insert(Arc::new(Token::asked(text, version))).clone())
        })
    }

    fn refreshed(&self) -> BoxFuture<'_, Result<()>> {
        if !self.interest.minds_tokens() {
            return Box::pin(std::future::ready(Ok(())));
        }
        Box::pin(self.ask(Topic::Refreshed))
    }
}

impl QueuePosition for Post {
    fn take_reservation(&self) -> Option<Reservation> {
        lock(&self.reserved).take()?.reservation.take()
    }
}
