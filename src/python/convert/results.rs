//! Values of the client to Python's dataclasses and back.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyInt, PyString, PyTuple};
use zeroize::Zeroizing;

use crate::client::model::{
    CommandName, ImageInfo, Media, MediaId, Number, ProcessingFailure, ProcessingInfo, RateLimit, VideoInfo,
};
use crate::client::observer::{Phase, Progress, RequestReport};
use crate::client::pause::{Pause, PauseReason};
use crate::client::protocol::{self, lossy_json};
use crate::client::record::without_secrets;
use crate::client::stats::Stats;
use crate::python::convert::rate_limit::{self, epoch};
use crate::python::convert::slots::SlotWriter;
use crate::python::imports;

fn media_record(py: Python<'_>) -> PyResult<&SlotWriter<14>> {
    static MEDIA_RECORD: PyOnceLock<SlotWriter<14>> = PyOnceLock::new();
    let fields = [
        "media_id",
        "media_id_string",
        "media_key",
        "size",
        "expires_after_secs",
        "processing_info",
        "image",
        "video",
        "command",
        "received_at",
        "request_id",
        "rate_limit",
        "trace",
        "raw",
    ];
    SlotWriter::once(&MEDIA_RECORD, py, &imports::MEDIA, fields)
}

fn info_record(py: Python<'_>) -> PyResult<&SlotWriter<4>> {
    static INFO_RECORD: PyOnceLock<SlotWriter<4>> = PyOnceLock::new();
    let fields = ["state", "check_after_secs", "progress_percent", "error"];
    SlotWriter::once(&INFO_RECORD, py, &imports::PROCESSING_INFO, fields)
}

fn failure_record(py: Python<'_>) -> PyResult<&SlotWriter<3>> {
    static FAILURE_RECORD: PyOnceLock<SlotWriter<3>> = PyOnceLock::new();
    SlotWriter::once(&FAILURE_RECORD, py, &imports::PROCESSING_FAILURE, ["code", "name", "message"])
}

fn image_record(py: Python<'_>) -> PyResult<&SlotWriter<3>> {
    static IMAGE_RECORD: PyOnceLock<SlotWriter<3>> = PyOnceLock::new();
    SlotWriter::once(&IMAGE_RECORD, py, &imports::IMAGE_INFO, ["image_type", "w", "h"])
}

fn video_record(py: Python<'_>) -> PyResult<&SlotWriter<1>> {
    static VIDEO_RECORD: PyOnceLock<SlotWriter<1>> = PyOnceLock::new();
    SlotWriter::once(&VIDEO_RECORD, py, &imports::VIDEO_INFO, ["video_type"])
}

/// `xmedia.Media`. `given` is the one that the caller handed in: media without an answer's text is that one, unchanged.
pub fn media(py: Python<'_>, media: Media, given: Option<&Py<PyAny>>) -> PyResult<Py<PyAny>> {
    if let Some(given) = given.filter(|_| media.raw.is_empty()) {
        return Ok(given.clone_ref(py));
    }
    let id = PyInt::new(py, media.media_id.get()).into_any();
    // What `media_id_string`, `received_at`, `rate_limit` and `raw` come as, `xmedia._types.lazy_fields` reads when they
    // are asked for.
    let received_at = epoch(media.received_at.unwrap_or_else(SystemTime::now));
    let rate_limit = match media.rate_limit {
        Some(limit) => rate_limit::packed(py, limit).into_any(),
        None => none(py),
    };
    let values = [
        id.clone(),
        id,
        optional_text(py, media.media_key.as_deref()),
        optional_count(py, media.size),
        optional_number(py, media.expires_after_secs)?,
        media.processing_info.map_or_else(|| Ok(none(py)), |processing| info(py, processing))?,
        media.image.map_or_else(|| Ok(none(py)), |shown| image(py, shown))?,
        media.video.map_or_else(|| Ok(none(py)), |shown| video(py, shown))?,
        command(py, media.command),
        PyFloat::new(py, received_at).into_any(),
        optional_text(py, media.request_id.as_deref()),
        rate_limit,
        none(py),
        PyBytes::new(py, &media.raw).into_any(),
    ];
    media_record(py)?.make(py, values).map(Bound::unbind)
}

fn none(py: Python<'_>) -> Bound<'_, PyAny> {
    py.None().into_bound(py)
}

fn optional_text<'py>(py: Python<'py>, text: Option<&str>) -> Bound<'py, PyAny> {
    text.map_or_else(|| none(py), |text| PyString::new(py, text).into_any())
}

/// A MIME type. They are interned: there are a few, and thousands of answers.
fn media_type<'py>(py: Python<'py>, name: Option<&str>) -> Bound<'py, PyAny> {
    name.map_or_else(|| none(py), |name| PyString::intern(py, name).into_any())
}

fn optional_count(py: Python<'_>, count: Option<u64>) -> Bound<'_, PyAny> {
    count.map_or_else(|| none(py), |count| PyInt::new(py, count).into_any())
}

/// A command's name. They are interned: every answer has one of four.
fn command(py: Python<'_>, command: Option<CommandName>) -> Bound<'_, PyAny> {
    let name = match command {
        None => return none(py),
        Some(CommandName::Init) => pyo3::intern!(py, "INIT"),
        Some(CommandName::Finalize) => pyo3::intern!(py, "FINALIZE"),
        Some(CommandName::Status) => pyo3::intern!(py, "STATUS"),
        Some(CommandName::Simple) => pyo3::intern!(py, "SIMPLE"),
        Some(other) => return PyString::new(py, other.as_str()).into_any(),
    };
    name.clone().into_any()
}

/// `xmedia.Progress`.
pub fn progress(py: Python<'_>, progress: Progress) -> PyResult<Py<PyAny>> {
    let fields = PyDict::new(py);
    let phase = match progress.phase {
        Phase::Check => "check",
        Phase::Upload => "upload",
        Phase::Processing => "processing",
    };
    fields.set_item("phase", phase)?;
    fields.set_item("bytes_sent", progress.bytes_sent)?;
    fields.set_item("total_bytes", progress.total_bytes)?;
    fields.set_item("segments_done", progress.segments_done)?;
    fields.set_item("segments_total", progress.segments_total)?;
    if let Some(processing_info) = progress.processing_info {
        fields.set_item("processing_info", info(py, processing_info)?)?;
    }
    fields.set_item("elapsed", progress.elapsed.as_secs_f64())?;
    if let Some(Pause { until, because }) = progress.pause {
        fields.set_item("paused_until", until)?;
        let because = match because {
            PauseReason::RateLimit => "rate_limit",
            PauseReason::Retry => "retry",
        };
        fields.set_item("paused_because", because)?;
    }
    Ok(imports::PROGRESS.get(py)?.call((), Some(&fields))?.unbind())
}

/// The arguments of `xmedia.RequestEvent`.
#[derive(IntoPyObject)]
struct RequestRow {
    command: &'static str,
    media_id: Option<u64>,
    method: String,
    url: String,
    attempt: u32,
    status: Option<u16>,
    error: Option<String>,
    started_at: SystemTime,
    duration: f64,
    bytes_sent: u64,
    request_id: Option<String>,
    retry_in: Option<f64>,
}

/// The argument of `xmedia._calls.hooks.Hooks.request`.
pub fn report(py: Python<'_>, report: RequestReport) -> PyResult<Py<PyAny>> {
    let row = RequestRow {
        command: report.command.as_str(),
        media_id: report.media_id.map(MediaId::get),
        method: report.method.to_string(),
        url: report.url,
        attempt: report.attempt,
        status: report.status,
        error: report.error,
        started_at: report.started_at,
        duration: report.duration.as_secs_f64(),
        bytes_sent: report.bytes_sent,
        request_id: report.request_id,
        retry_in: report.retry_in.map(|delay| delay.as_secs_f64()),
    };
    Ok(row.into_pyobject(py)?.into_any().unbind())
}

/// `xmedia.Media` as an upload returns it, with the requests that made it up if they were asked for.
pub fn uploaded(py: Python<'_>, media: Media, trace: Option<Vec<RequestReport>>) -> PyResult<Py<PyAny>> {
    let media = self::media(py, media, None)?;
    let Some(trace) = trace else { return Ok(media) };
    let row = |each: RequestReport| {
        let segment_index = each.segment_index;
        Ok((report(py, each)?, segment_index))
    };
    let rows = trace.into_iter().map(row).collect::<PyResult<Vec<_>>>()?;
    let add = imports::WITH_TRACE.get(py)?;
    add.call1((media, PyTuple::new(py, rows)?)).map(Bound::unbind)
}

/// The fields of `xmedia.Stats`; of requests the command, the status and how many there were.
#[derive(IntoPyObject)]
struct StatsRow {
    requests: Vec<(&'static str, Option<u16>, u64)>,
    retries: u64,
    in_flight: u64,
    queued: u64,
    bytes_sent: u64,
    bytes_received: u64,
}

/// `xmedia.Stats`.
pub fn stats(py: Python<'_>, stats: &Stats) -> PyResult<Py<PyAny>> {
    let requests = stats.requests.iter().map(|((command, status), count)| (command.as_str(), *status, *count));
    let row = StatsRow {
        requests: requests.collect(),
        retries: stats.retries,
        in_flight: stats.in_flight,
        queued: stats.queued,
        bytes_sent: stats.bytes_sent,
        bytes_received: stats.bytes_received,
    };
    Ok(imports::STATS_FROM_CORE.get(py)?.call1((row,))?.unbind())
}

/// `xmedia.RateLimit`.
pub fn rate_limit_record(py: Python<'_>, limit: RateLimit) -> PyResult<Bound<'_, PyAny>> {
    imports::RATE_LIMIT_OF.get(py)?.call1((rate_limit::packed(py, limit),))
}

/// `xmedia.ProcessingFailure`.
pub fn failure(py: Python<'_>, failure: ProcessingFailure) -> PyResult<Bound<'_, PyAny>> {
    failure_record(py)?.make(
        py,
        [
            optional_number(py, failure.code.map(Number::Int))?,
            optional_text(py, failure.name.as_deref()),
            optional_text(py, failure.message.as_deref()),
        ],
    )
}

/// `xmedia.ProcessingInfo`.
fn info(py: Python<'_>, info: ProcessingInfo) -> PyResult<Bound<'_, PyAny>> {
    let known = imports::KNOWN_STATES.get(py)?.cast::<PyDict>()?;
    let state = PyString::new(py, &info.state);
    let state = known.get_item(&state)?.unwrap_or_else(|| state.into_any());
    info_record(py)?.make(
        py,
        [
            state,
            optional_number(py, info.check_after_secs)?,
            optional_number(py, info.progress_percent)?,
            info.error.map_or_else(|| Ok(none(py)), |error| failure(py, error))?,
        ],
    )
}

fn image(py: Python<'_>, image: ImageInfo) -> PyResult<Bound<'_, PyAny>> {
    let values =
        [media_type(py, image.image_type.as_deref()), optional_count(py, image.w), optional_count(py, image.h)];
    image_record(py)?.make(py, values)
}

fn video(py: Python<'_>, video: VideoInfo) -> PyResult<Bound<'_, PyAny>> {
    video_record(py)?.make(py, [media_type(py, video.video_type.as_deref())])
}

fn optional_number<'py>(py: Python<'py>, number: Option<Number>) -> PyResult<Bound<'py, PyAny>> {
    match number {
        None => Ok(none(py)),
        // Nearly all are small; for the others Python's own arithmetic is needed.
        Some(Number::Int(value)) => match i64::try_from(value) {
            Ok(value) => Ok(PyInt::new(py, value).into_any()),
            Err(_) => Ok(value.into_pyobject(py)?.into_any()),
        },
        Some(Number::Float(value)) => Ok(value.into_pyobject(py)?.into_any()),
    }
}

/// The text of an answer, with replacement characters for what is not UTF-8.
#[pyfunction]
pub fn text_of<'py>(py: Python<'py>, answer: &[u8]) -> Bound<'py, PyString> {
    PyString::new(py, &lossy_json(answer))
}

/// A text of a server, or of whoever answers in its place, fit to be shown: one line, escaped and cut.
#[pyfunction]
pub fn shown(text: &str) -> String {
    protocol::shown(text)
}

/// A text without these secrets, in whichever form they stand there.
#[pyfunction]
pub fn masked(text: String, secrets: Vec<String>) -> String {
    without_secrets(text, &secrets.into_iter().map(Zeroizing::new).collect())
}

/// Whether a value is an `xmedia.Media`.
pub fn is_media(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    value.is_instance(imports::MEDIA.get(value.py())?)
}

/// An `xmedia.Media` as the client knows it. What only describes how the answer came is left out, and what no server
/// says (a number that is too large, text that is not UTF-8) is taken for the nearest that it could say.
pub fn media_back(value: &Bound<'_, PyAny>) -> PyResult<Media> {
    let py = value.py();
    let [id, _, media_key, size, expires_after_secs, processing, image, video, command, received_at, _, _, _, _] =
        media_record(py)?.read(value)?;
    let id: u64 = id.extract()?;
    let media_id = MediaId::new(id).ok_or_else(|| PyTypeError::new_err("a Media without a valid media_id"))?;
    // As the core left it, or as the moment that became of it.
    let received_at: f64 = match received_at.cast::<PyFloat>() {
        Ok(seconds) => seconds.value(),
        Err(_) => received_at.call_method0(pyo3::intern!(py, "timestamp"))?.extract()?,
    };
    Ok(Media {
        media_key: text_back(&media_key),
        size: count_back(&size),
        expires_after_secs: number_back(&expires_after_secs),
        processing_info: if processing.is_none() { None } else { Some(info_back(&processing)?) },
        image: if image.is_none() { None } else { Some(image_back(&image)?) },
        video: if video.is_none() { None } else { Some(video_back(&video)?) },
        command: text_back(&command).as_deref().and_then(CommandName::parse),
        received_at: Duration::try_from_secs_f64(received_at).ok().and_then(|since| UNIX_EPOCH.checked_add(since)),
        ..Media::new(media_id)
    })
}

fn info_back(value: &Bound<'_, PyAny>) -> PyResult<ProcessingInfo> {
    let [state, check_after_secs, progress_percent, error] = info_record(value.py())?.read(value)?;
    Ok(ProcessingInfo {
        state: text_back(&state).unwrap_or_default(),
        check_after_secs: number_back(&check_after_secs),
        progress_percent: number_back(&progress_percent),
        error: if error.is_none() { None } else { Some(failure_back(&error)?) },
    })
}

fn failure_back(value: &Bound<'_, PyAny>) -> PyResult<ProcessingFailure> {
    let [code, name, message] = failure_record(value.py())?.read(value)?;
    Ok(ProcessingFailure { code: code.extract().unwrap_or(None), name: text_back(&name), message: text_back(&message) })
}

fn image_back(value: &Bound<'_, PyAny>) -> PyResult<ImageInfo> {
    let [image_type, w, h] = image_record(value.py())?.read(value)?;
    Ok(ImageInfo { image_type: text_back(&image_type), w: count_back(&w), h: count_back(&h) })
}

fn video_back(value: &Bound<'_, PyAny>) -> PyResult<VideoInfo> {
    let [video_type] = video_record(value.py())?.read(value)?;
    Ok(VideoInfo { video_type: text_back(&video_type) })
}

fn text_back(value: &Bound<'_, PyAny>) -> Option<String> {
    value.cast::<PyString>().ok().map(|text| text.to_string_lossy().into_owned())
}

fn count_back(value: &Bound<'_, PyAny>) -> Option<u64> {
    value.extract().unwrap_or(None)
}

fn number_back(value: &Bound<'_, PyAny>) -> Option<Number> {
    if value.is_none() {
        return None;
    }
    if let Ok(whole) = value.extract::<i64>() {
        return Some(Number::Int(whole.into()));
    }
    if let Ok(whole) = value.extract::<i128>() {
        return Some(Number::Int(whole));
    }
    // An int beyond every float is huge, whatever it says exactly.
    let below_zero = value.lt(0).unwrap_or(false);
    Some(Number::Float(value.extract().unwrap_or(if below_zero { f64::NEG_INFINITY } else { f64::INFINITY })))
}
