//! How serde reads a key.

use super::{
    Setting,
    entries::{Elements, Entries},
    error::{ReadError, for_people},
    level::variable,
    node::{Node, Source},
    variant::Variant,
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::{Deserializer, Expected, Visitor};

/// Values that a variable can only hold as text.
macro_rules! from_text {
    ($($method:ident $visit:ident $type:ty)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            let node = self.leaf()?;
            let Source::Text(text) = &node.source else { return node.visit(visitor) };
            let value = text.expose_secret().trim().parse::<$type>();
            visitor.$visit(value.map_err(|_| ReadError::wrong(for_people(&stringify!($type))))?)
        }
    )* };
}

impl<'a> Node<'a> {
    /// Hands over what is set, as what it is.
    fn visit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.source {
            Source::Unset => Err(ReadError::wrong("not set")),
            Source::Text(text) => visitor.visit_str(text.expose_secret()),
            Source::File(Setting::Text(text)) => {
                self.reader.saw(text.clone());
                visitor.visit_str(text.expose_secret())
            }
            Source::File(Setting::Int(number)) => {
                self.reader.saw(number.to_string());
                visitor.visit_i64(*number)
            }
            Source::File(Setting::Float(number)) => {
                self.reader.saw(number.to_string());
                visitor.visit_f64(*number)
            }
            Source::File(Setting::Bool(value)) => visitor.visit_bool(*value),
            Source::File(Setting::List(list)) => visitor.visit_seq(Elements(
                list.iter()
                    .enumerate()
                    .map(|(i, value)| self.element(format!("{}[{i}]", self.path), Source::File(value))),
            )),
            Source::File(Setting::Table(table)) => {
                visitor.visit_map(Entries::new(table.iter().map(|(key, value)| {
                    let path = format!("{}.{}", self.path, key.escape_debug());
                    (key.as_str(), self.element(path, Source::File(value)))
                })))
            }
        }
    }

    fn is_table(&self) -> bool {
        self.is_root || self.set_below().is_some() || matches!(self.source, Source::File(Setting::Table(_)))
    }
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = ReadError;

    /// Asked for by types that want to see the value before they decide: fine for plain ones. Of a table they
    /// would swallow every key.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.is_table() { Err(ReadError::defect()) } else { self.leaf()?.visit(visitor) }
    }

    from_text! {
        deserialize_bool visit_bool bool
        deserialize_i8 visit_i8 i8
        deserialize_i16 visit_i16 i16
        deserialize_i32 visit_i32 i32
        deserialize_i64 visit_i64 i64
        deserialize_i128 visit_i128 i128
        deserialize_u8 visit_u8 u8
        deserialize_u16 visit_u16 u16
        deserialize_u32 visit_u32 u32
        deserialize_u64 visit_u64 u64
        deserialize_u128 visit_u128 u128
        deserialize_f32 visit_f32 f32
        deserialize_f64 visit_f64 f64
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.leaf()?.visit(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.leaf()?.visit(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.is_present() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let at = self.label();
        let node = self.leaf()?;
        let Source::Text(text) = &node.source else { return node.visit(visitor) };
        let parts = text.expose_secret().split(',').map(str::trim).filter(|part| !part.is_empty());
        let parts: Vec<SecretString> = parts.map(SecretString::from).collect();
        visitor
            .visit_seq(Elements(parts.into_iter().map(|part| node.element(at.clone(), Source::Text(part)))))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    /// A map with free keys: from the file alone, since a variable's upper case does not tell the key.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        // A struct asks for a map only if a field of it is flattened, and says that it is a struct.
        let wanted = (&visitor as &dyn Expected).to_string();
        if self.is_root || wanted.starts_with("struct ") {
            return Err(ReadError::defect());
        }
        if let Some(var) = self.set_below() {
            let text = format!("{var} is set, but the entries of {} can be set in the file only", self.path);
            return Err(ReadError::whole(text));
        }
        self.leaf()?.visit(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let children =
            self.table().and_then(|table| self.children(fields, table)).map_err(|e| e.at(&self.path))?;
        let set = children.into_iter().filter(|(_, child)| child.is_present());
        visitor.visit_map(Entries::new(set)).map_err(|e| {
            let e = e.missing_in(&self.path, |key| self.name.as_deref().map(|name| variable(name, key)));
            e.at(&self.path)
        })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let table = self.table()?;
        self.children(&[], table)?;
        visitor.visit_unit()
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_enum(Variant::choose(self, variants)?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { char bytes byte_buf unit identifier }
}
