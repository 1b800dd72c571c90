//! From what people give to values: `@FILE`, JSON and YAML maps, questions.

mod credential;
mod json;
mod map;
mod plain;
mod prompt;
mod source;
mod yaml;

pub(crate) use credential::{read_credential, read_two_credentials};
pub(crate) use map::{join, read_map};
pub(crate) use prompt::{ask_line, ask_value, confirm};
pub(crate) use source::{Sources, read_limited};
