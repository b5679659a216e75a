//! Options by name, as `**options` of Python brings them: what is given is checked and set, what is not keeps its default,
//! and a name that nobody knows is a `TypeError`.

use std::cell::Cell;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The options that a call was given.
pub struct GivenOptions<'a, 'py> {
    options: Option<&'a Bound<'py, PyDict>>,
    /// How many of them were asked for.
    known: Cell<usize>,
}

impl<'a, 'py> GivenOptions<'a, 'py> {
    pub fn new(options: Option<&'a Bound<'py, PyDict>>) -> Self {
        GivenOptions { options, known: Cell::new(0) }
    }

    /// An option, if it was given. Each is asked for once.
    pub fn get(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(options) = self.options else { return Ok(None) };
        let found = options.get_item(name)?;
        self.known.set(self.known.get() + usize::from(found.is_some()));
        Ok(found)
    }

    /// Sets an option that was given to what `check` makes of it.
    pub fn set<T>(
        &self,
        name: &str,
        option: &mut T,
        check: impl FnOnce(&str, &Bound<'py, PyAny>) -> PyResult<T>,
    ) -> PyResult<()> {
        if let Some(given) = self.get(name)? {
            *option = check(name, &given)?;
        }
        Ok(())
    }

    /// Refuses options that nobody asked for.
    pub fn refuse_others(&self) -> PyResult<()> {
        match self.options {
            Some(options) if options.len() != self.known.get() => {
                Err(PyTypeError::new_err(format!("an unexpected keyword argument is among {}", options.keys())))
            }
            _ => Ok(()),
        }
    }
}

/// Sets options of the same name as the fields that they fill: `set_options!(given => options { name: check, … })`.
macro_rules! set_options {
    ($given:expr => $options:ident { $($name:ident: $check:expr),+ $(,)? }) => {
        $($given.set(stringify!($name), &mut $options.$name, $check)?;)+
    };
}
pub(in crate::python) use set_options;
