//! `xmedia.check`: a source as Python prepared it, looked at, and the report as JSON text.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::client::inspect::{CheckOptions, FileBytes, ReadBytes, Report, check as check_bytes};
use crate::python::convert::{args, descriptor, errors};

/// Looks at a source, an `xmedia._calls.sources.prepare.Prepared`.
#[pyfunction]
pub fn check(
    source: &Bound<'_, PyAny>,
    media_category: &Bound<'_, PyAny>,
    account: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let py = source.py();
    let options = CheckOptions {
        media_category: category(media_category)?,
        account: args::optional(args::account)("account", account)?,
    };
    let (kind, value): (String, Bound<'_, PyAny>) = (source.getattr("kind")?.extract()?, source.getattr("value")?);
    let name: Option<String> = source.getattr("name")?.extract()?;
    let name = name.as_deref();
    let report = match kind.as_str() {
        "path" => {
            let path: PathBuf = value.extract()?;
            py.detach(|| open(&path).and_then(|mut file| check_bytes(&mut file, name, &options)))
                .map_err(|error| file_error(py, &error, Some(path)))?
        }
        "bytes" => {
            let bytes = value.cast::<PyBytes>()?.as_bytes();
            py.detach(|| check_bytes(&mut &*bytes, name, &options)).map_err(|error| file_error(py, &error, None))?
        }
        "descriptor" => {
            let (file, start) = descriptor::file(&value)?;
            let mut file = FileBytes::new(Arc::new(file), start).map_err(|error| file_error(py, &error, None))?;
            py.detach(|| check_bytes(&mut file, name, &options)).map_err(|error| file_error(py, &error, None))?
        }
        "seekable" => check_reader(&source.getattr("reader")?, value.extract()?, name, &options)?,
        other => return Err(PyTypeError::new_err(format!("a source of kind {other} cannot be checked"))),
    };
    Ok(report.to_value().to_string())
}

/// The category, which may be none at all.
fn category(value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    if value.extract::<String>().is_ok_and(|text| text.is_empty()) {
        return Ok(Some(String::new()));
    }
    let category = args::optional(args::media_category)("media_category", value)?;
    Ok(category.map(|category| category.as_str().to_owned()))
}

fn open(path: &PathBuf) -> io::Result<FileBytes> {
    /// `EISDIR`.
    const IS_A_DIRECTORY: i32 = 21;
    // Opening a pipe would wait for its other end.
    let metadata = std::fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(io::Error::from_raw_os_error(IS_A_DIRECTORY));
    }
    if !metadata.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "source is not a regular file, so it cannot be checked",
        ));
    }
    FileBytes::new(Arc::new(File::open(path)?), 0)
}

fn file_error(py: Python<'_>, error: &io::Error, path: Option<PathBuf>) -> PyErr {
    if error.kind() == io::ErrorKind::Unsupported && error.raw_os_error().is_none() {
        return errors::invalid_input(py, error.to_string());
    }
    errors::raise(py, crate::client::error::file_error(error, path.as_deref()))
}

/// Reads through an object of Python's, whose own error is the one that is raised.
struct PythonBytes<'a, 'py> {
    reader: &'a Bound<'py, PyAny>,
    total_bytes: u64,
    failure: Option<PyErr>,
}

impl ReadBytes for PythonBytes<'_, '_> {
    fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    fn read_some(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let len = u64::try_from(buffer.len()).unwrap_or(u64::MAX).min(self.total_bytes.saturating_sub(offset));
        let read = self.reader.call_method1("read_at", (offset, len)).and_then(|piece| {
            let piece = piece.cast::<PyBytes>()?.as_bytes();
            buffer.iter_mut().zip(piece).for_each(|(to, byte)| *to = *byte);
            Ok(piece.len().min(buffer.len()))
        });
        read.map_err(|error| {
            self.failure = Some(error);
            io::Error::other("the source failed")
        })
    }
}

fn check_reader(
    reader: &Bound<'_, PyAny>,
    total_bytes: u64,
    name: Option<&str>,
    options: &CheckOptions,
) -> PyResult<Report> {
    let mut bytes = PythonBytes { reader, total_bytes, failure: None };
    let checked = check_bytes(&mut bytes, name, options);
    match (checked, bytes.failure) {
        (_, Some(failure)) => Err(failure),
        (Ok(report), None) => Ok(report),
        (Err(error), None) => Err(file_error(reader.py(), &error, None)),
    }
}
