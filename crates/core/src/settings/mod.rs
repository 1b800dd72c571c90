//! Configuration of one section: a table from the file, overlaid key by key with variables of the environment.
//!
//! The type that is read says which keys there are: serde hands its field names over. So the environment needs
//! no list of its own, and unknown keys and variables are refused whether or not the type says
//! `deny_unknown_fields`. No error shows a value.

mod deserializer;
mod endpoint;
mod entries;
mod error;
mod kubernetes;
mod level;
mod nearest;
mod node;
mod reader;
mod section;
mod setting;
mod variant;
mod vars;

pub use endpoint::{check_endpoint, host, is_private, is_this_machine};
pub use kubernetes::is_injected;
pub use nearest::nearest;
pub use section::Settings;
pub use setting::{Setting, Table};
pub use vars::Vars;
