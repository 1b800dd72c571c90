//! Stores, and the registry that opens them.

use crate::{config, refused, toy};
use futures::executor::block_on;
use strongroom::{Config, NamespaceId, OpenContext, Opened, Registry, Result, Settings, settings::Setting};
use uuid::Uuid;

fn registry() -> Registry {
    Registry::builtin().with(toy::PLUGIN)
}

fn open_with(registry: &Registry, text: &str, env: &[(&str, &str)]) -> Result<Opened> {
    let store = config(text, env)?.stores()?.remove("default").expect("there is always a default store");
    block_on(registry.open(store, OpenContext::new(NamespaceId(Uuid::nil()))))
}

fn open(text: &str, env: &[(&str, &str)]) -> Result<Opened> {
    open_with(&registry(), text, env)
}

#[test]
fn opens_by_type() {
    assert!(open("[store]\ntype='toy'\nregion='x'", &[]).is_ok());
    assert!(open("", &[("STRONGROOM_STORE_TYPE", "toy"), ("STRONGROOM_STORE_REGION", "x")]).is_ok());
    assert!(refused(open("[store]\ntype='toy'", &[])).contains("missing key `region`"));
    assert_eq!(refused(open("[store]\ntype=1", &[])), "store.type: expected text, in quotes");
}

#[test]
fn what_opening_refuses_is_said_of_its_section() {
    let env = [("STRONGROOM_STORES_EAST_PORT", "0")];
    let mut stores = config("[stores.east]\ntype='toy'\nregion='x'", &env).unwrap().stores().unwrap();
    let east = stores.remove("east").unwrap();
    assert_eq!(
        refused(block_on(registry().open(east, OpenContext::new(NamespaceId(Uuid::nil()))))),
        "stores.east.port: 0 is none; give another"
    );
    assert_eq!(
        refused(open("[store]\ntype='toy'\nregion='x'\nfast=true\ntimeout_s=1", &[])),
        "store: both `fast` and `timeout_s` are set; keep one"
    );
    assert!(
        refused(open("[store]\ntype='etcd'", &[])).starts_with("store.type: no back-end is called `etcd`")
    );
}

#[test]
fn a_program_sets_keys_itself_of_what_opens_to_a_back_end() {
    let registry = registry();
    let plugin = registry.find("toy").unwrap();
    let refused = |keys: &[(&str, Setting)]| {
        let settings = Settings::of("main", keys.iter().cloned());
        refused(block_on(plugin.open_backend(settings, NamespaceId(Uuid::nil()))))
    };
    // No variable is named: none is looked at.
    assert_eq!(refused(&[]), "main: missing key `region`; set it in the file");
    let region = ("region", Setting::from("x"));
    assert_eq!(refused(&[region.clone(), ("port", 0.into())]), "main.port: 0 is none; give another");
    let text = refused(&[region.clone(), ("fsat", true.into())]);
    assert!(text.starts_with("main: unknown key `fsat` (did you mean `fast`?); "), "{text}");
    assert_eq!(refused(&[region]), "main.type: `toy` opens to no back-end: choose another type");
}

#[cfg(feature = "_sql")]
#[test]
fn sql_is_the_default_and_has_no_keys() {
    assert!(matches!(open("", &[]), Ok(Opened::Inline)));
    assert_eq!(
        refused(open("[store]\nregion='x'", &[])),
        "store: unknown key `region`; known: type, seal, cache_bytes, cache_max_age_s, call_timeout_ms, call_attempts, target"
    );
    assert_eq!(
        refused(open("[store]\ntpye='toy'", &[])),
        "store: unknown key `tpye` (did you mean `type`?); known: type, seal, cache_bytes, cache_max_age_s, call_timeout_ms, call_attempts, target"
    );
}

#[cfg(not(feature = "_sql"))]
#[test]
fn a_type_that_is_not_compiled_in_names_the_feature() {
    assert_eq!(
        refused(open("[store]\ntype='sql'", &[])),
        "store.type: this program was built without `sql`; build it with the cargo feature `sql` of the crate \
         `strongroom`"
    );
}

#[test]
fn an_unknown_type_lists_the_known_ones_and_how_to_add_one() {
    let text = refused(open("[store]\ntype='etcd'", &[]));
    assert!(text.contains("no back-end is called `etcd`; this program has: "), "{text}");
    assert!(text.contains("toy") && text.contains("Registry::with"), "{text}");
    let text = refused(open("[store]\ntype='hashicrop'", &[]));
    assert!(text.contains("(did you mean `hashicorp`?)"), "{text}");
    assert!(refused(Registry::empty().find("toy")).contains("this program has: none"));
}

#[test]
fn a_type_that_is_registered_twice_cannot_be_used() {
    let twice = registry().with(toy::PLUGIN);
    let text = refused(open_with(&twice, "[store]\ntype='toy'\nregion='x'", &[]));
    assert!(text.contains("two plugins are registered as `toy`"), "{text}");
}

#[test]
fn the_registry_lists_what_it_has_and_what_it_lacks() {
    let registry = registry();
    let has: Vec<_> = registry.plugins().map(|plugin| plugin.kind).collect();
    let lacks: Vec<_> = registry.not_compiled_in().collect();
    assert!(has.contains(&"toy"));
    assert!(lacks.iter().all(|kind| !has.contains(kind)));
    // There may be more: a new back-end changes nothing here.
    for kind in ["aws", "azure", "gcp", "hashicorp", "remote", "sql"] {
        assert!(has.contains(&kind) || lacks.contains(&kind), "{kind}");
    }
    assert_eq!(Registry::empty().plugins().count() + Registry::empty().not_compiled_in().count(), 0);
}

fn names(config: &Config) -> Vec<(String, String, Option<bool>)> {
    let stores = config.stores().unwrap();
    stores.into_iter().map(|(name, store)| (name, store.kind, store.seal)).collect()
}

#[test]
fn stores_from_file_and_environment() {
    let text = "[store]\ntype='toy'\nseal=false\n[stores.east]\ntype='toy'\nregion='e'";
    let env = [
        ("STRONGROOM_STORES_EAST_SEAL", "true"),
        ("STRONGROOM_STORES_WEST_TYPE", "toy"),
        ("STRONGROOM_STORES_WEST_REGION", "w"),
    ];
    let config = config(text, &env).unwrap();
    let toy = || "toy".to_owned();
    assert_eq!(
        names(&config),
        [
            ("default".to_owned(), toy(), Some(false)),
            ("east".to_owned(), toy(), Some(true)),
            ("west".to_owned(), toy(), None)
        ]
    );
    let west = config.stores().unwrap().remove("west").unwrap();
    assert_eq!(west.settings.section(), "stores.west");
    assert_eq!(west.settings.parse::<toy::Toy>().unwrap().region, "w");
}

#[test]
fn the_default_store_has_two_names() {
    for var in ["STRONGROOM_STORE_REGION", "STRONGROOM_STORES_DEFAULT_REGION"] {
        for section in ["store", "stores.default"] {
            let text = format!("[{section}]\ntype='toy'\nregion='x'");
            let mut config = config(&text, &[(var, "y")]).unwrap();
            let region = |config: &Config| {
                let store = config.stores().unwrap().remove("default").unwrap();
                store.settings.parse::<toy::Toy>().unwrap().region
            };
            assert_eq!(region(&config), "y");
            for (flag, name) in [("z", "store"), ("w", "stores.default")] {
                config.set(name, "region", flag).unwrap();
                assert_eq!(region(&config), flag);
            }
        }
    }
}

#[test]
fn the_default_store_goes_by_one_name_at_a_time() {
    assert_eq!(
        refused(config("[store]\n[stores.default]", &[])),
        "[store] and [stores.default] are the same store; keep one of them"
    );
    let env = [("STRONGROOM_STORE_TYPE", "x"), ("STRONGROOM_STORES_DEFAULT_REGION", "x")];
    assert_eq!(
        refused(config("", &env)),
        "STRONGROOM_STORE_TYPE and STRONGROOM_STORES_DEFAULT_REGION are both set, for the same store; name both \
         in one way"
    );
}

#[test]
fn a_stores_name_has_letters_and_digits() {
    for name in ["East", "a_b", "a-b", "''", "'ä'"] {
        let text = refused(config(&format!("[stores.{name}]"), &[]));
        assert!(text.contains("cannot be a store's name; use 1 to 32 characters of a-z and 0-9"), "{text}");
    }
    let text = refused(config("[stores]\ntype='toy'", &[]));
    assert_eq!(text, "stores.type: expected a table; write it as a section [stores.type]");
    for name in ["STRONGROOM_STORES_EAST", "STRONGROOM_STORES_EAST_", "STRONGROOM_STORES_east_TYPE"] {
        assert!(refused(config("", &[(name, "x")])).starts_with(name));
    }
}
