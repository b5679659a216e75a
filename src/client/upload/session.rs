//! An upload's course: INIT, APPEND and FINALIZE, what it does to a session of another process, and how it starts over.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::body::{SourceError, UploadBody, whole_payload};
use super::check::{check, explained};
use super::checkpoint::CheckpointWriter;
use super::checkpoint::{FileStore, Store};
use super::checkpoint::{Record, SourceIdentity, Stage};
use super::complete::Completion;
use super::detect::DetectedMedia;
use super::options::{Checkpoint, Upload, UploadOptions, Uploaded};
use super::plan::Plan;
use super::progress::ProgressReporter;
use super::segments::{SegmentSender, exchange_whole};
use super::source::Source;
use crate::client::call::{CallOptions, Hooks};
use crate::client::category::MediaClass;
use crate::client::deadline::Deadline;
use crate::client::error::{ApiClass, Error, Kind, Result};
use crate::client::exchange::{ClientInner, refuse_expired};
use crate::client::inspect::Report;
use crate::client::model::{CommandName, Media};
use crate::client::observer::Observer as _;
use crate::client::protocol::{Answer, Command, Init, Simple};
use crate::client::retry;
use crate::client::wait::Watch;
use crate::client::x_limits::{MAX_SIMPLE_BYTES, max_segment_bytes, max_segments};

/// Uploads a file, from its first byte to its last wait.
pub(in crate::client) async fn upload(client: &ClientInner, upload: Upload, hooks: Hooks<'_>) -> Result<Uploaded> {
    let Upload { source, options } = upload;
    let deadline = Deadline::after(options.timeout);
    let reporter = ProgressReporter::new(hooks.observer, options.concurrency, options.trace);
    let hooks = Hooks { observer: &reporter, ..hooks };
    let retry = client.options.retry.as_ref();
    let call = CallOptions { deadline, retry, hooks, limiter: None, success_ends_call: false };
    // Handed on by reference: it is large.
    let upload = std::pin::pin!(run(client, source, &options, call, &reporter));
    reporter.with_pauses(upload).await
}

/// The upload's course, from its source to the end.
async fn run(
    client: &ClientInner,
    source: Source,
    options: &UploadOptions,
    call: CallOptions<'_>,
    reporter: &ProgressReporter<'_>,
) -> Result<Uploaded> {
    let deadline = call.deadline;
    let mut session = in_time(deadline, options, Session::prepare(client, source, options, call, reporter)).await?;
    let media = session.send().await.map_err(|error| explained(error, session.report.as_deref()))?;
    let completion = Completion { client, options, checkpoint: &session.checkpoint, reporter, call };
    let media = completion.run(media).await.map_err(|error| explained(error, session.report.as_deref()))?;
    Ok(Uploaded { media, trace: reporter.take_trace() })
}

/// One upload under way.
struct Session<'a> {
    client: &'a ClientInner,
    options: &'a UploadOptions,
    body: UploadBody,
    detected: DetectedMedia,
    report: Option<Box<Report>>,
    plan: Plan,
    source_identity: SourceIdentity,
    checkpoint: CheckpointWriter,
    reporter: &'a ProgressReporter<'a>,
    call: CallOptions<'a>,
}

impl<'a> Session<'a> {
    /// Opens the source and the checkpoint and finds out what INIT has to say.
    async fn prepare(
        client: &'a ClientInner,
        source: Source,
        options: &'a UploadOptions,
        call: CallOptions<'a>,
        reporter: &'a ProgressReporter<'a>,
    ) -> Result<Self> {
        let Source { name, total_bytes, content } = source;
        let identified = options.checkpoint.is_some() && options.fingerprint.is_none();
        let (mut body, total_bytes) = UploadBody::of(content, total_bytes, identified).await?;
        let detected = DetectedMedia::of(&mut body, name.as_deref(), options).await?;
        let report =
            check((&body, total_bytes), name.as_deref(), &detected, (options, &client.options), reporter).await?;
        let plan = Plan::new(total_bytes, client.options.api, options.segment_bytes, options.concurrency)?;
        let store = match &options.checkpoint {
            None => None,
            Some(Checkpoint::Path(path)) => Some(Arc::new(FileStore::open(path.clone()).await?) as Arc<dyn Store>),
            Some(Checkpoint::Store(store)) => Some(store.clone()),
        };
        let identity = match (&store, &options.fingerprint, &body) {
            (None, ..) => String::new(),
            (_, Some(fingerprint), _) => format!("fingerprint:{fingerprint}"),
            (_, None, UploadBody::Sized(reader)) => reader.identity().await?,
            (_, None, UploadBody::Stream(_)) => {
                return Err(Error::invalid_input(
                    "fingerprint is required for the checkpoint of a stream: any text that identifies these bytes",
                ));
            }
        };
        let source_identity = SourceIdentity {
            api: client.options.api.as_str().to_owned(),
            host: client.host().to_owned(),
            total_bytes,
            identity,
            media_type: detected.media_type.as_str().to_owned(),
            media_category: detected.media_category.as_str().to_owned(),
            additional_owners: options.additional_owners.iter().map(ToString::to_string).collect(),
            shared: options.shared,
            asked_segment_bytes: options.segment_bytes,
        };
        let checkpoint = CheckpointWriter::new(store);
        Ok(Session { client, options, body, detected, report, plan, source_identity, checkpoint, reporter, call })
    }

    /// Brings all bytes to the server and ends the upload, starting over where that helps.
    async fn send(&mut self) -> Result<Media> {
        let (deadline, options) = (self.call.deadline, self.options);
        if self.in_one_request()? {
            match in_time(deadline, options, self.send_simply()).await {
                Err(error) if options.chunked.is_none() && is_too_large(&error) => self.restart(&error).await?,
                outcome => return outcome,
            }
        }
        let earlier = in_time(deadline, options, self.checkpoint.resume(&self.source_identity, self.reporter)).await?;
        let least = self.plan.min_segment_bytes();
        let mut earlier = earlier.filter(|record| record.segment_bytes >= least);
        loop {
            let resumed = earlier.is_some();
            let outcome = match earlier.take() {
                // A wait ends at its deadline by itself, after one last question.
                Some(record) if record.stage == Stage::Waiting => self.resume_wait(&record).await,
                earlier => in_time(deadline, options, self.send_session(earlier)).await,
            };
            let failure = match outcome {
                Ok(media) => return Ok(media),
                Err(failure) => failure,
            };
            if resumed && is_gone(&failure) {
                self.restart(&failure).await?;
                self.reporter.warn(format!(
                    "the checkpoint's session can no longer be used ({failure}); the upload starts over"
                ));
            } else if failure.command == Some(CommandName::Append) && is_too_large(&failure) {
                self.restart(&failure).await?;
                self.plan = self.plan.halved().ok_or_else(|| self.too_large(failure))?;
            } else {
                return Err(failure);
            }
        }
    }

    /// One session, a new one or that of another process, up to FINALIZE's answer.
    async fn send_session(&mut self, earlier: Option<Record>) -> Result<Media> {
        let (opened, stage, acknowledged) = match earlier {
            Some(record) => {
                self.count(&record);
                (record.media(), record.stage, record.acknowledged)
            }
            None => {
                self.reporter.begin(&self.plan);
                self.reporter.report().await?;
                self.checkpoint.check_writable().await?;
                let opened = *self.client.exchange_media(&Command::Init(self.init()), &self.call).await?;
                let record = || Record::opened(self.source_identity.clone(), self.plan.segment_bytes, &opened);
                self.checkpoint.begin(record).await?;
                (opened, Stage::Appending, BTreeSet::new())
            }
        };
        self.reporter.report().await?;
        let mut media = if stage == Stage::Appending {
            self.append(&opened, acknowledged).await?;
            self.checkpoint.stage(Stage::Finalizing).await?;
            refuse_expired(&opened, CommandName::Finalize)?;
            self.client.finalize_with_recovery(opened.media_id, &self.call).await?
        } else {
            self.client.finalize_resumed(opened.media_id, &self.call).await?
        };
        media.keep_from(&opened);
        Ok(*media)
    }

    /// The next answer about media that another process waited for: asked for as in a wait, which bears a server that is
    /// down, or has lost sight of the media for a moment.
    async fn resume_wait(&mut self, record: &Record) -> Result<Media> {
        self.count(record);
        in_time(self.call.deadline, self.options, self.reporter.report()).await?;
        let seen = record.media_in_processing();
        let mut watch = Watch::new(seen.clone(), self.call.deadline.remaining());
        Ok(watch.next(self.client, &self.call.hooks).await?.unwrap_or(seen))
    }

    /// Counts what the server has of the file already, in the segments of that session.
    fn count(&mut self, earlier: &Record) {
        self.plan.segment_bytes = earlier.segment_bytes;
        self.reporter.begin(&self.plan);
        let all = earlier.stage != Stage::Appending;
        for index in (0..self.plan.segments()).filter(|index| all || earlier.acknowledged.contains(index)) {
            self.reporter.acknowledged(self.plan.segment(index).1);
        }
    }

    /// Sends the segments, and makes sure that they were what the source still is.
    async fn append(&mut self, opened: &Media, acknowledged: BTreeSet<u16>) -> Result<()> {
        let sender = SegmentSender {
            client: self.client,
            options: self.call,
            opened,
            plan: self.plan,
            reporter: self.reporter,
            checkpoint: &self.checkpoint,
        };
        let appending = async {
            sender.append_all(&mut self.body, &acknowledged).await?;
            match &mut self.body {
                UploadBody::Sized(reader) => reader.unchanged().await,
                UploadBody::Stream(stream) => stream.ended().await,
            }
        };
        let appended = tokio::select! {
            biased;
            appended = appending => appended,
            error = self.reporter.report_until_done() => Err(error),
        };
        if appended.as_ref().is_err_and(|error| matches!(error.kind, Kind::InvalidInput)) {
            // What was sent of a source that has changed is useless.
            self.checkpoint.clear().await?;
        }
        appended?;
        self.reporter.report().await
    }

    /// Whether one request is enough.
    fn in_one_request(&self) -> Result<bool> {
        let small = self.plan.total_bytes <= MAX_SIMPLE_BYTES;
        let class = self.detected.class();
        match (self.options.chunked, &self.options.checkpoint) {
            (Some(true), _) => Ok(false),
            (None, checkpoint) => Ok(small && class == MediaClass::Image && checkpoint.is_none()),
            (Some(false), None) if small && class != MediaClass::Video => Ok(true),
            (Some(false), None) => Err(Error::invalid_input(format!(
                "chunked: videos and files above {MAX_SIMPLE_BYTES} bytes must be sent in segments; leave chunked out"
            ))),
            (Some(false), Some(_)) => {
                Err(Error::invalid_input("chunked: one request cannot be resumed; leave checkpoint or chunked out"))
            }
        }
    }

    async fn send_simply(&mut self) -> Result<Media> {
        let plan = Plan { segment_bytes: self.plan.total_bytes, ..self.plan };
        self.reporter.begin(&plan);
        self.reporter.report().await?;
        let source_error = SourceError::default();
        let simple = Simple {
            media: whole_payload(&mut self.body, plan.total_bytes, &source_error).await?,
            media_type: Some(self.detected.media_type.clone()),
            media_category: Some(self.detected.media_category.clone()),
            additional_owners: self.options.additional_owners.clone(),
            shared: self.options.shared,
        };
        let Answer::Media(media) =
            exchange_whole(self.client, &Command::Simple(simple), &self.call, &source_error).await?
        else {
            let message = "image upload: the answer has no media id";
            return Err(Error::new(Kind::InvalidResponse(None), message).about(CommandName::Simple, None));
        };
        if let UploadBody::Sized(reader) = &self.body {
            reader.unchanged().await.map_err(|mut error| {
                if matches!(error.kind, Kind::InvalidInput) {
                    error.message = format!("{}; this error's .media was made of what was read", error.message);
                }
                error.media = Some((*media).clone());
                error
            })?;
        }
        self.reporter.acknowledged(plan.total_bytes);
        self.reporter.report().await?;
        Ok(*media)
    }

    fn init(&self) -> Init {
        Init {
            total_bytes: self.plan.total_bytes,
            media_type: self.detected.media_type.clone(),
            media_category: Some(self.detected.media_category.clone()),
            additional_owners: self.options.additional_owners.clone(),
            shared: self.options.shared,
        }
    }

    /// Has the source begin anew; the failure if it has been used up.
    async fn restart(&mut self, failure: &Error) -> Result<()> {
        let UploadBody::Stream(stream) = &mut self.body else { return Ok(()) };
        let rewinding = async { Ok(stream.rewind().await) };
        if in_time(self.call.deadline, self.options, rewinding).await? {
            return Ok(());
        }
        let mut failure = failure.clone();
        failure.message = format!(
            "{}; the upload cannot start over, because its source can be read only once: leave total_bytes out to have it \
             kept in a temporary file, or pass a smaller segment_bytes",
            failure.message
        );
        Err(failure)
    }

    fn too_large(&self, mut failure: Error) -> Error {
        failure.message = format!(
            "{}: segments of {} bytes are too large for the server, and a file of {} bytes cannot be sent in smaller ones: \
             API {} takes {} segments at most (and {} bytes in one)",
            failure.message.trim_end_matches('.'),
            self.plan.segment_bytes,
            self.plan.total_bytes,
            self.plan.api.as_str(),
            max_segments(self.plan.api),
            max_segment_bytes(self.plan.api)
        );
        failure
    }
}

fn is_too_large(error: &Error) -> bool {
    error.api().is_some_and(|failure| failure.class == ApiClass::PayloadTooLarge)
}

/// The server does not know the session of another process, refuses to go on with it, or says it is another account's.
fn is_gone(error: &Error) -> bool {
    let refused = |status| match status {
        400 | 410 => true,
        403 => matches!(error.command, Some(CommandName::Append | CommandName::Status)),
        _ => false,
    };
    matches!(error.kind, Kind::Expired)
        || retry::is_not_found(error)
        || error.api().is_some_and(|failure| refused(failure.retry_status()))
}

/// The outcome of this work, or an error once the upload's deadline has passed.
fn in_time<T>(
    deadline: Deadline,
    options: &UploadOptions,
    work: impl Future<Output = Result<T>>,
) -> impl Future<Output = Result<T>> {
    deadline.limit(work).map(|done| done.unwrap_or_else(|| Err(out_of_time(options))))
}

fn out_of_time(options: &UploadOptions) -> Error {
    let limit = options.timeout.unwrap_or_default().as_secs_f64();
    let hint = if options.checkpoint.is_some() { "; the same call goes on from the checkpoint" } else { "" };
    let message = format!("upload: not done within the timeout ({limit} s){hint}");
    Error::new(Kind::RequestTimeout { connect: false }, message)
}
