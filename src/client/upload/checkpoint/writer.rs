//! Keeps an upload's record up to date in its store.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use tokio::sync::Mutex as AsyncMutex;

use super::file::Store;
use super::record::{Record, SourceIdentity, Stage, is_torn};
use crate::client::error::Result;
use crate::client::observer::Observer;
use crate::sync::lock;

/// Keeps the record of one upload up to date; does nothing without a store.
pub struct CheckpointWriter {
    store: Option<Arc<dyn Store>>,
    state: Mutex<WriterState>,
    /// The number of the change that was saved last.
    saved: AsyncMutex<u64>,
}

#[derive(Default)]
struct WriterState {
    record: Option<Record>,
    changes: u64,
}

impl CheckpointWriter {
    /// A writer to this store.
    pub fn new(store: Option<Arc<dyn Store>>) -> Self {
        CheckpointWriter { store, state: Mutex::default(), saved: AsyncMutex::new(0) }
    }

    /// The session to go on with, if one was written down that still fits. Says so if there is one that does not.
    pub async fn resume(&self, source: &SourceIdentity, observer: &dyn Observer) -> Result<Option<Record>> {
        let Some(store) = &self.store else { return Ok(None) };
        let Some(text) = store.load().await? else { return Ok(None) };
        let unfit = match Record::from_json(&text) {
            None if is_torn(&text) => "it cannot be read".to_owned(),
            // Perhaps a file of the user's, named by mistake: the upload starts over, but nothing is lost.
            None => match store.set_aside().await? {
                Some(aside) => format!("it cannot be read, and is now {}", aside.display()),
                None => "it cannot be read".to_owned(),
            },
            Some(record) => match record.source.difference(source) {
                Some(what) => format!("{what} is not the same as when it was written"),
                None if record.expired(SystemTime::now()) => "its session has expired".to_owned(),
                None => {
                    self.state().record = Some(record.clone());
                    return Ok(Some(record));
                }
            },
        };
        observer.warn(format!("the checkpoint cannot be used: {unfit}; the upload starts over"));
        Ok(None)
    }

    /// An error unless a session can be written down.
    pub async fn check_writable(&self) -> Result<()> {
        match &self.store {
            Some(store) => store.check_writable().await,
            None => Ok(()),
        }
    }

    /// From now on a record that cannot be kept must not end the upload.
    pub fn tolerate_failures(&self) {
        if let Some(store) = &self.store {
            store.tolerate_failures();
        }
    }

    /// Writes down a session.
    pub async fn begin(&self, record: impl FnOnce() -> Record) -> Result<()> {
        if self.store.is_none() {
            return Ok(());
        }
        self.state().record = Some(record());
        self.save().await
    }

    /// Writes down that the server has acknowledged a segment.
    pub async fn acknowledged(&self, segment_index: u16) -> Result<()> {
        self.change(|record| {
            record.acknowledged.insert(segment_index);
        })
        .await
    }

    /// Writes down how far the upload is.
    pub async fn stage(&self, stage: Stage) -> Result<()> {
        self.change(|record| record.stage = stage).await
    }

    /// Forgets the session.
    pub async fn clear(&self) -> Result<()> {
        let Some(store) = &self.store else { return Ok(()) };
        self.state().record = None;
        store.clear().await
    }

    async fn change(&self, change: impl FnOnce(&mut Record)) -> Result<()> {
        match &mut self.state().record {
            Some(record) => change(record),
            None => return Ok(()),
        }
        self.save().await
    }

    /// Returns when the record as it is now has been saved, by this call or by another one.
    async fn save(&self) -> Result<()> {
        let Some(store) = &self.store else { return Ok(()) };
        let change = {
            let mut state = self.state();
            state.changes += 1;
            state.changes
        };
        let mut saved = self.saved.lock().await;
        if *saved >= change {
            return Ok(());
        }
        let (text, newest) = {
            let state = self.state();
            let Some(record) = &state.record else { return Ok(()) };
            (record.to_json(), state.changes)
        };
        store.save(text).await?;
        *saved = newest;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, WriterState> {
        lock(&self.state)
    }
}
