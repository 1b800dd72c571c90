//! What becomes of a request: which service it is for, who asks, whether they may, and then the vault.

use crate::{
    applications::Role,
    emulator::{Options, TENANT},
    entra::{self, Entra},
    identity,
    quotas::Usage,
    refusal::{Refusal, Result},
    routes::Call,
    vault::Vault,
};
use serde_json::Value;
use std::{collections::HashMap, time::Duration};
use strongroom_emulator_serving::{Answer, Request};
use uuid::Uuid;

/// Everything that is known.
pub(crate) struct Service {
    entra: Entra,
    role: Role,
    /// By the name that they are called by.
    vaults: HashMap<&'static str, Vault>,
}

impl Service {
    pub(crate) fn new(options: &Options, assertion: &str) -> Self {
        let vault = |leisure| Vault::new(leisure, options.purge_protection, Usage::of(options.quotas));
        let vaults = [("127.0.0.1", vault(Duration::ZERO)), ("localhost", vault(options.leisure))];
        let entra = Entra::new(&options.secret, assertion);
        Self { entra, role: options.role.clone(), vaults: vaults.into() }
    }

    pub(crate) fn answer(&mut self, request: &Request, now: Duration) -> Answer {
        let segments = request.segments();
        let segments: Vec<_> = segments.iter().map(String::as_str).collect();
        let answer = match (request.method(), &segments[..]) {
            ("POST", [tenant, "oauth2", "v2.0", "token"]) => self.entra.token(tenant, request, now),
            ("GET", ["metadata", "identity", "oauth2", "token"]) => {
                identity::of_machine(&mut self.entra, request, now)
            }
            ("GET", ["msi", "token"]) => identity::of_app_service(&mut self.entra, request, now),
            _ => match entra::discovery(&segments, request.host()) {
                Some(told) if request.method() == "GET" => Answer::json(200, &told),
                _ => match self.call(request, &segments, now) {
                    Ok(Some(value)) => Answer::json(200, &value),
                    Ok(None) => Answer::empty(204),
                    Err(refusal) => refusal.answer(),
                },
            },
        };
        answer.header("x-ms-request-id", Uuid::new_v4().to_string())
    }

    fn call(&mut self, request: &Request, segments: &[&str], now: Duration) -> Result<Option<Value>> {
        let host = request.host();
        let name = host.split(':').next().unwrap_or_default();
        let vault = self.vaults.get_mut(name).ok_or_else(|| Refusal::no_vault(host))?;
        let who = request.bearer().and_then(|token| self.entra.who(token, now));
        let base = format!("https://{host}");
        let who = who.ok_or_else(|| Refusal::challenge(&format!("{base}/{TENANT}")))?;
        vault.usage.count(Call::find(request.method(), segments).is_some_and(Call::creates), now)?;
        check_version(request.query().get("api-version").map_or("", String::as_str))?;
        let call =
            Call::find(request.method(), segments).ok_or_else(|| Refusal::no_method(request.method()))?;
        if !self.role.allows(who, call.action()) {
            return Err(Refusal::denied(who.id(), call.action().name(), name));
        }
        vault.perform(call, &base, request, now)
    }
}

/// Refuses versions of the API that were never heard of.
fn check_version(version: &str) -> Result<()> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_old = matches!(version.split_once('.'), Some(("7", minor)) if is_number(minor));
    let is_dated = matches!(
        version.split('-').collect::<Vec<_>>()[..],
        [year, month, day, ..] if [year, month, day].into_iter().all(is_number) && year.len() == 4
    );
    match version {
        "" => Err(Refusal::bad("api-version must be specified")),
        _ if is_old || is_dated => Ok(()),
        _ => Err(Refusal::bad(format!("The specified version ({version}) is not recognized."))),
    }
}
