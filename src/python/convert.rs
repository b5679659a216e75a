//! Values of the client to Python's dataclasses and back. The dataclasses are made in `xmedia._wire`, one door for all.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::client::caller::{Phase, Progress, Report};
use crate::client::model::{
    CommandName, ImageInfo, Media, MediaId, Number, ProcessingFailure, ProcessingInfo, RateLimit, VideoInfo,
};
use crate::client::stats::Stats;

/// The Python objects that Rust needs, each fetched once.
static MEDIA_FROM_WIRE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static INFO_FROM_WIRE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static RATE_LIMIT_FROM_WIRE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static PROGRESS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static MEDIA: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// `xmedia.Media`. `given` is the one that the caller handed in: media without an answer's text is that one, unchanged.
pub fn media(py: Python<'_>, media: Media, given: Option<&Py<PyAny>>) -> PyResult<Py<PyAny>> {
    if let Some(given) = given.filter(|_| media.raw.is_empty()) {
        return Ok(given.clone_ref(py));
    }
    let build = MEDIA_FROM_WIRE.import(py, "xmedia._wire", "media_from_wire")?;
    let image = media.image.map(|ImageInfo { image_type, w, h }| (image_type, w, h));
    let video = media.video.map(|VideoInfo { video_type }| (video_type,));
    // A call takes twelve positional arguments at most as a Rust tuple.
    let arguments = PyTuple::new(
        py,
        [
            media.media_id.get().into_pyobject(py)?.into_any(),
            media.media_key.into_pyobject(py)?,
            media.size.into_pyobject(py)?,
            optional_number(py, media.expires_after_secs)?,
            info(py, media.processing_info)?,
            image.into_pyobject(py)?,
            video.into_pyobject(py)?,
            media.command.map(CommandName::as_str).into_pyobject(py)?,
            epoch(media.received_at.unwrap_or_else(SystemTime::now)).into_pyobject(py)?.into_any(),
            media.request_id.into_pyobject(py)?,
            media.rate_limit.map(rate_limit).into_pyobject(py)?,
            PyBytes::new(py, &media.raw).into_any(),
        ],
    )?;
    Ok(build.call1(arguments)?.unbind())
}

/// `xmedia.Progress`.
pub fn progress(py: Python<'_>, progress: Progress) -> PyResult<Py<PyAny>> {
    let fields = PyDict::new(py);
    let phase = match progress.phase {
        Phase::Upload => "upload",
        Phase::Processing => "processing",
    };
    fields.set_item("phase", phase)?;
    fields.set_item("bytes_sent", progress.bytes_sent)?;
    fields.set_item("total_bytes", progress.total_bytes)?;
    fields.set_item("segments_done", progress.segments_done)?;
    fields.set_item("segments_total", progress.segments_total)?;
    if let Some(processing_info) = progress.processing_info {
        let build = INFO_FROM_WIRE.import(py, "xmedia._wire", "info_from_wire")?;
        let given = info(py, Some(processing_info))?.cast_into::<PyTuple>()?;
        fields.set_item("processing_info", build.call1(given)?)?;
    }
    fields.set_item("elapsed", progress.elapsed.as_secs_f64())?;
    Ok(PROGRESS.import(py, "xmedia._models", "Progress")?.call((), Some(&fields))?.unbind())
}

/// The arguments of `xmedia._hooks.Hooks.request`.
pub fn report(py: Python<'_>, report: Report) -> PyResult<Py<PyAny>> {
    let row = (
        report.command.as_str(),
        report.media_id.map(MediaId::get),
        report.attempt,
        report.status,
        report.error,
        epoch(report.started_at),
        report.duration.as_secs_f64(),
        report.bytes_sent,
        report.request_id,
        report.retry_in.map(|delay| delay.as_secs_f64()),
    );
    Ok(row.into_pyobject(py)?.into_any().unbind())
}

/// `xmedia.Media` as an upload returns it, with the requests that made it up if they were asked for.
pub fn uploaded(py: Python<'_>, media: Media, trace: Option<Vec<Report>>) -> PyResult<Py<PyAny>> {
    static WITH_TRACE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let media = self::media(py, media, None)?;
    let Some(trace) = trace else { return Ok(media) };
    let row = |each: Report| {
        let segment_index = each.segment_index;
        Ok((report(py, each)?, segment_index))
    };
    let rows = trace.into_iter().map(row).collect::<PyResult<Vec<_>>>()?;
    let add = WITH_TRACE.import(py, "xmedia._wire", "with_trace")?;
    add.call1((media, PyTuple::new(py, rows)?)).map(Bound::unbind)
}

/// `xmedia.Stats`.
pub fn stats(py: Python<'_>, stats: &Stats) -> PyResult<Py<PyAny>> {
    static STATS_FROM_WIRE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let requests: Vec<_> =
        stats.requests.iter().map(|((command, status), count)| (command.as_str(), *status, *count)).collect();
    let counts = (requests, stats.retries, stats.in_flight, stats.queued, stats.bytes_sent, stats.bytes_received);
    Ok(STATS_FROM_WIRE.import(py, "xmedia._wire", "stats_from_wire")?.call1(counts)?.unbind())
}

/// `xmedia.RateLimit`.
pub fn rate_limit_record<'py>(py: Python<'py>, limit: RateLimit) -> PyResult<Bound<'py, PyAny>> {
    RATE_LIMIT_FROM_WIRE.import(py, "xmedia._wire", "rate_limit_from_wire")?.call1(rate_limit(limit))
}

/// The arguments of `xmedia._wire.rate_limit_from_wire`.
pub fn rate_limit(limit: RateLimit) -> (Option<u64>, Option<u64>, Option<f64>) {
    (limit.limit, limit.remaining, limit.reset_at.map(epoch))
}

/// The arguments of `xmedia._wire.failure_from_wire`.
pub fn failure<'py>(py: Python<'py>, failure: ProcessingFailure) -> PyResult<Bound<'py, PyAny>> {
    let code = optional_number(py, failure.code)?;
    Ok((code, failure.name, failure.message).into_pyobject(py)?.into_any())
}

fn info<'py>(py: Python<'py>, info: Option<ProcessingInfo>) -> PyResult<Bound<'py, PyAny>> {
    let Some(info) = info else { return Ok(py.None().into_bound(py)) };
    let error = match info.error {
        Some(error) => failure(py, error)?,
        None => py.None().into_bound(py),
    };
    let check_after_secs = optional_number(py, info.check_after_secs)?;
    let progress_percent = optional_number(py, info.progress_percent)?;
    Ok((info.state, check_after_secs, progress_percent, error).into_pyobject(py)?.into_any())
}

fn optional_number<'py>(py: Python<'py>, number: Option<Number>) -> PyResult<Bound<'py, PyAny>> {
    match number {
        None => Ok(py.None().into_bound(py)),
        Some(Number::Int(value)) => Ok(value.into_pyobject(py)?.into_any()),
        Some(Number::Float(value)) => Ok(value.into_pyobject(py)?.into_any()),
    }
}

/// Seconds since the epoch.
pub fn epoch(at: SystemTime) -> f64 {
    match at.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

/// Whether a value is an `xmedia.Media`.
pub fn is_media(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    value.is_instance(MEDIA.import(value.py(), "xmedia._media", "Media")?)
}

/// An `xmedia.Media` as the client knows it. What only describes how the answer came is left out.
pub fn media_back(value: &Bound<'_, PyAny>) -> PyResult<Media> {
    let py = value.py();
    let get = |name: &str| value.getattr(name);
    let id: u64 = get("media_id")?.extract()?;
    let media_id = MediaId::new(id).ok_or_else(|| PyTypeError::new_err("a Media without a valid media_id"))?;
    let mut media = Media::new(media_id);
    media.media_key = get("media_key")?.extract()?;
    media.size = get("size")?.extract().unwrap_or(None);
    media.expires_after_secs = number_back(&get("expires_after_secs")?)?;
    media.command = get("command")?.extract::<Option<String>>()?.as_deref().and_then(CommandName::parse);
    let received_at: f64 = get("received_at")?.call_method0(pyo3::intern!(py, "timestamp"))?.extract()?;
    media.received_at = Duration::try_from_secs_f64(received_at).ok().and_then(|since| UNIX_EPOCH.checked_add(since));
    let info = get("processing_info")?;
    if !info.is_none() {
        let error = info.getattr("error")?;
        let error = if error.is_none() {
            None
        } else {
            Some(ProcessingFailure {
                code: number_back(&error.getattr("code")?)?,
                name: error.getattr("name")?.extract()?,
                message: error.getattr("message")?.extract()?,
            })
        };
        media.processing_info = Some(ProcessingInfo {
            state: info.getattr("state")?.extract()?,
            check_after_secs: number_back(&info.getattr("check_after_secs")?)?,
            progress_percent: number_back(&info.getattr("progress_percent")?)?,
            error,
        });
    }
    let image = get("image")?;
    if !image.is_none() {
        media.image = Some(ImageInfo {
            image_type: image.getattr("image_type")?.extract()?,
            w: image.getattr("w")?.extract()?,
            h: image.getattr("h")?.extract()?,
        });
    }
    let video = get("video")?;
    if !video.is_none() {
        media.video = Some(VideoInfo { video_type: video.getattr("video_type")?.extract()? });
    }
    Ok(media)
}

fn number_back(value: &Bound<'_, PyAny>) -> PyResult<Option<Number>> {
    if value.is_none() {
        return Ok(None);
    }
    if let Ok(whole) = value.extract::<i128>() {
        return Ok(Some(Number::Int(whole)));
    }
    value.extract().map(|float| Some(Number::Float(float)))
}
