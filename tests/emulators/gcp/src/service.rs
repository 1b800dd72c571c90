//! What becomes of a request: who asks, whether they may, whether not too often, and then the rules.

use crate::{
    PROJECT, PROJECT_NUMBER,
    accounts::Role,
    body::Message,
    emulator::Options,
    quotas::Usage,
    refusal::{Refusal, Result},
    routes::{self, Call, Target},
    store::Store,
    tokens::Tokens,
    version::State,
};
use serde_json::Value;
use std::time::Duration;
use strongroom_emulator_serving::{Answer, Request};

/// Everything that is known.
pub(crate) struct Service {
    pub(crate) tokens: Tokens,
    role: Role,
    usage: Usage,
    store: Store,
}

impl Service {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            tokens: Tokens::new(&options.secret),
            role: options.role.clone(),
            usage: Usage::of(options.quotas),
            store: Store::default(),
        }
    }

    pub(crate) fn answer(&mut self, request: &Request, now: Duration) -> Answer {
        match (request.method(), request.path()) {
            ("POST", "/v1/token") => return self.tokens.exchange(request, now),
            ("POST", "/v1/oauthtoken") => return self.tokens.refreshed_external(request, now),
            ("POST", "/token") => return self.tokens.refreshed(request, now),
            ("GET", path) if path.starts_with("/computeMetadata/") => {
                return self.tokens.metadata(request, now);
            }
            _ => {}
        }
        let done = match whom(request) {
            Some(whom) => self.impersonate(request, &whom, now),
            None => self.call(request, now),
        };
        match done {
            Ok(value) => Answer::json(200, &value),
            Err(refusal) => refusal.answer(),
        }
    }

    fn impersonate(&mut self, request: &Request, whom: &str, now: Duration) -> Result<Value> {
        let who = self.tokens.who(request, now)?;
        self.tokens.impersonated(who, whom, &Message::parse(&request.body, "request")?, now)
    }

    fn call(&mut self, request: &Request, now: Duration) -> Result<Value> {
        let who = self.tokens.who(request, now)?;
        let (call, target) = routes::find(request)
            .ok_or_else(|| Refusal::unimplemented(&format!("{} {}", request.method(), request.path())))?;
        // Of a project that is not ours, not even that it is not there is told.
        if ![PROJECT, PROJECT_NUMBER].contains(&target.project.as_str()) {
            return Err(Refusal::denied(call.permission(), &target.parent(&target.project)));
        }
        let parent = target.parent(PROJECT_NUMBER);
        self.role.check(who, call, &target, &parent)?;
        self.usage.count(call.metric(), now)?;
        let now = self.store.tick(now);
        self.perform(call, &target, &parent, request, now)
    }

    fn perform(
        &mut self,
        call: Call,
        target: &Target,
        parent: &str,
        request: &Request,
        now: Duration,
    ) -> Result<Value> {
        let (query, location) = (request.query(), target.location.as_deref());
        let numbers = query.get("$alt").is_some_and(|alt| alt.contains("enum-encoding=int"));
        let name = format!("{parent}/secrets/{}", target.secret);
        let (store, version) = (&mut self.store, target.version.as_str());
        let body = |path| Message::parse(&request.body, path);
        let mut change = |wanted| store.change(&name, version, wanted, &body("request")?, numbers, now);
        match call {
            Call::EnableVersion => change(State::Enabled),
            Call::DisableVersion => change(State::Disabled),
            Call::DestroyVersion => change(State::Destroyed),
            Call::CreateSecret => {
                let id = query.get("secretId").map_or("", String::as_str);
                store.create(parent, location, id, &body("secret")?, now)
            }
            Call::ListSecrets => store.list(parent, &query),
            Call::GetSecret => store.get(&name),
            Call::UpdateSecret => store.update(&name, location, &query, &body("secret")?),
            Call::DeleteSecret => store.delete(&name, &query),
            Call::AddVersion => store.add(&name, &body("request")?, numbers, now),
            Call::ListVersions => store.versions(&name, &query, numbers),
            Call::GetVersion => store.version(&name, version, numbers),
            Call::AccessVersion => store.access(&name, version),
        }
    }
}

/// The service account whose token is asked for.
fn whom(request: &Request) -> Option<String> {
    match &request.segments()[..] {
        [v1, projects, any, accounts, last]
            if request.method() == "POST"
                && [v1.as_str(), projects, any, accounts] == ["v1", "projects", "-", "serviceAccounts"] =>
        {
            last.strip_suffix(":generateAccessToken").map(str::to_owned)
        }
        _ => None,
    }
}
