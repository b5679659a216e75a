//! Python's arguments, checked: a wrong type is a `TypeError`, a wrong value an `InvalidInputError`.

use std::path::Path;
use std::time::Duration;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDelta, PyDeltaAccess, PyFloat, PyInt, PyString};

use crate::client::category::AccountTier;
use crate::client::config::CheckMode;
use crate::client::error::Error;
use crate::client::model::{ApiVersion, Media, MediaId};
use crate::client::protocol::{MediaMetadata, SensitiveContent, Subtitle};
use crate::client::x_values::{self, AltText, MediaCategory, MediaType, Owners, SegmentIndex, SubtitledCategory};
use crate::python::convert::errors;
use crate::python::convert::results;
use crate::python::imports;

fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string())
}

pub(super) fn wrong_type(name: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("{name} must be {expected}, not {}", type_name(value)))
}

/// Refuses a path that no system takes, as it would otherwise fail without saying which argument is meant.
pub(super) fn refuse_null(py: Python<'_>, name: &str, path: &Path) -> PyResult<()> {
    if path.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(errors::invalid_input(py, format!("{name} must not be a path with a null character")));
    }
    Ok(())
}

/// A media id as a number, for values that are made in Python. `name` is the argument's in the message.
#[pyfunction]
pub fn media_id(name: &str, value: &Bound<'_, PyAny>) -> PyResult<u64> {
    id(name, value, "int or str").map(MediaId::get)
}

/// A media id: an int, text, or a `Media`, of which all is taken.
pub fn media(value: &Bound<'_, PyAny>) -> PyResult<Media> {
    if results::is_media(value)? {
        return results::media_back(value);
    }
    id("media_id", value, "an int, a str or a Media").map(Media::new)
}

fn id(name: &str, value: &Bound<'_, PyAny>, expected: &str) -> PyResult<MediaId> {
    let py = value.py();
    let id = if let Ok(text) = value.cast::<PyString>() {
        // A lone surrogate has no UTF-8, and is not a digit.
        let text = text.to_str();
        x_values::media_id(
            name,
            text.map_err(|_| errors::invalid_input(py, format!("{name} must be 1 to 19 ASCII digits")))?,
        )
    } else {
        let Some(number) = whole(value)? else { return Err(wrong_type(name, expected, value)) };
        x_values::media_id_from_number(name, number.extract::<u64>().ok())
    };
    checked(py, id)
}

/// What the client's own checks say, as an exception.
fn checked<T>(py: Python<'_>, value: Result<T, Error>) -> PyResult<T> {
    value.map_err(|error| errors::raise(py, error))
}

/// The value as an int if it is one (or numpy's), but no bool.
fn whole<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if value.is_instance_of::<PyBool>() {
        return Ok(None);
    }
    if value.is_instance_of::<PyInt>() {
        return Ok(Some(value.clone()));
    }
    if value.hasattr(pyo3::intern!(value.py(), "__index__"))? {
        return value.call_method0(pyo3::intern!(value.py(), "__index__")).map(Some);
    }
    Ok(None)
}

/// A number that counts something.
pub fn count(name: &str, value: &Bound<'_, PyAny>, most: u64) -> PyResult<u64> {
    let Some(number) = whole(value)? else { return Err(wrong_type(name, "an int", value)) };
    let inside = number.extract::<u64>().ok().filter(|number| (1..=most).contains(number));
    inside.ok_or_else(|| {
        let upper = if most == u64::MAX { String::new() } else { format!(" and at most {most}") };
        errors::invalid_input(value.py(), format!("{name} must be at least 1{upper}"))
    })
}

/// A number that counts something in memory.
pub fn count_up_to(most: usize) -> impl FnOnce(&str, &Bound<'_, PyAny>) -> PyResult<usize> {
    move |name, value| {
        let number = count(name, value, u64::try_from(most).unwrap_or(u64::MAX))?;
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    }
}

/// A file's size.
pub fn total_bytes(name: &str, value: &Bound<'_, PyAny>) -> PyResult<u64> {
    let Some(number) = whole(value)? else { return Err(wrong_type(name, "an int", value)) };
    checked(value.py(), x_values::total_bytes(number.extract().ok()))
}

/// A segment's number.
pub fn segment_index(value: &Bound<'_, PyAny>, api: ApiVersion) -> PyResult<SegmentIndex> {
    let Some(index) = whole(value)? else { return Err(wrong_type("segment_index", "an int", value)) };
    checked(value.py(), SegmentIndex::new(index.extract::<u64>().ok(), api))
}

/// Seconds or a `timedelta`; `None` means no limit.
pub fn duration(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<Duration>> {
    if value.is_none() {
        return Ok(None);
    }
    let seconds = if let Ok(delta) = value.cast::<PyDelta>() {
        f64::from(delta.get_days()) * 86_400.0
            + f64::from(delta.get_seconds())
            + f64::from(delta.get_microseconds()) / 1e6
    } else if let Some(number) = number(value)? {
        number
    } else {
        return Err(wrong_type(name, "seconds (int or float), a timedelta or None", value));
    };
    if !(seconds > 0.0 && seconds.is_finite()) {
        return Err(errors::invalid_input(
            value.py(),
            format!("{name} must be a finite number of seconds above 0, or None for no limit"),
        ));
    }
    Ok(Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).max(Duration::from_nanos(1))))
}

/// A verb's `timeout` in seconds, for what is done in Python before the verb begins.
#[pyfunction]
pub fn timeout_seconds(value: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
    Ok(duration("timeout", value)?.map(|limit| limit.as_secs_f64()))
}

/// A number, if it is an int or a float and no bool.
fn number(value: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
    if value.is_instance_of::<PyFloat>() {
        return value.extract().map(Some);
    }
    // An int too large for a float is as good as endless, but it is not said to be.
    Ok(whole(value)?.map(|whole| whole.extract().unwrap_or(f64::INFINITY)))
}

/// How many of something in a second. Its value is checked where it is used.
pub(super) fn rate(name: &str, value: &Bound<'_, PyAny>) -> PyResult<f64> {
    number(value)?.ok_or_else(|| wrong_type(name, "an int, a float or None", value))
}

/// Text that is not optional.
pub fn text(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    let Ok(text) = value.cast::<PyString>() else { return Err(wrong_type(name, "a str", value)) };
    text.to_str()
        .map(str::to_owned)
        .map_err(|_| errors::invalid_input(value.py(), format!("{name} must be valid Unicode text")))
}

/// `video/mp4` and its like.
pub fn media_type(name: &str, value: &Bound<'_, PyAny>) -> PyResult<MediaType> {
    checked(value.py(), MediaType::try_from(text(name, value)?))
}

/// `tweet_video` and its like.
pub fn media_category(name: &str, value: &Bound<'_, PyAny>) -> PyResult<MediaCategory> {
    checked(value.py(), MediaCategory::try_from(text(name, value)?))
}

/// Users who may use the media as well.
pub fn additional_owners(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Owners> {
    let expected = "an iterable of user ids";
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        return Err(wrong_type(name, expected, value));
    }
    let Ok(owners) = value.try_iter() else { return Err(wrong_type(name, expected, value)) };
    let mut ids = Owners::default();
    for owner in owners {
        checked(value.py(), ids.push(id(name, &owner?, "user ids (int or str)")?))?;
    }
    Ok(ids)
}

/// A description of 1 to 1000 characters.
pub fn alt_text(name: &str, value: &Bound<'_, PyAny>) -> PyResult<AltText> {
    checked(value.py(), AltText::new(name, text(name, value)?))
}

/// What viewers are warned of: `True` or `False`, or the names of what it is.
fn sensitive(name: &str, value: &Bound<'_, PyAny>) -> PyResult<SensitiveContent> {
    let mut content = SensitiveContent::default();
    if let Ok(other) = flag(name, value) {
        return Ok(SensitiveContent { other, ..content });
    }
    let expected = "a bool, a str or an iterable of str";
    let mut warn_of = |content_name: &Bound<'_, PyAny>| {
        *match text(name, content_name)?.as_str() {
            "adult_content" => &mut content.adult_content,
            "graphic_violence" => &mut content.graphic_violence,
            "other" => &mut content.other,
            _ => {
                let names = "True, False, 'adult_content', 'graphic_violence', 'other' or several of those names";
                return Err(errors::invalid_input(value.py(), format!("{name} must be {names}")));
            }
        } = true;
        PyResult::Ok(())
    };
    if value.is_instance_of::<PyString>() {
        warn_of(value)?;
        return Ok(content);
    }
    let Ok(names) = value.try_iter() else { return Err(wrong_type(name, expected, value)) };
    for each in names {
        warn_of(&each?)?;
    }
    Ok(content)
}

/// The check of an argument that may be `None`.
pub fn optional<T>(
    check: impl FnOnce(&str, &Bound<'_, PyAny>) -> PyResult<T>,
) -> impl FnOnce(&str, &Bound<'_, PyAny>) -> PyResult<Option<T>> {
    |name, value| if value.is_none() { Ok(None) } else { check(name, value).map(Some) }
}

/// What is said of media. `metadata` is JSON.
pub fn media_metadata(
    alt_text: &Bound<'_, PyAny>,
    allow_download: &Bound<'_, PyAny>,
    sensitive: &Bound<'_, PyAny>,
    metadata: Option<&str>,
) -> PyResult<MediaMetadata> {
    let others = serde_json::from_str(metadata.unwrap_or("{}"))
        .map_err(|_| errors::invalid_input(alt_text.py(), "metadata: it is nested too deeply, or not valid text"))?;
    Ok(MediaMetadata {
        alt_text: optional(self::alt_text)("alt_text", alt_text)?,
        allow_download: optional(flag)("allow_download", allow_download)?,
        sensitive: optional(self::sensitive)("sensitive", sensitive)?,
        others,
    })
}

/// One `Subtitle` or several.
pub fn subtitles(value: &Bound<'_, PyAny>) -> PyResult<Vec<Subtitle>> {
    let class = imports::SUBTITLE.get(value.py())?;
    let one = |subtitle: &Bound<'_, PyAny>| -> PyResult<Subtitle> {
        if !subtitle.is_instance(class)? {
            return Err(wrong_type("subtitles", "a Subtitle or several", subtitle));
        }
        Ok(Subtitle {
            media_id: media(&subtitle.getattr("media_id")?)?.media_id,
            language_code: text("language_code", &subtitle.getattr("language_code")?)?,
            display_name: text("display_name", &subtitle.getattr("display_name")?)?,
        })
    };
    if value.is_instance(class)? {
        return Ok(vec![one(value)?]);
    }
    let Ok(several) = value.try_iter() else { return Err(wrong_type("subtitles", "a Subtitle or several", value)) };
    let subtitles: Vec<Subtitle> = several.map(|subtitle| one(&subtitle?)).collect::<PyResult<_>>()?;
    if subtitles.is_empty() {
        return Err(errors::invalid_input(value.py(), "subtitles must name at least one"));
    }
    Ok(subtitles)
}

/// `EN` and its like.
pub fn language_code(value: &Bound<'_, PyAny>) -> PyResult<String> {
    checked(value.py(), x_values::language_code(text("language_code", value)?))
}

/// The category of a video that can have subtitles.
pub fn video_category(value: &Bound<'_, PyAny>) -> PyResult<SubtitledCategory> {
    let category = text("media_category", value)?;
    checked(value.py(), SubtitledCategory::try_from(category.as_str()))
}

/// One of these words.
fn word<T>(name: &str, value: &Bound<'_, PyAny>, words: &[&str], of: impl FnOnce(&str) -> Option<T>) -> PyResult<T> {
    let given = text(name, value)?;
    if let Some(known) = of(&given) {
        return Ok(known);
    }
    let known = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ");
    let given: String = given.chars().take(40).collect();
    Err(errors::invalid_input(value.py(), format!("{name} must be one of {known}, not {given:?}")))
}

/// Whose limits hold.
pub fn account(name: &str, value: &Bound<'_, PyAny>) -> PyResult<AccountTier> {
    word(name, value, &AccountTier::NAMES, AccountTier::of)
}

/// What is done about the rules of X that a file breaks.
pub fn check_mode(name: &str, value: &Bound<'_, PyAny>) -> PyResult<CheckMode> {
    word(name, value, &CheckMode::NAMES, CheckMode::of)
}

/// A bool, nothing else.
pub fn flag(name: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    value.cast::<PyBool>().map(|flag| flag.is_true()).map_err(|_| wrong_type(name, "a bool", value))
}

/// Something that can be called, or `None`.
pub fn callable(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<Py<PyAny>>> {
    match (value.is_none(), value.is_callable()) {
        (true, _) => Ok(None),
        (false, true) => Ok(Some(value.clone().unbind())),
        (false, false) => Err(wrong_type(name, "callable or None", value)),
    }
}
