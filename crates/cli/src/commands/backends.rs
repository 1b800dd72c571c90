//! `backends`

use crate::{
    args::Format,
    console::Console,
    failure::Outcome,
    render::{Data, Table, View},
};
use strongroom::Registry;
use strongroom_core::{Limits, Removal};

/// Lists the kinds of store that this program has, and those that it was built without.
pub(crate) fn backends(registry: &Registry, console: &mut dyn Console, format: Option<Format>) -> Outcome {
    let mut table =
        Table::new(&["type", "built_in", "payload_bytes", "bulk_read", "history", "removal", "about"]);
    for plugin in registry.plugins() {
        let [payload, bulk, history, removal] = limits(plugin.limits);
        table.row([plugin.kind.into(), true.into(), payload, bulk, history, removal, plugin.about.into()]);
    }
    for kind in registry.not_compiled_in() {
        let about = format!("not in this program; build it with --features strongroom/{kind}");
        let [payload, bulk, history, removal] = limits(None);
        table.row([kind.into(), false.into(), payload, bulk, history, removal, about.into()]);
    }
    let names = || table.head.iter().map(|name| (*name).to_owned());
    let data = table.rows.iter().map(|row| Data::Map(names().zip(row.iter().cloned()).collect())).collect();
    View { data: Data::List(data), table, caption: None }.print(console, format)
}

/// What is not known or not limited is nothing.
fn limits(limits: Option<Limits>) -> [Data; 4] {
    let Some(limits) = limits else { return [Data::Null, Data::Null, Data::Null, Data::Null] };
    let removal = match limits.removal {
        Removal::Destroys => "destroys",
        Removal::Disables => "disables",
        Removal::Expires => "expires",
    };
    [
        (limits.payload_bytes as u64).into(),
        (limits.bulk_read as u64).into(),
        limits.history.map_or(Data::Null, |versions| u64::from(versions).into()),
        removal.into(),
    ]
}
