//! The back-ends of this project, in one list.

use crate::Registry;

/// One line a type: its name, which is also its cargo feature and the name of its crate here, and its plugin. The
/// one whose values lie in the database comes with any database.
macro_rules! builtin {
    ($($kind:literal => ::$library:ident::PLUGIN),* $(,)?) => {
        $(
            #[cfg(feature = $kind)]
            pub use ::$library;
        )*

        impl Registry {
            /// The back-ends of this project: those compiled in, and the names of those that are not.
            #[must_use]
            pub fn builtin() -> Self {
                let registry = Self::empty().knowing("sql")$(.knowing($kind))*;
                #[cfg(feature = "_sql")]
                let registry = registry.with(crate::inline::PLUGIN);
                $(
                    #[cfg(feature = $kind)]
                    let registry = registry.with(::$library::PLUGIN);
                )*
                registry
            }
        }
    };
}

builtin! {
    "aws" => ::aws::PLUGIN,
    "azure" => ::azure::PLUGIN,
    "gcp" => ::gcp::PLUGIN,
    "hashicorp" => ::hashicorp::PLUGIN,
    "remote" => ::remote::PLUGIN,
}
