//! `backends`

use crate::{
    args::Format,
    console::Console,
    failure::Outcome,
    render::{Data, Table, View},
};
use strongroom::Registry;
use strongroom_core::{Plugin, Removal};

/// What is known of a kind of store besides its type and whether it is here.
const COLUMNS: [&str; 7] =
    ["payload_bytes", "names", "history", "bulk_read", "removal", "recoverable", "seals"];

/// Lists the kinds of store that this program has, and those that it was built without.
pub(crate) fn backends(registry: &Registry, console: &mut dyn Console, format: Option<Format>) -> Outcome {
    let head: Vec<_> = ["type", "in_program"].into_iter().chain(COLUMNS).chain(["about"]).collect();
    let mut table = Table::new(&head);
    for plugin in registry.plugins() {
        let known = capabilities(plugin);
        let row = [plugin.kind.into(), true.into()].into_iter().chain(known).chain([plugin.about.into()]);
        table.rows.push(row.collect());
    }
    for kind in registry.not_compiled_in() {
        let about = format!("not in this program; build it with --features strongroom/{kind}");
        let unknown = COLUMNS.map(|_| Data::Null);
        let row = [kind.into(), false.into()].into_iter().chain(unknown).chain([about.into()]);
        table.rows.push(row.collect());
    }
    let names = || table.head.iter().map(|name| (*name).to_owned());
    let data = table.rows.iter().map(|row| Data::Map(names().zip(row.iter().cloned()).collect())).collect();
    View { data: Data::List(data), table, caption: None }.print(console, format)
}

/// In the order of [`COLUMNS`]; what is not known or not limited is nothing.
fn capabilities(plugin: &Plugin) -> [Data; COLUMNS.len()] {
    // Of a whole store, it is for that one to say.
    let Some(limits) = plugin.limits.filter(|_| !plugin.whole) else { return COLUMNS.map(|_| Data::Null) };
    let removal = match limits.removal {
        Removal::Destroys => "destroys",
        Removal::Disables => "disables",
        Removal::Expires => "expires",
    };
    [
        (limits.payload_bytes as u64).into(),
        // A back-end is told random ids, never a name.
        "any".into(),
        limits.history.map_or(Data::Null, |versions| u64::from(versions).into()),
        (limits.bulk_read as u64).into(),
        removal.into(),
        limits.recoverable.into(),
        plugin.seal_by_default.into(),
    ]
}
