//! Whose token is whose, and the services that give them.

use crate::{
    PROJECT_NUMBER,
    accounts::Account,
    body::Message,
    jwt::{Keys, SCOPE},
    refusal::{Refusal, Result},
    times,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::{collections::HashMap, time::Duration};
use strongroom_emulator_serving::{Answer, Request};
use uuid::Uuid;

/// How long tokens last that are given out.
const LIFETIME: Duration = Duration::from_secs(3600);
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// What a user's own client shows to get tokens.
pub(crate) const CLIENT_ID: &str = "client";
pub(crate) const CLIENT_SECRET: &str = "client-secret";

/// What a workload of another provider asks for.
pub(crate) fn audience() -> String {
    format!(
        "//iam.googleapis.com/projects/{PROJECT_NUMBER}/locations/global/workloadIdentityPools/pool/providers/provider"
    )
}

/// What is known of tokens and of what they are given for.
pub(crate) struct Tokens {
    /// Since when one is no longer taken.
    given: HashMap<String, (Account, Option<Duration>)>,
    pub(crate) keys: Keys,
    /// What a workload's own provider vouches for it with.
    pub(crate) subject: String,
    /// What a user's client gets new tokens with.
    pub(crate) refresh: String,
}

impl Tokens {
    /// With a token for each account that never expires: its name and this secret.
    pub(crate) fn new(secret: &str) -> Self {
        let random = || Uuid::new_v4().simple().to_string();
        let forever = Account::ALL.map(|who| (format!("{}-{secret}", who.name()), (who, None)));
        Self { given: forever.into(), keys: Keys::default(), subject: random(), refresh: random() }
    }

    /// Who asks.
    pub(crate) fn who(&self, request: &Request, now: Duration) -> Result<Account> {
        let token = request.bearer().ok_or_else(Refusal::unauthenticated)?;
        match self.given.get(token) {
            Some((who, until)) if until.is_none_or(|until| now < until) => Ok(*who),
            Some(_) => Err(Refusal::unauthenticated()),
            None => self.keys.signer(token, now).ok_or_else(Refusal::unauthenticated),
        }
    }

    fn issue(&mut self, now: Duration) -> String {
        let token = format!("ya29.{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        self.given.insert(token.clone(), (Account::Writer, Some(now + LIFETIME)));
        token
    }

    fn issued(&mut self, now: Duration) -> Value {
        json!({"access_token": self.issue(now), "token_type": "Bearer", "expires_in": LIFETIME.as_secs()})
    }

    /// A token for another token: RFC 8693, for workloads of other providers.
    pub(crate) fn exchange(&mut self, request: &Request, now: Duration) -> Answer {
        let form = request.form();
        let given = |name: &str| form.get(name).map_or("", String::as_str);
        if given("grant_type") != EXCHANGE {
            return no_token("unsupported_grant_type");
        }
        if given("audience") != audience() || !given("scope").split(' ').any(|scope| scope == SCOPE) {
            return no_token("invalid_request");
        }
        if given("subject_token") != self.subject {
            return no_token("invalid_grant");
        }
        let mut issued = self.issued(now);
        issued["issued_token_type"] = json!(ACCESS_TOKEN);
        Answer::json(200, &issued)
    }

    /// A token for a user's client: RFC 6749, in a form or in JSON.
    pub(crate) fn refreshed(&mut self, request: &Request, now: Duration) -> Answer {
        let json = serde_json::from_slice::<HashMap<String, Value>>(&request.body).unwrap_or_default();
        let form = request.form();
        let given = |name: &str| {
            json.get(name).and_then(Value::as_str).or(form.get(name).map(String::as_str)).unwrap_or_default()
        };
        if given("grant_type") != "refresh_token" {
            return no_token("unsupported_grant_type");
        }
        if (given("client_id"), given("client_secret")) != (CLIENT_ID, CLIENT_SECRET) {
            return no_token("invalid_client");
        }
        if given("refresh_token") != self.refresh {
            return no_token("invalid_grant");
        }
        Answer::json(200, &self.issued(now))
    }

    /// A token for a user of another provider, whose client logs in as RFC 6749 likes it best.
    pub(crate) fn refreshed_external(&mut self, request: &Request, now: Duration) -> Answer {
        let form = request.form();
        let given = |name: &str| form.get(name).map_or("", String::as_str);
        if given("grant_type") != "refresh_token" {
            return no_token("unsupported_grant_type");
        }
        let login = STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
        if request.header("authorization") != Some(&format!("Basic {login}")) {
            return no_token("invalid_client");
        }
        if given("refresh_token") != self.refresh {
            return no_token("invalid_grant");
        }
        Answer::json(200, &self.issued(now))
    }

    /// A token of a service account for whoever may have it.
    pub(crate) fn impersonated(
        &mut self,
        who: Account,
        whom: &str,
        body: &Message,
        now: Duration,
    ) -> Result<Value> {
        body.only(&["scope", "lifetime", "delegates", "name"])?;
        who.may_impersonate(whom)?;
        if !body.texts("scope")?.iter().any(|scope| scope == SCOPE) {
            return Err(Refusal::invalid("The scope is missing or is not one of Secret Manager."));
        }
        let lifetime = body.text("lifetime")?.map(times::duration).transpose()?;
        if lifetime.is_some_and(|lifetime| lifetime > LIFETIME) {
            return Err(Refusal::invalid("The lifetime must be at most an hour."));
        }
        Ok(json!({"accessToken": self.issue(now), "expireTime": times::timestamp(now + LIFETIME)}))
    }

    /// What a host's metadata server answers.
    pub(crate) fn metadata(&mut self, request: &Request, now: Duration) -> Answer {
        let answer = match request.path() {
            _ if request.header("metadata-flavor") != Some("Google") => {
                Answer::text(403, "Missing Metadata-Flavor:Google header.")
            }
            "/computeMetadata/v1/universe/universe-domain" => Answer::text(200, "googleapis.com"),
            "/computeMetadata/v1/instance/service-accounts/default/email" => {
                Answer::text(200, &Account::Writer.email())
            }
            "/computeMetadata/v1/instance/service-accounts/default/token" => {
                Answer::json(200, &self.issued(now))
            }
            _ => Answer::text(404, "not found"),
        };
        answer.header("metadata-flavor", "Google")
    }
}

/// As RFC 6749 wants it.
fn no_token(error: &str) -> Answer {
    let status = if error == "invalid_client" { 401 } else { 400 };
    Answer::json(status, &json!({"error": error, "error_description": "no token is given for that"}))
}
