//! A JSON object whose members are parsed on demand: most of a response is never needed.

use std::borrow::Cow;
use std::fmt;

use serde_core::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::number::{self, NotAnId};
use crate::client::model::{MediaId, Number};

/// An object's members, their values still text. Anything but an object has none.
#[derive(Default)]
pub(in crate::client::protocol) struct Members<'body>(Vec<(Name<'body>, &'body RawValue)>);

impl<'body> Members<'body> {
    /// Finds the members of a JSON text. All of it has to be JSON.
    pub(in crate::client::protocol) fn find(json: &'body str) -> Result<Self, serde_json::Error> {
        if json.trim_start().starts_with('{') {
            return serde_json::from_str(json);
        }
        serde_json::from_str::<&RawValue>(json).map(|_| Members::default())
    }

    /// The text of a member; `null` is the same as none. Of several with the same name the last one that says something
    /// counts.
    pub(in crate::client::protocol) fn text(&self, name: &str) -> Option<&'body str> {
        let named = self.0.iter().rev().filter(|(known, _)| known.0 == name);
        named.map(|(_, value)| value.get()).find(|text| *text != "null")
    }

    /// A member's members, none where it is not an object.
    pub(in crate::client::protocol) fn members(&self, name: &str) -> Result<Self, serde_json::Error> {
        self.text(name).map_or_else(|| Ok(Members::default()), Members::find)
    }

    /// A member, if it is there and not `null`. An error if it is nested too deeply, or no text.
    pub(in crate::client::protocol) fn get(&self, name: &str) -> Result<Option<Value>, serde_json::Error> {
        self.text(name).map(serde_json::from_str).transpose()
    }

    /// A member that is an object; anything else counts as missing, but has to be JSON that can be read.
    pub(in crate::client::protocol) fn object(&self, name: &str) -> Result<Option<Self>, serde_json::Error> {
        match self.text(name) {
            Some(json) if json.starts_with('{') => Members::find(json).map(Some),
            _ => self.get(name).map(|_| None),
        }
    }

    /// A member that is a string; anything else counts as missing, as above.
    pub(in crate::client::protocol) fn string(&self, name: &str) -> Result<Option<Cow<'body, str>>, serde_json::Error> {
        match self.text(name) {
            Some(json) if json.starts_with('"') => Ok(Some(match plain_string(json) {
                Some(text) => Cow::Borrowed(text),
                None => Cow::Owned(serde_json::from_str(json)?),
            })),
            _ => self.get(name).map(|_| None),
        }
    }

    /// A member that is a number, or a string with one in it.
    pub(in crate::client::protocol) fn number(&self, name: &str) -> Result<Option<Number>, serde_json::Error> {
        let Some(json) = self.text(name) else { return Ok(None) };
        // Nearly all are plain integers, whose text need not be taken apart.
        if let Ok(value) = json.parse::<i64>() {
            return Ok(Some(Number::Int(value.into())));
        }
        Ok(number::number(&serde_json::from_str(json)?))
    }

    /// A member that is a media id; the error within says that it is not one.
    pub(in crate::client::protocol) fn media_id(
        &self,
        name: &str,
    ) -> Result<Result<Option<MediaId>, NotAnId>, serde_json::Error> {
        let Some(json) = self.text(name) else { return Ok(Ok(None)) };
        match MediaId::parse(plain_string(json).unwrap_or(json)) {
            Some(media_id) => Ok(Ok(Some(media_id))),
            None => Ok(number::media_id(&serde_json::from_str(json)?)),
        }
    }
}

/// What a JSON string says, if there are no escapes in it.
fn plain_string(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"').filter(|text| !text.contains('\\'))
}

/// A member's name: text of the body itself, unless there are escapes in it.
struct Name<'body>(Cow<'body, str>);

impl<'body> Deserialize<'body> for Members<'body> {
    fn deserialize<D: Deserializer<'body>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

impl<'body> Deserialize<'body> for Name<'body> {
    fn deserialize<D: Deserializer<'body>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct MembersVisitor;

impl<'body> Visitor<'body> for MembersVisitor {
    type Value = Members<'body>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'body>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut members = Vec::with_capacity(12);
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

struct NameVisitor;

impl<'body> Visitor<'body> for NameVisitor {
    type Value = Name<'body>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'body str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}
