//! Enums: `key = "variant"`, or a table `[section.key.variant]` with the variant's own keys.

use super::{
    Setting,
    error::{ReadError, one_of},
    node::{Node, Source},
};
use secrecy::ExposeSecret;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, VariantAccess, Visitor,
    value::StrDeserializer,
};

/// A variant that was chosen.
pub(super) struct Variant<'a> {
    name: &'static str,
    node: Node<'a>,
}

impl<'a> Variant<'a> {
    /// Finds out which one is set. The key's own text wins over the file's table; two at once are refused.
    pub(super) fn choose(mut node: Node<'a>, variants: &'static [&'static str]) -> Result<Self, ReadError> {
        node.overlay()?;
        let named = match &node.source {
            Source::Text(text) => Some(text.expose_secret().trim()),
            Source::File(Setting::Text(text)) => Some(text.expose_secret()),
            _ => None,
        };
        let named = match named {
            Some(text) => {
                Some(*variants.iter().find(|variant| **variant == text).ok_or_else(|| one_of(variants))?)
            }
            None => None,
        };
        let table = if named.is_some() { None } else { node.table()? };
        let children = node.children(variants, table)?.into_iter();
        let mut set: Vec<_> =
            children.filter(|(name, node)| Some(*name) == named || node.is_present()).collect();
        match (set.pop(), set.pop()) {
            (Some((name, node)), None) => Ok(Self { name, node }),
            (Some((second, _)), Some((first, _))) => {
                Err(ReadError::wrong(format!("both `{first}` and `{second}` are set; keep one of them")))
            }
            (None, _) => Err(one_of(variants)),
        }
    }
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = ReadError;
    type Variant = Node<'de>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Node<'de>), ReadError> {
        let name: StrDeserializer<'_, ReadError> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self.node))
    }
}

impl<'de> VariantAccess<'de> for Node<'de> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        let table = self.table().map_err(|e| e.at(&self.path))?;
        self.children(&[], table).map(drop)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ReadError> {
        let at = self.label();
        seed.deserialize(self).map_err(|e| e.at(&at))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        let at = self.label();
        self.deserialize_seq(visitor).map_err(|e| e.at(&at))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let at = self.path.clone();
        self.deserialize_struct("", fields, visitor).map_err(|e| e.at(&at))
    }
}
