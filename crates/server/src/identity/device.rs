//! Logging in with a browser: a program asks and waits, a person decides on a page, the program fetches a token.

use super::{
    Identities, Issued, Known, Rejected, UserCode,
    keys::{DEVICE_CODE_PREFIX, KeyText},
    login::within,
    ticket::Ticket,
    wait::seconds,
};
use secrecy::SecretString;
use std::{net::IpAddr, sync::Arc, time::Duration};
use strongroom_core::{Access, Context, Error, Origin, OwnerId, Result, SecretId};
use strongroom_engine::crypto::{KeyId, KeyKind, equal};
use strongroom_sql::identities::{AccountKind, Decision, Device, NewDevice, Polled};
use uuid::Uuid;

/// How long a login waits for a decision.
pub(crate) const DEVICE_LIFETIME: Duration = Duration::from_secs(300);
/// How long a program pauses between two questions.
pub(crate) const DEVICE_PAUSE: Duration = Duration::from_secs(5);
/// How many wait at a time: from one address, which is not a whole network here, and in all. Those of a network are bounded
/// by how fast they may begin.
const MOST: (u32, u32) = (20, 1_000);

const CODE: &str = "device code v1";
const USER_CODE: &str = "user code v1";
const GUESSES: &str = "user code guesses v1";

/// What becomes of a login that is to begin.
pub(crate) enum Start {
    /// It waits for a person.
    Begun(Started),
    /// Too many begin or wait: after so many seconds it can be tried again.
    TooMany(u64),
}

/// A login that waits now.
pub(crate) struct Started {
    pub(crate) id: Uuid,
    /// What the program shows when it asks: nobody else may know it.
    pub(crate) device_code: SecretString,
    /// What the person types.
    pub(crate) user_code: UserCode,
}

/// What a program gets that asks for its token.
pub(crate) enum Fetched {
    /// The token.
    Issued(Issued),
    /// None, yet or at all.
    Refused(Refusal),
}

/// Why there is no token, in the words of RFC 6749 and RFC 8628.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Pending,
    SlowDown,
    Expired,
    Denied,
    Invalid,
}

impl Identities {
    /// Begins a login. What others began stays, also if they gave the same `client`: that is no secret.
    pub(crate) async fn start_device(
        &self,
        client: Uuid,
        agent: String,
        source: Option<IpAddr>,
    ) -> Result<Start> {
        let engine = &self.0.engine;
        if let Err(wait) = self.0.starts.begin(source, engine.env().monotonic()) {
            return Ok(Start::TooMany(seconds(wait)));
        }
        // Under a key that was destroyed meanwhile nobody would find it.
        self.0.principals.current_keys().await?;
        let text = KeyText::generate(engine.fresh_id())?;
        let user_code = UserCode::generate()?;
        let (key, user_hash) = self.user_code_hash(user_code)?;
        let code = self.device_hash(key, &text, client).ok_or_else(super::token::rotated)?;
        let new = NewDevice {
            id: text.id,
            client,
            key,
            code: code.to_vec(),
            user_code: user_hash.to_vec(),
            agent,
            address: source.map(|address| address.to_string()),
            lifetime: DEVICE_LIFETIME,
            pause: DEVICE_PAUSE,
            most: MOST,
        };
        let added = self.0.catalog.add_device(new).await?;
        let device_code = text.text_behind(DEVICE_CODE_PREFIX);
        Ok(if added {
            Start::Begun(Started { id: text.id, device_code, user_code })
        } else {
            Start::TooMany(seconds(DEVICE_LIFETIME))
        })
    }

    /// The token of a login that was approved; it is given out once.
    pub(crate) async fn fetch_device(&self, client: Uuid, code: &SecretString) -> Result<Fetched> {
        let refused = |refusal| Ok(Fetched::Refused(refusal));
        let Some(text) = KeyText::parse_behind(DEVICE_CODE_PREFIX, code) else {
            return refused(Refusal::Invalid);
        };
        let Some(device) = self.0.catalog.device(text.id).await? else { return refused(Refusal::Expired) };
        let mut expected = self.device_hash(device.key, &text, client);
        if expected.is_none() {
            self.0.reload.keys().await?;
            expected = self.device_hash(device.key, &text, client);
        }
        if device.client != client || !expected.is_some_and(|expected| equal(&expected, &device.code)) {
            return refused(Refusal::Invalid);
        }
        match self.0.catalog.poll_device(device.id).await? {
            Polled::Gone | Polled::Expired => refused(Refusal::Expired),
            Polled::Waiting => refused(Refusal::Pending),
            Polled::TooOften => refused(Refusal::SlowDown),
            Polled::Decided(Decision::Denied) => refused(Refusal::Denied),
            Polled::Decided(Decision::Approved(account, generation)) => {
                match self.still(account, generation).await? {
                    Some(known) => Ok(Fetched::Issued(self.issue(known)?)),
                    // The account was changed since.
                    None => refused(Refusal::Denied),
                }
            }
        }
    }

    /// The login with this code, for somebody who gave the right password. Whoever guesses codes is slowed down: to be used
    /// in a task that ends also if its caller goes away. It is looked for so long at most.
    pub(crate) async fn device_of(
        &self,
        known: &Known,
        code: Option<UserCode>,
        source: Option<IpAddr>,
        limit: Duration,
    ) -> Result<Option<Device>, Rejected> {
        let account = known.account.id;
        let (_, bucket) = self.0.engine.keyed_hash(KeyKind::Credential, GUESSES, &[account.0.as_bytes()])?;
        let bucket = (bucket, source);
        let turn = self.guess(bucket).await?;
        let found = match code {
            Some(code) => within(limit, self.find_device(code)).await,
            None => Ok(None),
        };
        let now = self.0.engine.now();
        let waits = |device: &Device| now < device.expires && device.decided.is_none();
        let waiting = found.map(|found| found.filter(waits));
        // A failure counts, too: it is most often that of the second look, and so says that there was nothing at the first.
        if !matches!(waiting, Ok(Some(_))) {
            turn.failed(self.0.engine.env().monotonic());
        }
        Ok(waiting?)
    }

    async fn find_device(&self, code: UserCode) -> Result<Option<Device>> {
        let (key, hash) = self.user_code_hash(code)?;
        if let Some(device) = self.0.catalog.device_by_user_code(&hash).await? {
            return Ok(Some(device));
        }
        // Another replica may have made a key.
        self.0.reload.keys().await?;
        match self.user_code_hash(code)? {
            (other, hash) if other != key => self.0.catalog.device_by_user_code(&hash).await,
            _ => Ok(None),
        }
    }

    /// What lets somebody who gave the right password decide about a login.
    pub(crate) fn device_ticket(&self, device: &Device, known: &Known) -> Result<String> {
        let (account, generation) = (known.account.id, known.account.generation);
        Ticket { device: device.id, account, generation }.sign(&self.0.engine)
    }

    /// Decides about a login; `false` if it was too late, or the ticket is none.
    pub(crate) async fn decide_device(&self, ticket: &str, approve: bool, origin: Origin) -> Result<bool> {
        let engine = &self.0.engine;
        let Some(ticket) = Ticket::verify(engine, &self.0.reload, ticket).await? else { return Ok(false) };
        let Some(known) = self.still(ticket.account, ticket.generation).await? else { return Ok(false) };
        let Some(device) = self.0.catalog.device(ticket.device).await? else { return Ok(false) };
        let (decision, action) = if approve {
            (Decision::Approved(known.account.id, known.account.generation), "device.approve")
        } else {
            (Decision::Denied, "device.deny")
        };
        let from = device.address.as_deref().unwrap_or("an unknown address");
        let detail = format!("`{}` at {from}", device.agent.escape_debug());
        let cx = Context::new(known.account.id, Access::none(), origin);
        let entry = engine.audit_entry(&cx, action, SecretId(Uuid::nil()), detail);
        let noted = |auditor| strongroom_engine::Noted { entry: entry.clone(), auditor };
        engine.audited(|auditor| self.0.catalog.decide_device(device.id, decision, noted(auditor))).await
    }

    /// A person's account, if it still is what it was then.
    async fn still(&self, account: OwnerId, generation: i64) -> Result<Option<Arc<Known>>, Error> {
        let known = self.0.principals.current((account, None)).await?;
        Ok(known.filter(|known| {
            let account = &known.account;
            account.active && account.kind == AccountKind::User && account.generation == generation
        }))
    }

    fn user_code_hash(&self, code: UserCode) -> Result<(KeyId, [u8; 32])> {
        let engine = &self.0.engine;
        let namespace = engine.identity().namespace.0;
        engine.keyed_hash(KeyKind::Credential, USER_CODE, &[namespace.as_bytes(), code.letters()])
    }

    fn device_hash(&self, key: KeyId, text: &KeyText, client: Uuid) -> Option<[u8; 32]> {
        let engine = &self.0.engine;
        let namespace = engine.identity().namespace.0;
        let parts: [&[u8]; 4] =
            [namespace.as_bytes(), text.id.as_bytes(), client.as_bytes(), &text.secret[..]];
        engine.keyed_hash_with(key, KeyKind::Credential, CODE, &parts)
    }
}
