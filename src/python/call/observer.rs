//! The program as a verb sees it: [`Observer`] and [`TokenProvider`] over a channel.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex as AsyncMutex, oneshot};

use crate::client::Reservation;
use crate::client::auth::oauth2::Token;
use crate::client::call::{Hooks, QueuePosition, TokenProvider};
use crate::client::error::{Error, Kind, Result};
use crate::client::exchange_log::ExchangeLog;
use crate::client::observer::{EventFilter, Observer, Progress, RequestReport};
use crate::python::call::channel::{CallbackKind, Channel, Event, MethodArguments, Outcome};
use crate::python::call::hooks::Subscriptions;
use crate::sync::lock;
use crate::system::fork::{generation, if_same_process};

/// The program as a verb sees it.
pub struct ChannelObserver {
    channel: Arc<Channel>,
    /// Whether there is a progress callable.
    wants_progress: bool,
    /// What else the program wants.
    subscriptions: Subscriptions,
    /// The token that the program returned.
    token: AsyncMutex<Option<Arc<Token>>>,
    reserved: Mutex<Option<Reserved>>,
    exchanges: ExchangeLog,
}

/// A position in the queue for connections, which is the parent's in a forked child.
struct Reserved {
    generation: u64,
    reservation: Option<Reservation>,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let Some(reservation) = self.reservation.take() {
            drop(if_same_process(self.generation, reservation));
        }
    }
}

impl ChannelObserver {
    /// An observer that sends to this channel.
    pub fn new(channel: Arc<Channel>, wants_progress: bool) -> Self {
        ChannelObserver {
            channel,
            wants_progress,
            subscriptions: Subscriptions::default(),
            token: AsyncMutex::default(),
            reserved: Mutex::default(),
            exchanges: ExchangeLog::default(),
        }
    }

    /// What a verb reports and asks through.
    pub fn hooks(&self) -> Hooks<'_> {
        Hooks { exchanges: Some(&self.exchanges), ..Hooks::from(self) }
    }

    /// The call's last requests and their answers.
    pub fn exchanges(&self) -> &ExchangeLog {
        &self.exchanges
    }

    /// Keeps the position in the queue that the verb's first request takes.
    pub fn reserve(&self, reservation: Reservation) {
        let reserved = Reserved { generation: generation(), reservation: Some(reservation) };
        *lock(&self.reserved) = Some(reserved);
    }

    /// What the program wants, to be set before the verb is started.
    pub fn subscriptions(&self) -> &Subscriptions {
        &self.subscriptions
    }

    /// Sends a part of the result.
    pub fn send_partial(&self, outcome: Outcome) {
        self.channel.send(Event::Partial(outcome));
    }

    /// Has a method of the operation's callbacks called. Returns the bytes that it returned, if it returned some.
    pub async fn call_method(&self, method: &'static str, arguments: MethodArguments) -> Result<Option<Bytes>> {
        self.call(method, arguments, false).await
    }

    /// The same, where an exception of the method is an error of this call and does not end the verb.
    pub async fn try_method(&self, method: &'static str, arguments: MethodArguments) -> Result<Option<Bytes>> {
        self.call(method, arguments, true).await
    }

    async fn call(&self, name: &'static str, arguments: MethodArguments, may_fail: bool) -> Result<Option<Bytes>> {
        let (bytes, given) = oneshot::channel();
        self.run(CallbackKind::Method { name, arguments, bytes, may_fail }).await?;
        Ok(given.await.ok())
    }

    async fn run(&self, kind: CallbackKind) -> Result<()> {
        let (done, completion) = oneshot::channel();
        self.channel.send(Event::Callback { kind, done });
        completion.await.unwrap_or_else(|_| Err(Error::new(Kind::Callback, "the caller did not answer")))
    }

    fn notify(&self, kind: CallbackKind) {
        let (done, _) = oneshot::channel();
        self.channel.send(Event::Callback { kind, done });
    }
}

impl Observer for ChannelObserver {
    fn wants_progress(&self) -> bool {
        self.wants_progress
    }

    fn progress(&self, progress: Progress) -> BoxFuture<'_, Result<()>> {
        if !self.wants_progress {
            return Box::pin(std::future::ready(Ok(())));
        }
        Box::pin(self.run(CallbackKind::Progress(Box::new(progress))))
    }

    fn warn(&self, text: String) {
        self.notify(CallbackKind::Warning(text));
    }

    fn log(&self, text: String) {
        self.notify(CallbackKind::Log(text));
    }

    fn warn_of_media(&self, text: String) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.run(CallbackKind::MediaWarning(text)))
    }

    fn event_filter(&self) -> EventFilter {
        self.subscriptions.event_filter()
    }

    fn request(&self, report: RequestReport) {
        self.notify(CallbackKind::Request(Box::new(report)));
    }
}

impl TokenProvider for ChannelObserver {
    /// Whoever finds the token rejected waits here while the first of them asks for a new one.
    fn access_token(&self, refused: Option<u64>) -> BoxFuture<'_, Result<Arc<Token>>> {
        Box::pin(async move {
            let mut kept = self.token.lock().await;
            if let Some(token) = kept.as_ref().filter(|token| refused != Some(token.version)) {
                return Ok(token.clone());
            }
            let (sender, given) = oneshot::channel();
            self.run(CallbackKind::Token(sender)).await?;
            let text = given.await.map_err(|_| Error::new(Kind::Callback, "the caller gave no token"))?;
            let version = kept.as_ref().map_or(1, |token| token.version + 1);
            Ok(kept.insert(Arc::new(Token::asked(text, version))).clone())
        })
    }

    fn refreshed(&self) -> BoxFuture<'_, Result<()>> {
        if !self.subscriptions.tokens() {
            return Box::pin(std::future::ready(Ok(())));
        }
        Box::pin(self.run(CallbackKind::Refreshed))
    }
}

impl QueuePosition for ChannelObserver {
    fn take_reservation(&self) -> Option<Reservation> {
        lock(&self.reserved).take()?.reservation.take()
    }
}
