//! Keys and elements, handed to serde one by one: here each error learns which key it is about.

use super::{error::ReadError, node::Node};
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, value::StrDeserializer};

/// The keys of a table.
pub(super) struct Entries<'a, I> {
    rest: I,
    next: Option<Node<'a>>,
}

impl<'a, I> Entries<'a, I> {
    pub(super) fn new(rest: impl IntoIterator<IntoIter = I>) -> Self {
        Self { rest: rest.into_iter(), next: None }
    }
}

impl<'a, I: Iterator<Item = (&'a str, Node<'a>)>> MapAccess<'a> for Entries<'a, I> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let Some((key, node)) = self.rest.next() else { return Ok(None) };
        let at = node.path.clone();
        self.next = Some(node);
        let key: StrDeserializer<'_, ReadError> = key.into_deserializer();
        seed.deserialize(key).map(Some).map_err(|e| e.at(&at))
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let node = self.next.take().ok_or_else(|| ReadError::wrong("expected a key before the value"))?;
        let at = node.label();
        seed.deserialize(node).map_err(|e| e.at(&at))
    }
}

/// The elements of a list.
pub(super) struct Elements<I>(pub(super) I);

impl<'a, I: Iterator<Item = Node<'a>>> SeqAccess<'a> for Elements<I> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some(node) = self.0.next() else { return Ok(None) };
        let at = node.label();
        seed.deserialize(node).map(Some).map_err(|e| e.at(&at))
    }
}
