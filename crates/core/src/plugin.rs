//! How a back-end makes itself known to a registry.

use crate::{Backend, Error, ErrorKind, Limits, NamespaceId, Result, SecretsStore, Settings};
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use std::{fmt, future::Future, sync::Arc};

/// What a registry knows about one `type`: a constant that is made of its configuration, as [`Configure`] shows.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Plugin {
    /// The `type` in the configuration.
    pub kind: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// What it can hold and do; `None` if it depends on the configuration.
    pub limits: Option<Limits>,
    /// Whether values are sealed by the engine unless the configuration says otherwise.
    pub seal_by_default: bool,
    /// Whether it opens to a whole store, which needs neither a database nor a namespace.
    pub whole: bool,
    open: fn(Settings, OpenContext) -> BoxFuture<'static, Result<Opened>>,
}

/// Typed configuration of one `type`, and how to open it.
///
/// ```
/// use serde::Deserialize;
/// use std::path::{Path, PathBuf};
/// use strongroom_core::{
///     Configure, Error, ErrorKind, Limits, NamespaceId, OpenContext, Opened, Plugin, Removal, Result, Settings,
/// };
/// # use std::sync::Arc;
/// # use strongroom_core::Backend;
/// # fn folder(_: &Path, _: NamespaceId) -> Arc<dyn Backend> { unimplemented!() }
///
/// #[derive(Deserialize)]
/// struct Config {
///     path: PathBuf,
/// }
///
/// impl Configure for Config {
///     const KIND: &'static str = "folder";
///     const ABOUT: &'static str = "files in a folder";
///     const LIMITS: Option<Limits> = Some(Limits::new(256 * 1024, Removal::Destroys));
///
///     async fn open(self, cx: OpenContext) -> Result<Opened> {
///         if !self.path.is_absolute() {
///             return Err(Error::new(ErrorKind::ConfigInvalid, "path: give an absolute path"));
///         }
///         Ok(Opened::Backend(folder(&self.path, cx.namespace)))
///     }
/// }
///
/// pub const PLUGIN: Plugin = Plugin::of::<Config>();
///
/// # futures::executor::block_on(async {
/// # let namespace = NamespaceId::from(uuid::Uuid::nil());
/// let settings = Settings::of("store", [("path", "here")]);
/// let refused = PLUGIN.open(settings, OpenContext::new(namespace)).await.unwrap_err();
/// assert_eq!(refused.to_string(), "store.path: give an absolute path");
/// # });
/// ```
pub trait Configure: DeserializeOwned + Send + 'static {
    /// The `type` in the configuration.
    const KIND: &'static str;
    /// One line for people.
    const ABOUT: &'static str;
    /// What it can hold and do; `None` if it depends on the configuration.
    const LIMITS: Option<Limits>;
    /// Whether values are sealed by the engine unless the configuration says otherwise. Leave it `true` for a
    /// back-end of your own.
    const SEAL_BY_DEFAULT: bool = true;
    /// Whether it opens to [`Opened::Store`] alone. Then no database is opened for it, and the namespace that it is told
    /// is the nil one.
    const WHOLE: bool = false;

    /// Opens it. Makes as few calls as possible: whether the service answers is for `check`. A text of
    /// [`ConfigInvalid`](crate::ErrorKind::ConfigInvalid) begins with the key, `path: give an absolute path`; the
    /// section comes in front of it by itself.
    fn open(self, cx: OpenContext) -> impl Future<Output = Result<Opened>> + Send;
}

/// What a back-end is told when it is opened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenContext {
    /// The namespace that everything it writes and sees belongs to.
    pub namespace: NamespaceId,
}

impl OpenContext {
    /// For this namespace.
    #[must_use]
    pub fn new(namespace: NamespaceId) -> Self {
        Self { namespace }
    }
}

/// What opening gave.
#[non_exhaustive]
pub enum Opened {
    /// Values go into the catalog's own rows, sealed.
    Inline,
    /// Values go to this back-end; the engine does the rest.
    Backend(Arc<dyn Backend>),
    /// A whole store with names, owners and search of its own.
    Store(Arc<dyn SecretsStore>),
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inline => "Inline",
            Self::Backend(_) => "Backend",
            Self::Store(_) => "Store",
        })
    }
}

impl Plugin {
    /// The plugin that a configuration type describes.
    #[must_use]
    pub const fn of<C: Configure>() -> Self {
        Self {
            kind: C::KIND,
            about: C::ABOUT,
            limits: C::LIMITS,
            seal_by_default: C::SEAL_BY_DEFAULT,
            whole: C::WHOLE,
            open: |settings, cx| {
                Box::pin(async move {
                    let section = settings.section().to_owned();
                    let opened = settings.parse::<C>()?.open(cx).await;
                    opened.map_err(|error| match error.kind() {
                        ErrorKind::ConfigInvalid => error.in_section(&section),
                        _ => error.with("section", section),
                    })
                })
            },
        }
    }

    /// Reads the settings and opens what they describe.
    ///
    /// # Errors
    /// [`ConfigInvalid`](crate::ErrorKind::ConfigInvalid) for a wrong, missing or unknown key, which it names;
    /// whatever opening says.
    pub async fn open(&self, settings: Settings, cx: OpenContext) -> Result<Opened> {
        (self.open)(settings, cx).await
    }

    /// Opens a back-end on a namespace: for a program that puts an engine together without a configuration.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`ConfigInvalid`](crate::ErrorKind::ConfigInvalid) if the type opens to something else.
    pub async fn open_backend(&self, settings: Settings, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
        let section = settings.section().to_owned();
        match self.open(settings, OpenContext::new(namespace)).await? {
            Opened::Backend(backend) => Ok(backend),
            Opened::Inline | Opened::Store(_) => {
                let text = format!("type: `{}` opens to no back-end: choose another type", self.kind);
                Err(Error::new(ErrorKind::ConfigInvalid, text).in_section(&section))
            }
        }
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("kind", &self.kind)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
