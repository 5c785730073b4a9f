//! A draft as a document of its type.
//!
//! A struct asks for its fields in its own order, and each is found by its number: no names are compared, and what is
//! not there costs a look. Only a draft that is no such document is gone through a second time, in the order of the
//! set, to say which of its values is the first that does not fit.

use std::cell::Cell;
use std::fmt;

use canonical::{Code, Finding, Place};
use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::draft::{At, Body, Draft, Entries, ROOT};
use super::plan::Name;

impl Draft<'_> {
    /// The draft as a document of its type. Where its values came from stays here ([`origins`](Self::origins)).
    ///
    /// # Errors
    /// What the document must say and does not, or says in another form, with its place.
    pub fn typed<T: DeserializeOwned>(&self) -> Result<T, Vec<Finding>> {
        let root = CellRef { draft: self, at: ROOT, last: None };
        T::deserialize(root).or_else(|_| self.in_order())
    }

    #[cold]
    fn in_order<T: DeserializeOwned>(&self) -> Result<T, Vec<Finding>> {
        let last = Cell::new(ROOT);
        T::deserialize(CellRef { draft: self, at: ROOT, last: Some(&last) }).map_err(|Misfit(misfit)| {
            let (missing, at) = misfit.map_or((None, None), |misfit| (misfit.missing, misfit.at));
            let at = at.unwrap_or(last.get());
            let mut pointer = self.pointer(at);
            let detail = match missing {
                Some(name) => {
                    pointer.push('/');
                    pointer.push_str(name);
                    format!("the document does not say {pointer}")
                }
                None => format!("what the document says of {pointer} does not fit"),
            };
            let place = self.place(at).or(Some(Place::Pointer(pointer)));
            vec![Finding { code: Code::EdiSyntax, detail, place }]
        })
    }
}

/// Why a draft is no document of its type; nothing where the draft is gone through again to find out. Messages of serde
/// repeat values, so they are not kept.
#[derive(Debug)]
struct Misfit(Option<Box<Where>>);

#[derive(Debug, Default)]
struct Where {
    missing: Option<&'static str>,
    at: Option<At>,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("does not fit")
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    #[cold]
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(None)
    }

    #[cold]
    fn missing_field(name: &'static str) -> Self {
        Self(Some(Box::new(Where { missing: Some(name), at: None })))
    }
}

#[derive(Clone, Copy)]
struct CellRef<'d, 'a> {
    draft: &'d Draft<'a>,
    at: At,
    /// The cell that was looked at last, where the draft is gone through in order.
    last: Option<&'d Cell<At>>,
}

impl CellRef<'_, '_> {
    /// An error that a deeper cell has not placed is of this one.
    #[cold]
    fn placed(&self, Misfit(misfit): Misfit) -> Misfit {
        if self.last.is_none() {
            return Misfit(None);
        }
        let mut misfit = misfit.unwrap_or_default();
        misfit.at = misfit.at.or(Some(self.at));
        Misfit(Some(misfit))
    }

    #[inline]
    fn look(&self) {
        if let Some(last) = self.last {
            last.set(self.at);
        }
    }
}

impl<'de> Deserializer<'de> for CellRef<'_, '_> {
    type Error = Misfit;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.look();
        match self.draft.body(self.at) {
            Some(Body::Text(text)) => visitor.visit_str(text),
            Some(Body::Integer(number)) => visitor.visit_u64(number),
            Some(Body::Object { .. }) => {
                let members: Vec<_> = self.draft.members(self.at).collect();
                visitor.visit_map(Members { of: self, rest: members.into_iter(), value: ROOT })
            }
            Some(Body::List) => {
                let entries = self.draft.entries(self.at);
                entries.map_or(Err(Misfit(None)), |entries| visitor.visit_seq(List { of: self, entries }))
            }
            None => Err(Misfit(None)),
        }
        .map_err(|error| self.placed(error))
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let (None, Some(Body::Object { members, len })) = (self.last, self.draft.body(self.at)) else {
            return self.deserialize_any(visitor);
        };
        let plan = self.draft.plan;
        let layout = plan.layouts.of(fields, &plan.names);
        let mut fields = Fields { of: self, members, layout: layout.iter(), found: 0 };
        let made = visitor.visit_seq(&mut fields)?;
        // A member that no field is for.
        if fields.found == len { Ok(made) } else { Err(Misfit(None)) }
    }

    #[expect(clippy::inline_always, reason = "most of a document is texts, made where they stay")]
    #[inline(always)]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.draft.body(self.at) {
            Some(Body::Text(text)) if self.last.is_none() => visitor.visit_str(text),
            _ => self.deserialize_any(visitor),
        }
    }

    #[expect(clippy::inline_always, reason = "see deserialize_str")]
    #[inline(always)]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.look();
        let Some(Body::Text(text)) = self.draft.body(self.at) else {
            return Err(self.placed(Misfit(None)));
        };
        let text: StrDeserializer<'_, Misfit> = text.into_deserializer();
        text.deserialize_enum(name, variants, visitor).map_err(|error| self.placed(error))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// The fields of a struct in its own order; nothing for one that the draft has not.
struct Fields<'d, 'a> {
    of: CellRef<'d, 'a>,
    members: usize,
    layout: std::slice::Iter<'d, Name>,
    /// How many there were.
    found: u32,
}

impl<'de> SeqAccess<'de> for Fields<'_, '_> {
    type Error = Misfit;

    #[expect(clippy::inline_always, reason = "see deserialize_str")]
    #[inline(always)]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let name = self.layout.next();
        let Some(at) = name.and_then(|name| self.of.draft.member_from(self.members, *name)) else {
            return Ok(None);
        };
        self.found += 1;
        seed.deserialize(CellRef { at, ..self.of }).map(Some)
    }
}

/// The members of an object in the order in which they came.
struct Members<'d, 'a> {
    of: CellRef<'d, 'a>,
    rest: std::vec::IntoIter<(&'a str, At)>,
    value: At,
}

impl<'de> MapAccess<'de> for Members<'_, '_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((name, at)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = at;
        let name: StrDeserializer<'_, Misfit> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        seed.deserialize(CellRef { at: self.value, ..self.of })
    }
}

struct List<'d, 'a> {
    of: CellRef<'d, 'a>,
    entries: Entries<'d, 'a>,
}

impl<'de> SeqAccess<'de> for List<'_, '_> {
    type Error = Misfit;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(at) = self.entries.next() else {
            return Ok(None);
        };
        seed.deserialize(CellRef { at, ..self.of }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len as usize)
    }
}
