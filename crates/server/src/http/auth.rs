//! Who makes a request.

use super::{error::ApiError, state::App};
use crate::identity::{Claim, Known};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use secrecy::SecretString;
use std::{
    net::IpAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use strongroom_core::{Context, Origin, OwnerId};
use strongroom_sql::identities::{Account, AccountKind, Role};

/// Facts about a request that the outermost layer noted.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Names it in answers, logs and the audit trail.
    pub(crate) request_id: String,
    /// The caller's address; that of the client if a proxy that is trusted says so.
    pub(crate) address: Option<IpAddr>,
    /// How long it may take.
    pub(crate) timeout: Duration,
    /// What becomes known of it.
    pub(crate) seen: Arc<Seen>,
}

/// What becomes known of a request while it is answered.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    who: OnceLock<OwnerId>,
    noted: AtomicBool,
}

impl Seen {
    /// The account that makes it, if that was proven.
    pub(crate) fn who(&self) -> Option<OwnerId> {
        self.who.get().copied()
    }

    /// Says that the audit trail has an entry of its refusal.
    pub(crate) fn note(&self) {
        self.noted.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_noted(&self) -> bool {
        self.noted.load(Ordering::Relaxed)
    }
}

/// A caller who is logged in, as of a moment after the request arrived.
pub(crate) struct Caller {
    pub(crate) known: Arc<Known>,
    pub(crate) facts: Facts,
}

impl Caller {
    /// Whoever shows this.
    pub(crate) async fn with(app: &App, shown: &SecretString, facts: Facts) -> Result<Self, ApiError> {
        let claim = app.identities.claim(shown).await?;
        let known = app.identities.confirm(&claim).await?;
        Ok(Self::new(known, facts))
    }

    fn new(known: Arc<Known>, facts: Facts) -> Self {
        let _ = facts.seen.who.set(known.account.id);
        Self { known, facts }
    }

    /// The account.
    pub(crate) fn account(&self) -> &Account {
        &self.known.account
    }

    pub(crate) fn id(&self) -> OwnerId {
        self.known.account.id
    }

    /// Whether the account manages others.
    pub(crate) fn is_admin(&self) -> bool {
        self.known.account.role == Role::Admin
    }

    pub(crate) fn is_service(&self) -> bool {
        self.known.account.kind == AccountKind::Service
    }

    /// Refuses everybody but admins.
    pub(crate) fn must_be_admin(&self, what: &str) -> Result<(), ApiError> {
        if self.is_admin() { Ok(()) } else { Err(ApiError::admins_only(what)) }
    }

    /// On whose behalf the store is called.
    pub(crate) fn context(&self) -> Context {
        context(&self.known, &self.facts)
    }
}

/// On whose behalf the store is called.
pub(crate) fn context(known: &Known, facts: &Facts) -> Context {
    Context::new(known.account.id, known.access.clone(), origin(facts)).with_timeout(facts.timeout)
}

pub(crate) fn origin(facts: &Facts) -> Origin {
    let mut origin = Origin::new("http");
    origin.address = facts.address.map(|address| address.to_string());
    origin.request = Some(facts.request_id.clone());
    origin
}

/// What stands behind `Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<SecretString, ApiError> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) =
        value.and_then(|text| text.split_once(' ')).ok_or_else(ApiError::not_authenticated)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(ApiError::not_authenticated());
    }
    Ok(SecretString::from(token.trim()))
}

impl FromRequestParts<App> for Facts {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self {
            request_id: String::new(),
            address: None,
            timeout: Context::TIMEOUT,
            seen: Arc::default(),
        }))
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let facts = Facts::from_request_parts(parts, app).await?;
        Self::with(app, &bearer(&parts.headers)?, facts).await
    }
}

/// Whoever sends a body: logged in when its head came. The caller is given by [`JsonBody::sent_by`] alone, which looks again
/// once the body is there: that takes as long as they like, and they may have lost their rights meanwhile.
///
/// [`JsonBody::sent_by`]: super::body::JsonBody::sent_by
pub(crate) struct Sender {
    claim: Claim,
    facts: Facts,
}

impl Sender {
    pub(super) async fn confirmed(self, app: &App) -> Result<Caller, ApiError> {
        let known = app.identities.confirm(&self.claim).await?;
        Ok(Caller::new(known, self.facts))
    }
}

/// Whoever asks for something in a body: logged in when its head came, and looked at again with what is read.
pub(crate) struct Asker(pub(crate) Reader);

impl FromRequestParts<App> for Asker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Sender { claim, facts } = Sender::from_request_parts(parts, app).await?;
        Ok(Self(Reader { claim, facts }))
    }
}

impl FromRequestParts<App> for Sender {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Reader { claim, facts } = Reader::from_request_parts(parts, app).await?;
        // What they send costs memory and time.
        let known = app.identities.confirm(&claim).await?;
        let _ = facts.seen.who.set(known.account.id);
        Ok(Self { claim, facts })
    }
}

/// A caller for whom reads may already run while it is looked up whether what is remembered of the account still holds.
pub(crate) struct Reader {
    claim: Claim,
    facts: Facts,
}

impl FromRequestParts<App> for Reader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let facts = Facts::from_request_parts(parts, app).await?;
        let claim = app.identities.claim(&bearer(&parts.headers)?).await?;
        Ok(Self { claim, facts })
    }
}

impl Reader {
    /// What is asked for; what is wrong with it is told to callers alone whose credentials still hold.
    pub(crate) async fn asks<T, E: Into<ApiError>>(
        &self,
        app: &App,
        asked: Result<T, E>,
    ) -> Result<T, ApiError> {
        match asked {
            Ok(asked) => Ok(asked),
            Err(error) => {
                app.identities.confirm(&self.claim).await?;
                Err(error.into())
            }
        }
    }

    /// Reads on behalf of the caller. The read and the look at the epoch share one round trip; if the epoch moved, what
    /// was read is dropped unseen and read again with the rights that hold now.
    pub(crate) async fn read<T, F: Future<Output = T>>(
        self,
        app: &App,
        read: impl Fn(Context) -> F,
    ) -> Result<(T, Caller), ApiError> {
        if let Some(known) = app.identities.remembered(&self.claim).await {
            let cx = context(&known, &self.facts);
            let (answer, epoch) = futures::join!(read(cx), app.identities.epoch());
            if epoch? == known.epoch {
                app.identities.note_use(&self.claim, &known);
                return Ok((answer, Caller::new(known, self.facts)));
            }
        }
        let known = app.identities.confirm(&self.claim).await?;
        let answer = read(context(&known, &self.facts)).await;
        Ok((answer, Caller::new(known, self.facts)))
    }
}
