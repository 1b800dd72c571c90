//! Which sections and variables there are.

use super::{DEFAULT_STORE, PREFIX};
use std::collections::{BTreeMap, BTreeSet};
use strongroom_core::{
    Error, ErrorKind, Result,
    settings::{Setting, Table, Vars, is_injected, nearest},
};
use strongroom_engine::StoreName;

/// The sections, `stores` being the table of the named ones.
const SECTIONS: [&str; 7] = ["server", "database", "keys", "audit", "engine", "store", "stores"];

/// Variables that belong to no section.
const OTHERS: [&str; 9] = [
    "STRONGROOM_ROOT_KEY",
    "STRONGROOM_ROOT_KEY_FILE",
    "STRONGROOM_ADMIN_PASSWORD",
    "STRONGROOM_ADMIN_PASSWORD_FILE",
    super::CONFIG_VARIABLE,
    "STRONGROOM_SERVER",
    "STRONGROOM_API_KEY",
    "STRONGROOM_API_KEY_FILE",
    "STRONGROOM_LOG",
];

const STORES_PREFIX: &str = "STRONGROOM_STORES_";

/// The sections of a file by name, those of the stores as `stores.NAME`.
pub(super) fn split(file: Table) -> Result<BTreeMap<String, Table>> {
    let mut sections = BTreeMap::new();
    for (name, value) in file {
        if !SECTIONS.contains(&name.as_str()) {
            return Err(unknown_section(&name));
        }
        let table = expect_table(&name, value)?;
        if name != "stores" {
            sections.insert(name, table);
            continue;
        }
        for (store, value) in table {
            let section = format!("stores.{store}");
            check_name(&section)?;
            let table = expect_table(&section, value)?;
            sections.insert(section, table);
        }
    }
    Ok(sections)
}

/// Refuses a name that no section can have.
pub(super) fn check_name(section: &str) -> Result<()> {
    match section.strip_prefix("stores.") {
        Some(store) if is_store_name(store) => Ok(()),
        Some(store) => Err(invalid(format!(
            "stores: `{}` cannot be a store's name; use 1 to 32 characters of a-z and 0-9",
            store.escape_debug()
        ))),
        None if section != "stores" && SECTIONS.contains(&section) => Ok(()),
        None => Err(unknown_section(section)),
    }
}

/// What the names of a section's variables start with, before the underscore.
pub(super) fn prefix(section: &str) -> String {
    format!("{PREFIX}{}", section.to_ascii_uppercase().replace('.', "_"))
}

/// Whether it is one of the default store's two names.
pub(super) fn is_default_store(section: &str) -> bool {
    matches!(section, "store" | "stores.default")
}

/// The default store's section and the prefix of its variables; in either, only one of the two names is used.
pub(super) fn default_store(
    sections: &BTreeMap<String, Table>,
    vars: &Vars,
) -> Result<(&'static str, String)> {
    let long = sections.contains_key("stores.default");
    if long && sections.contains_key("store") {
        return Err(invalid("[store] and [stores.default] are the same store; keep one of them".to_owned()));
    }
    let (short_prefix, long_prefix) = (prefix("store"), prefix("stores.default"));
    let first =
        |prefix: &str| vars.names(&format!("{prefix}_")).find(|name| !is_injected(name)).map(str::to_owned);
    let prefix = match (first(&short_prefix), first(&long_prefix)) {
        (Some(short), Some(long)) => {
            let text = format!("{short} and {long} are both set, for the same store; name both in one way");
            return Err(invalid(text));
        }
        (None, Some(_)) => long_prefix,
        _ => short_prefix,
    };
    Ok((if long { "stores.default" } else { "store" }, prefix))
}

/// The names of all stores but the default one.
pub(super) fn store_names<'a>(sections: impl Iterator<Item = &'a String>, vars: &Vars) -> BTreeSet<String> {
    let in_file = sections.filter_map(|section| section.strip_prefix("stores.")).map(str::to_owned);
    // What Kubernetes injects for a service called like this makes no store.
    let in_vars = vars.names(STORES_PREFIX).filter(|var| !is_injected(var)).filter_map(store_of);
    in_file.chain(in_vars).filter(|name| name != DEFAULT_STORE).collect()
}

/// Refuses variables that look like ours and belong to no section. Those of a section are checked where it is
/// read.
pub(super) fn refuse_unknown(vars: &Vars) -> Result<()> {
    let others = || OTHERS.iter().copied();
    for var in vars.names(PREFIX).filter(|var| !OTHERS.contains(var) && !is_injected(var)) {
        if var.starts_with(STORES_PREFIX) {
            if store_of(var).is_none() {
                let text =
                    format!("{var}: a store's key is set as {STORES_PREFIX}NAME_KEY, the name A-Z and 0-9");
                return Err(invalid(text));
            }
            continue;
        }
        let ours = |section: &&str| var.starts_with(&format!("{}_", prefix(section)));
        if SECTIONS.iter().any(ours) {
            continue;
        }
        let without_file = || nearest(var.strip_suffix("_FILE")?, others());
        let near = nearest(var, others()).or_else(without_file);
        let near = near.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
        return Err(invalid(format!(
            "{var} is set, but is none of ours{near}; unset it or correct its name to {PREFIX}SECTION_KEY; \
             sections: {}; others: {}",
            SECTIONS.join(", "),
            OTHERS.join(", ")
        )));
    }
    Ok(())
}

/// The store that a variable is about, if it is about a key of one.
fn store_of(var: &str) -> Option<String> {
    let (store, key) = var.strip_prefix(STORES_PREFIX)?.split_once('_')?;
    let lower = store.to_ascii_lowercase();
    let is_upper = !store.bytes().any(|b| b.is_ascii_lowercase());
    (is_upper && !key.is_empty() && is_store_name(&lower)).then_some(lower)
}

/// Without an underscore, so that a store's variables are never another one's.
fn is_store_name(name: &str) -> bool {
    StoreName::new(name).is_ok()
}

fn expect_table(section: &str, value: Setting) -> Result<Table> {
    match value {
        Setting::Table(table) => Ok(table),
        _ => Err(invalid(format!("{section}: expected a table; write it as a section [{section}]"))),
    }
}

fn unknown_section(name: &str) -> Error {
    let near = nearest(name, SECTIONS).map(|near| format!(" (did you mean [{near}]?)")).unwrap_or_default();
    let known = SECTIONS.map(|s| if s == "stores" { "[stores.NAME]".to_owned() } else { format!("[{s}]") });
    invalid(format!("unknown section `{}`{near}; known: {}", name.escape_debug(), known.join(", ")))
}

fn invalid(text: String) -> Error {
    Error::new(ErrorKind::ConfigInvalid, text)
}
