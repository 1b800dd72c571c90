//! Which `type` is which back-end.

use crate::{
    config::StoreSettings,
    live::{self, Live},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};
use strongroom_core::{
    Backend, Error, ErrorKind, NamespaceId, OpenContext, Opened, Plugin, Result, settings::nearest,
};

/// The back-ends that a program has: a value, nothing global.
///
/// Start from [`builtin`](Self::builtin) or [`empty`](Self::empty), and add your own with [`with`](Self::with).
#[derive(Clone, Default)]
pub struct Registry {
    plugins: BTreeMap<&'static str, Plugin>,
    /// Of the plugins, those whose back-ends the program has already.
    live: BTreeMap<&'static str, Live>,
    known: BTreeSet<&'static str>,
    twice: BTreeSet<&'static str>,
    #[cfg(feature = "_sql")]
    next: Option<strongroom_sql::NextRelease>,
}

impl Registry {
    /// No back-ends at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// One more back-end. If its type is taken, neither can be used, and [`find`](Self::find) says so.
    ///
    /// ```
    /// use strongroom::Registry;
    /// use strongroom_testkit::PLUGIN; // in your program: that of the crate whose back-end it is
    ///
    /// let registry = Registry::builtin().with(PLUGIN);
    /// assert!(registry.find("directory").is_ok());
    /// ```
    #[must_use]
    pub fn with(mut self, plugin: Plugin) -> Self {
        if self.plugins.insert(plugin.kind, plugin).is_some() {
            self.twice.insert(plugin.kind);
        }
        self
    }

    /// One more back-end, which no configuration can describe: its type has no keys of its own, and `open` gives the back-end
    /// of a namespace whenever a store of that type is opened, from a client that the program has already, say. Otherwise
    /// as [`with`](Self::with).
    #[must_use]
    pub fn with_backend(
        mut self,
        kind: &'static str,
        open: impl Fn(NamespaceId) -> Arc<dyn Backend> + Send + Sync + 'static,
    ) -> Self {
        self.live.insert(kind, Arc::new(open));
        self.with(live::plugin(kind))
    }

    /// A type that this project has, whether or not this program does.
    pub(crate) fn knowing(mut self, kind: &'static str) -> Self {
        self.known.insert(kind);
        self
    }

    /// Takes the program for the next release: for proofs that two releases work side by side on one database.
    #[doc(hidden)] // As `NextRelease` is.
    #[cfg(feature = "_sql")]
    #[must_use]
    pub fn with_next_release(mut self, next: strongroom_sql::NextRelease) -> Self {
        self.next = Some(next);
        self
    }

    /// Which release the program is taken for, if it is not its own.
    #[doc(hidden)] // As `NextRelease` is.
    #[cfg(feature = "_sql")]
    #[must_use]
    pub fn next_release(&self) -> Option<strongroom_sql::NextRelease> {
        self.next
    }

    /// The back-end of a type.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`] if there is none, if it is known but not compiled in, or if two plugins
    /// share the type; the text says what to do.
    pub fn find(&self, kind: &str) -> Result<&Plugin> {
        if self.twice.contains(kind) {
            return Err(invalid(format!("type: two plugins are registered as `{kind}`; rename yours")));
        }
        if let Some(plugin) = self.plugins.get(kind) {
            return Ok(plugin);
        }
        if self.known.contains(kind) {
            return Err(invalid(format!(
                "type: this program was built without `{kind}`; build it with the cargo feature `{kind}` of the \
                 crate `strongroom`"
            )));
        }
        let near = nearest(kind, self.plugins.keys().chain(&self.known).copied());
        let near = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
        let here: Vec<_> = self.plugins.keys().copied().collect();
        Err(invalid(format!(
            "type: no back-end is called `{}`{near}; this program has: {}; a program of your own adds one with \
             Registry::with",
            kind.escape_debug(),
            if here.is_empty() { "none".to_owned() } else { here.join(", ") }
        )))
    }

    /// The back-ends of this program, by type.
    pub fn plugins(&self) -> impl Iterator<Item = &Plugin> {
        self.plugins.values()
    }

    /// The types that this project has and this program was built without; each is a cargo feature.
    pub fn not_compiled_in(&self) -> impl Iterator<Item = &'static str> {
        self.known.iter().copied().filter(|kind| !self.plugins.contains_key(kind))
    }

    /// Opens what a store's section describes.
    ///
    /// # Errors
    /// As [`find`](Self::find) and [`Plugin::open`].
    pub async fn open(&self, store: StoreSettings, cx: OpenContext) -> Result<Opened> {
        let plugin = self.find(&store.kind).map_err(|e| e.in_section(store.settings.section()))?;
        let Some(open) = self.live.get(plugin.kind) else { return plugin.open(store.settings, cx).await };
        let live::Config {} = store.settings.parse()?;
        Ok(Opened::Backend(open(cx.namespace)))
    }
}

fn invalid(text: String) -> Error {
    Error::new(ErrorKind::ConfigInvalid, text)
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.plugins.keys()).finish()
    }
}
