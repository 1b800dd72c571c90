//! What each back-end of this project says that it can hold and do, as its README and `strongroom backends` tell.
#![cfg(all(feature = "aws", feature = "azure", feature = "gcp", feature = "hashicorp", feature = "_sql"))]

use strongroom::{Registry, Removal, aws, azure, gcp, hashicorp};

#[test]
fn every_back_end_says_what_it_can_do() {
    let registry = Registry::builtin();
    for (kind, payload_bytes, history, bulk_read, removal, recoverable, seals) in [
        ("aws", 65_536, Some(15), 20, Removal::Expires, true, false),
        ("azure", 25_600, None, 1, Removal::Disables, true, false),
        ("gcp", 65_536, None, 1, Removal::Destroys, false, false),
        ("hashicorp", 131_072, None, 1, Removal::Destroys, false, false),
        ("sql", 65_536, None, 1, Removal::Destroys, false, true),
    ] {
        let plugin = registry.find(kind).unwrap();
        let limits = plugin.limits.unwrap();
        assert_eq!(
            (limits.payload_bytes, limits.history, limits.bulk_read),
            (payload_bytes, history, bulk_read)
        );
        assert_eq!((limits.removal, limits.recoverable), (removal, recoverable), "{kind}");
        assert_eq!(plugin.seal_by_default, seals, "{kind}");
    }
    assert_eq!(registry.not_compiled_in().filter(|kind| *kind != "remote").count(), 0);
}

#[test]
fn each_back_ends_crate_is_reached_under_its_type() {
    let kinds = [aws::PLUGIN, azure::PLUGIN, gcp::PLUGIN, hashicorp::PLUGIN].map(|plugin| plugin.kind);
    assert_eq!(kinds, ["aws", "azure", "gcp", "hashicorp"]);
}
