//! The account that tests use, from the variables that `cargo xtask` sets.

use strongroom_aws::PLUGIN;
use strongroom_core::settings::Setting;
use strongroom_testkit::cloud::Section;

/// An account whose credentials have the policy of the README and no more.
pub(crate) fn account() -> Section {
    let keys = [
        ("region", "REGION"),
        ("endpoint", "ENDPOINT"),
        ("access_key_id", "ACCESS_KEY_ID"),
        ("secret_access_key", "SECRET_ACCESS_KEY"),
    ];
    let given = keys.into_iter().fold(bare(), |section, (key, name)| section.text(key, &variable(name)));
    // Nothing is left behind in a true account.
    given.with("recovery_days", Setting::Int(0))
}

/// One of which nothing is said yet.
pub(crate) fn bare() -> Section {
    Section::of(PLUGIN)
}

/// A variable of those that tell about the account.
pub(crate) fn variable(name: &str) -> String {
    let name = format!("STRONGROOM_TEST_AWS_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: `cargo xtask servers` sets it"))
}
