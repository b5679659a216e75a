//! An upload's course: INIT, APPEND, FINALIZE, the wait and the alt text, and how it starts over.

use std::sync::Arc;

use super::checkpoint::{Record, Stage, Subject};
use super::describe::{Description, check_alt_text};
use super::journal::Journal;
use super::media_type::Class;
use super::plan::{MOST_BYTES, MOST_SEGMENTS, Plan};
use super::progress::Teller;
use super::send::{Bulk, Session, Trouble, exchange_whole, whole};
use super::source::{Content, ReadAt as _, Source, open};
use super::store::{FileStore, Store};
use super::{Checkpoint, Upload, UploadOptions, Uploaded};
use crate::client::caller::Caller;
use crate::client::deadline::Deadline;
use crate::client::error::{ApiClass, Error, Kind, Result};
use crate::client::exchange::Terms;
use crate::client::model::{CommandName, Media};
use crate::client::protocol::{Answer, Command, Init, Simple};
use crate::client::wait::{Watch, processing_failed};
use crate::client::{Client, refuse_expired, retry};

/// Images up to this size go in one request; X answers 413 to larger ones.
const MOST_IN_ONE_REQUEST: u64 = 5_000_000;

/// Uploads a file, from its first byte to its last wait.
pub(super) async fn upload(client: &Client, upload: Upload, caller: &dyn Caller) -> Result<Uploaded> {
    let Upload { source, options } = upload;
    let deadline = Deadline::after(options.timeout);
    let teller = Teller::new(caller, options.concurrency, options.trace);
    check_alt_text(options.alt_text.as_deref())?;
    let late = || out_of_time(&options);
    let mut run = deadline
        .limit(Run::prepare(client, source, &options, deadline, &teller))
        .await
        .unwrap_or_else(|| Err(late()))?;
    let media = deadline.limit(run.send()).await.unwrap_or_else(|| Err(late()))?;
    let media = run.complete(media).await?;
    Ok(Uploaded { media, trace: teller.take_trace() })
}

/// One upload under way.
struct Run<'a> {
    client: &'a Client,
    options: &'a UploadOptions,
    bulk: Bulk,
    description: Description,
    plan: Plan,
    subject: Subject,
    journal: Journal,
    teller: &'a Teller<'a>,
    deadline: Deadline,
}

impl<'a> Run<'a> {
    /// Opens the source and the checkpoint and finds out what INIT has to say.
    async fn prepare(
        client: &'a Client,
        source: Source,
        options: &'a UploadOptions,
        deadline: Deadline,
        teller: &'a Teller<'a>,
    ) -> Result<Self> {
        let Source { name, total_bytes, content } = source;
        let (mut bulk, total_bytes) = bulk(content, total_bytes).await?;
        let description = Description::of(&mut bulk, name.as_deref(), options).await?;
        if options.check_limits {
            description.check_limits(total_bytes, teller)?;
        }
        let plan = Plan::new(total_bytes, client.options.api, options.segment_bytes)?;
        let store = match &options.checkpoint {
            None => None,
            Some(Checkpoint::Path(path)) => Some(Arc::new(FileStore::open(path.clone()).await?) as Arc<dyn Store>),
            Some(Checkpoint::Store(store)) => Some(store.clone()),
        };
        let identity = match (&store, &options.fingerprint, &bulk) {
            (None, ..) => String::new(),
            (_, Some(fingerprint), _) => format!("fingerprint:{fingerprint}"),
            (_, None, Bulk::Sized(reader)) => reader.identity().await?,
            (_, None, Bulk::Stream(_)) => {
                return Err(Error::invalid_input(
                    "fingerprint: a checkpoint of a stream needs one, any text that tells these bytes from others",
                ));
            }
        };
        let subject = Subject {
            api: client.options.api.as_str().to_owned(),
            host: client.host().to_owned(),
            total_bytes,
            identity,
            media_type: description.media_type.clone(),
            media_category: description.media_category.clone(),
            additional_owners: options.additional_owners.iter().map(ToString::to_string).collect(),
            shared: options.shared,
            asked_segment_bytes: options.segment_bytes,
        };
        let journal = Journal::new(store);
        Ok(Run { client, options, bulk, description, plan, subject, journal, teller, deadline })
    }

    fn terms(&self) -> Terms<'a> {
        Terms { deadline: self.deadline, retry: self.client.options.retry.as_ref(), caller: self.teller }
    }

    /// Brings all bytes to the server and ends the upload, starting over where that helps.
    async fn send(&mut self) -> Result<Media> {
        if self.in_one_request()? {
            match self.send_simply().await {
                Err(error) if is_too_large(&error) && matches!(self.bulk, Bulk::Sized(_)) => {}
                outcome => return outcome,
            }
        }
        let mut earlier = self.journal.resume(&self.subject, self.teller).await?;
        loop {
            let resumed = earlier.is_some();
            let failure = match self.send_session(earlier.take()).await {
                Ok(media) => return Ok(media),
                Err(failure) => failure,
            };
            if resumed && is_gone(&failure) {
                self.restartable(&failure)?;
                self.teller.warn(format!(
                    "the session of the checkpoint is of no use any more ({failure}); the upload starts over"
                ));
            } else if failure.command == Some(CommandName::Append) && is_too_large(&failure) {
                self.restartable(&failure)?;
                self.plan = self.plan.halved().ok_or_else(|| self.too_large(failure))?;
            } else {
                return Err(failure);
            }
        }
    }

    /// One session, a new one or that of another process, up to FINALIZE's answer.
    async fn send_session(&mut self, earlier: Option<Record>) -> Result<Media> {
        let earlier =
            earlier.filter(|record| record.segment_bytes >= record.subject.total_bytes.div_ceil(MOST_SEGMENTS));
        if let Some(record) = &earlier {
            self.plan.segment_bytes = record.segment_bytes;
        }
        self.teller.begin(&self.plan);
        let (opened, stage, acknowledged) = match earlier {
            Some(record) => (record.media(), record.stage, record.acknowledged),
            None => {
                self.teller.tell().await?;
                let opened = self.client.exchange_media(&Command::Init(self.init()), self.terms()).await?;
                let record = || Record::opened(self.subject.clone(), self.plan.segment_bytes, &opened);
                self.journal.begin(record).await?;
                (opened, Stage::Appending, Default::default())
            }
        };
        let all = stage != Stage::Appending;
        for index in (0..self.plan.segments()).filter(|index| all || acknowledged.contains(index)) {
            self.teller.acknowledged(self.plan.segment(index).1);
        }
        self.teller.tell().await?;
        let finalized = match stage {
            Stage::Waiting => self.client.exchange_media(&Command::Status(opened.media_id), self.terms()).await,
            Stage::Finalizing => self.client.finalize_resumed(opened.media_id, self.terms()).await,
            Stage::Appending => {
                self.append(&opened, acknowledged).await?;
                self.journal.stage(Stage::Finalizing).await?;
                refuse_expired(&opened, CommandName::Finalize)?;
                self.client.finalize_surely(opened.media_id, self.terms()).await
            }
        };
        let mut media = finalized?;
        media.keep_from(&opened);
        Ok(media)
    }

    /// Sends the segments, and makes sure that they were what the source still is.
    async fn append(&mut self, opened: &Media, acknowledged: std::collections::BTreeSet<u16>) -> Result<()> {
        let session = Session {
            client: self.client,
            terms: self.terms(),
            opened,
            plan: self.plan,
            teller: self.teller,
            journal: &self.journal,
        };
        let appending = async {
            session.append_all(&mut self.bulk, &acknowledged).await?;
            match &mut self.bulk {
                Bulk::Sized(reader) => reader.unchanged().await,
                Bulk::Stream(stream) => stream.ended().await,
            }
        };
        let appended = tokio::select! {
            biased;
            appended = appending => appended,
            error = self.teller.keep_telling() => Err(error),
        };
        if appended.as_ref().is_err_and(|error| matches!(error.kind, Kind::InvalidInput)) {
            // What was sent of a source that is not what it was is of no use to anybody.
            self.journal.clear().await?;
        }
        appended?;
        self.teller.tell().await
    }

    /// Whether one request is enough.
    fn in_one_request(&self) -> Result<bool> {
        let small = self.plan.total_bytes <= MOST_IN_ONE_REQUEST;
        let class = self.description.class();
        match (self.options.chunked, &self.options.checkpoint) {
            (Some(true), _) => Ok(false),
            (None, checkpoint) => Ok(small && class == Class::Image && checkpoint.is_none()),
            (Some(false), None) if small && class != Class::Video => Ok(true),
            (Some(false), None) => Err(Error::invalid_input(format!(
                "chunked: videos and files above {MOST_IN_ONE_REQUEST} bytes go in segments; leave chunked out"
            ))),
            (Some(false), Some(_)) => {
                Err(Error::invalid_input("chunked: one request cannot be resumed; leave checkpoint or chunked out"))
            }
        }
    }

    async fn send_simply(&mut self) -> Result<Media> {
        let plan = Plan { segment_bytes: self.plan.total_bytes, ..self.plan };
        self.teller.begin(&plan);
        self.teller.tell().await?;
        let trouble = Trouble::default();
        let simple = Simple {
            media: whole(&mut self.bulk, plan.total_bytes, &trouble).await?,
            media_type: Some(self.description.media_type.clone()),
            media_category: Some(self.description.media_category.clone()),
            additional_owners: self.options.additional_owners.clone(),
            shared: self.options.shared,
        };
        let Answer::Media(media) =
            exchange_whole(self.client, &Command::Simple(simple), self.terms(), &trouble).await?
        else {
            let message = "SIMPLE: the answer names no media";
            return Err(Error::new(Kind::InvalidResponse(None), message).about(CommandName::Simple, None));
        };
        if let Bulk::Sized(reader) = &self.bulk {
            reader.unchanged().await?;
        }
        self.teller.acknowledged(plan.total_bytes);
        self.teller.tell().await?;
        Ok(*media)
    }

    /// The wait, the alt text, and the end of the checkpoint.
    async fn complete(&self, media: Media) -> Result<Media> {
        let finished = if media.failed() {
            // The one request that told of it was FINALIZE.
            Err(processing_failed(&media, 1))
        } else if self.options.wait && media.processing_info.is_some() {
            self.journal.stage(Stage::Waiting).await?;
            self.wait(media).await
        } else {
            Ok(media)
        };
        let described = match finished {
            Ok(media) => self.describe(media).await,
            Err(error) if matches!(error.kind, Kind::Processing(_)) => Err(error),
            Err(error) => return Err(error),
        };
        match self.journal.clear().await {
            // The upload is what counts.
            Err(error) if matches!(error.kind, Kind::Io { .. }) => {
                self.teller.warn(format!("the checkpoint could not be removed: {error}"));
            }
            cleared => cleared?,
        }
        described
    }

    async fn wait(&self, media: Media) -> Result<Media> {
        self.client.wait_until_ready(Watch::new(media, self.deadline.remaining()), self.teller).await
    }

    /// Sets the alt text. If that fails the upload is good all the same, and the error tells it.
    async fn describe(&self, media: Media) -> Result<Media> {
        let Some(text) = self.options.alt_text.clone() else { return Ok(media) };
        match self.client.exchange(&Command::AltText { media_id: media.media_id, text }, self.terms()).await {
            Ok(_) => Ok(media),
            Err(mut error) => {
                error.message = format!("{}; the upload itself is good, see this error's .media", error.message);
                error.media = Some(media);
                Err(error)
            }
        }
    }

    fn init(&self) -> Init {
        Init {
            total_bytes: self.plan.total_bytes,
            media_type: self.description.media_type.clone(),
            media_category: Some(self.description.media_category.clone()),
            additional_owners: self.options.additional_owners.clone(),
            shared: self.options.shared,
        }
    }

    /// An error if the source has been used up.
    fn restartable(&self, failure: &Error) -> Result<()> {
        match &self.bulk {
            Bulk::Sized(_) => Ok(()),
            Bulk::Stream(_) => {
                let mut failure = failure.clone();
                failure.message = format!(
                    "{}; the upload cannot start over, because its source can be read only once: leave total_bytes out \
                     to have it kept in a temporary file, or pass a smaller segment_bytes",
                    failure.message
                );
                Err(failure)
            }
        }
    }

    fn too_large(&self, mut failure: Error) -> Error {
        failure.message = format!(
            "{}: segments of {} bytes are too large for the server, and of smaller ones the {} bytes would need more \
             than {MOST_SEGMENTS}",
            failure.message, self.plan.segment_bytes, self.plan.total_bytes
        );
        failure
    }
}

/// Bytes whose number is known. A stream of which nobody said how long it is is kept in a temporary file first.
async fn bulk(content: Content, said: Option<u64>) -> Result<(Bulk, u64)> {
    let content = match content {
        Content::Path(path) => open(path).await?,
        other => other,
    };
    let (bulk, total_bytes) = match (content, said) {
        (Content::Stream(mut stream), Some(total_bytes)) => {
            stream.total_bytes = said;
            (Bulk::Stream(stream), total_bytes)
        }
        (Content::Stream(stream), None) => {
            let spooled = stream.spool(MOST_BYTES).await?;
            let total_bytes = spooled.total_bytes();
            (Bulk::Sized(Arc::new(spooled)), total_bytes)
        }
        (Content::Sized(reader), _) => {
            let total_bytes = reader.total_bytes();
            (Bulk::Sized(reader), total_bytes)
        }
        (Content::Path(_), _) => return Err(Error::invalid_input("source: a path leads to another path")),
    };
    if total_bytes == 0 {
        return Err(Error::invalid_input("source: it is empty"));
    }
    match said {
        Some(said) if said != total_bytes => Err(Error::invalid_input(format!(
            "total_bytes: the source has {total_bytes} bytes, not {said}; leave it out, since the size is known"
        ))),
        _ => Ok((bulk, total_bytes)),
    }
}

fn is_too_large(error: &Error) -> bool {
    error.api().is_some_and(|failure| failure.class == ApiClass::PayloadTooLarge)
}

/// The server does not know the session, or will not go on with it.
fn is_gone(error: &Error) -> bool {
    matches!(error.kind, Kind::Expired)
        || retry::is_not_found(error)
        || error.api().is_some_and(|failure| matches!(failure.retry_status(), 400 | 410))
}

fn out_of_time(options: &UploadOptions) -> Error {
    let limit = options.timeout.unwrap_or_default().as_secs_f64();
    let hint = if options.checkpoint.is_some() { "; the same call goes on from the checkpoint" } else { "" };
    let message = format!("upload: not done within the timeout ({limit} s){hint}");
    let mut error = Error::new(Kind::RequestTimeout { connect: false }, message);
    error.retryable = true;
    error
}
