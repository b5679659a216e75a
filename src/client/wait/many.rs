//! Many waits in one task: they are polled together, and their outcomes are delivered in batches.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::UnboundedReceiver;

use super::poll::Watch;
use crate::client::call::Hooks;
use crate::client::error::Result;
use crate::client::exchange::ClientInner;
use crate::client::model::Media;

/// The largest batch of outcomes.
const MAX_BATCH: usize = 512;

/// The outcome of one of many waits, by the number that it was given with.
pub type Waited = (u64, Result<Media>);

impl ClientInner {
    /// Waits for all media that come in, each with its own timeout, until no more can come.
    pub(in crate::client) async fn wait_many(
        &self,
        mut incoming: UnboundedReceiver<(u64, Media)>,
        timeout: Option<Duration>,
        hooks: Hooks<'_>,
        mut on_outcomes: impl FnMut(Vec<Waited>),
    ) -> Result<()> {
        let hooks = &hooks;
        let wait = |(number, media): (u64, Media)| {
            let media_id = media.media_id;
            let watch = Box::new(Watch::new(media, timeout));
            async move {
                let outcome = self.wait_until_ready(watch, hooks).await;
                // Now, because the next answers about other media take the place of those about this.
                let attach = |error| match hooks.exchanges {
                    Some(exchanges) => exchanges.attach(error, Some(media_id)),
                    None => error,
                };
                (number, outcome.map_err(attach))
            }
        };
        let mut waits = FuturesUnordered::new();
        let mut more = true;
        while more || !waits.is_empty() {
            tokio::select! {
                item = incoming.recv(), if more => match item {
                    Some(item) => waits.push(wait(item)),
                    None => more = false,
                },
                Some(first) = waits.next(), if !waits.is_empty() => {
                    let mut batch = vec![first];
                    while batch.len() < MAX_BATCH && let Some(Some(next)) = waits.next().now_or_never() {
                        batch.push(next);
                    }
                    on_outcomes(batch);
                }
            }
        }
        Ok(())
    }
}
