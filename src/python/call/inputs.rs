//! The `Media` that a call was given. A response that carries no new text is that very object again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::client::Waited;
use crate::python::convert::{errors, results};
use crate::sync::lock;

/// The `Media` that a call was given.
#[derive(Default)]
pub enum Input {
    /// None: it was given an id, or nothing.
    #[default]
    None,
    /// One.
    One(Py<PyAny>),
    /// Those of many waits.
    Many(Arc<Inputs>),
}

/// The `Media` of many waits, by the numbers of the waits.
#[derive(Default)]
pub struct Inputs(Mutex<HashMap<u64, Py<PyAny>>>);

impl Inputs {
    /// Keeps the `Media` of a wait.
    pub fn insert(&self, number: u64, media: Py<PyAny>) {
        lock(&self.0).insert(number, media);
    }

    fn take(&self, number: u64) -> Option<Py<PyAny>> {
        lock(&self.0).remove(&number)
    }
}

impl Input {
    /// This value if it is a `Media`.
    pub fn of(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(if results::is_media(value)? { Input::One(value.clone().unbind()) } else { Input::None })
    }

    /// The one `Media`, if there is one.
    pub fn one(&self) -> Option<&Py<PyAny>> {
        match self {
            Input::One(media) => Some(media),
            Input::None | Input::Many(_) => None,
        }
    }

    /// The `Media` of the wait with this number.
    fn take(&self, number: u64) -> Option<Py<PyAny>> {
        match self {
            Input::Many(inputs) => inputs.take(number),
            Input::None | Input::One(_) => None,
        }
    }

    /// Rows of number, `Media` and exception, of which one is None.
    pub fn waited_rows(&self, py: Python<'_>, waited: Vec<Waited>) -> PyResult<Py<PyAny>> {
        let rows = PyList::empty(py);
        for (number, outcome) in waited {
            let input = self.take(number);
            let (media, error) = match outcome {
                Ok(media) => (Some(results::media(py, media, input.as_ref())?), None),
                Err(error) => (None, Some(errors::raise_about(py, error, input.as_ref()).into_value(py))),
            };
            rows.append((number, media, error))?;
        }
        Ok(rows.into_any().unbind())
    }
}
