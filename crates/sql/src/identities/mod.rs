//! Who may log in, with what, and what they may do: rows, and changes of them.
//!
//! Every change is one transaction with its audit entry, and moves the epoch: a server that read the epoch after a
//! request arrived knows whether what it remembers of accounts, keys and grants still holds.

mod apply;
mod change;
mod device;
mod key;
mod list;
mod read;
mod remove;
mod rows;

pub use change::{
    AccountPatch, ApiKeyPatch, Changed, IdentityChange, NewAccount, NewApiKey, NewMac, OwnedSecrets,
};
pub use device::{Decision, Device, NewDevice, Polled};
pub use list::{AccountFilter, AccountSort, AccountTest};
pub use rows::{Account, AccountRef, ApiKey, Grant, Principal};
// What their fields are.
pub use strongroom_core::{AccountKind, Role, Scope};
