//! Formats and keys: how values are sealed, how the keys that seal them are kept, and what is pinned of them.
//!
//! - [`seal`] and [`open`]: the sealed format, version 1; [`seal_values`] and [`open_values`] are the same for
//!   the values of a secret.
//! - [`RootKey`]: the one key that an operator keeps; it [`wrap`]s the [`DataKey`]s, of each [`KeyKind`] one
//!   active.
//! - [`Derived`]: what follows from a root key where no database keeps data keys.
//! - [`Digest`]: what is pinned of a version's values, so that a swapped or rolled-back one is detected.
//! - [`mac`]: keyed hashes of everything else.
//!
//! Nothing here does I/O, and nothing here reads a clock. Randomness is the operating system's alone. Every
//! length and count in a format is an unsigned 32-bit number, big-endian.

mod binding;
mod derive;
mod digest;
mod encoding;
mod header;
mod key;
mod kind;
mod prf;
mod root;
mod root_text;
mod seal;
mod values;
mod wrap;

pub use binding::{VALUE_BINDING_LEN, value_binding};
pub use derive::Derived;
pub use digest::{Digest, digest_values, verify_values};
pub use encoding::{decode_padded, decode_values, encode_values, pad};
pub use header::{OVERHEAD, Purpose};
pub use key::{DataKey, KeyId};
pub use kind::KeyKind;
pub use prf::{equal, mac, mac_concat};
pub use root::{RootId, RootKey};
pub use seal::{open, seal, sealed_by};
pub use values::{open_values, seal_values};
pub use wrap::{unwrap, wrap};
