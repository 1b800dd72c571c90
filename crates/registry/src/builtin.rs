//! The back-ends of this project, in one list.

use crate::Registry;

/// One line a type: its name, which is also its cargo feature, and its plugin.
macro_rules! builtin {
    ($($kind:literal => $plugin:path),* $(,)?) => {
        impl Registry {
            /// The back-ends of this project: those compiled in, and the names of those that are not.
            #[must_use]
            pub fn builtin() -> Self {
                let registry = Self::empty()$(.knowing($kind))*;
                $(
                    #[cfg(feature = $kind)]
                    let registry = registry.with($plugin);
                )*
                registry
            }
        }
    };
}

builtin! {
    "aws" => strongroom_aws::PLUGIN,
    "azure" => strongroom_azure::PLUGIN,
    "gcp" => strongroom_gcp::PLUGIN,
    "hashicorp" => strongroom_hashicorp::PLUGIN,
    "remote" => strongroom_remote::PLUGIN,
    "sql" => crate::inline::PLUGIN,
}
