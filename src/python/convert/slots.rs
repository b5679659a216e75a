//! Python's frozen dataclasses, made by filling their slots, and read from there: a tenth of what their constructors
//! and attributes take. What comes from here was checked when it was decoded.

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use crate::python::imports::{self, LazyImport};

/// A dataclass with slots, and where its fields go.
pub struct SlotWriter<const FIELDS: usize> {
    class: Py<PyType>,
    slots: [Slot; FIELDS],
}

/// Where a field goes: the descriptor of its slot, and the functions of such descriptors.
struct Slot {
    member: Py<PyAny>,
    get: ffi::descrgetfunc,
    set: ffi::descrsetfunc,
}

impl<const FIELDS: usize> SlotWriter<FIELDS> {
    /// Finds a dataclass and these of its fields, which have to be all.
    pub fn of(class: &Bound<'_, PyType>, fields: [&str; FIELDS]) -> PyResult<Self> {
        let py = class.py();
        let members = class.getattr(pyo3::intern!(py, "__dict__"))?;
        let mut slots = Vec::with_capacity(FIELDS);
        for field in fields {
            slots.push(Slot::of(&members.get_item(field)?)?);
        }
        let slots = slots.try_into().map_err(|_| PyTypeError::new_err("a field is missing"))?;
        Ok(SlotWriter { class: class.clone().unbind(), slots })
    }

    /// The same, found once.
    pub fn once<'a>(
        cell: &'a PyOnceLock<Self>,
        py: Python<'_>,
        class: &'static LazyImport,
        fields: [&str; FIELDS],
    ) -> PyResult<&'a Self> {
        cell.get_or_try_init(py, || Self::of(class.class(py)?, fields))
    }

    /// A record of these values, in the order of the fields.
    pub fn make<'py>(&self, py: Python<'py>, values: [Bound<'py, PyAny>; FIELDS]) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: the class is a Python class with nothing but slots, for which this is all that `object.__new__` does.
        let record = unsafe {
            Bound::from_owned_ptr_or_err(
                py,
                ffi::PyType_GenericAlloc(self.class.as_ptr().cast::<ffi::PyTypeObject>(), 0),
            )
        }?;
        for (slot, value) in self.slots.iter().zip(values) {
            // SAFETY: the function belongs to this descriptor's type, and all three are live objects.
            let failed = unsafe { (slot.set)(slot.member.as_ptr(), record.as_ptr(), value.as_ptr()) };
            if failed != 0 {
                return Err(PyErr::fetch(py));
            }
        }
        // SAFETY: it is a live object that the collector may know. It holds values that lead nowhere, so that it is in no
        // circle: to look at each of thousands of results again and again took a fifth of the time of as many waits.
        unsafe { ffi::PyObject_GC_UnTrack(record.as_ptr().cast()) };
        Ok(record)
    }

    /// What the slots of a record hold. It has to be of the class, or of one derived from it.
    pub fn read<'py>(&self, record: &Bound<'py, PyAny>) -> PyResult<[Bound<'py, PyAny>; FIELDS]> {
        let py = record.py();
        let mut values = Vec::with_capacity(FIELDS);
        for slot in &self.slots {
            // SAFETY: the function belongs to this descriptor's type, and all three are live objects; it refuses records
            // of another class.
            let value = unsafe {
                let value = (slot.get)(slot.member.as_ptr(), record.as_ptr(), record.get_type().as_ptr());
                Bound::from_owned_ptr_or_err(py, value)
            };
            values.push(value?);
        }
        values.try_into().map_err(|_| PyTypeError::new_err("a field is missing"))
    }
}

impl Slot {
    /// The slot behind what a class has under a field's name: its descriptor, or an `xmedia._types.lazy_fields.LazyField` around it.
    fn of(attribute: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = attribute.py();
        let member = attribute.getattr_opt(pyo3::intern!(py, "slot"))?.unwrap_or_else(|| attribute.clone());
        let kind = member.get_type();
        if !kind.is(imports::MEMBER_DESCRIPTOR.get(py)?) {
            return Err(PyTypeError::new_err(format!("{attribute} is not the descriptor of a slot")));
        }
        // SAFETY: the type is alive; what it has in these places are functions of these signatures, or null.
        let (get, set) = unsafe {
            let function = |slot| ffi::PyType_GetSlot(kind.as_type_ptr(), slot);
            (
                std::mem::transmute::<*mut std::ffi::c_void, Option<ffi::descrgetfunc>>(function(ffi::Py_tp_descr_get)),
                std::mem::transmute::<*mut std::ffi::c_void, Option<ffi::descrsetfunc>>(function(ffi::Py_tp_descr_set)),
            )
        };
        match (get, set) {
            (Some(get), Some(set)) => Ok(Slot { member: member.unbind(), get, set }),
            _ => Err(PyTypeError::new_err("slots cannot be read or set")),
        }
    }
}
