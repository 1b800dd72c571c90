//! Entra ID: tokens for applications, and what clients look up about who gives them.

use crate::{applications::Application, emulator::TENANT};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use strongroom_emulator_serving::{Answer, Request};
use uuid::Uuid;

/// How long a token lasts.
pub(crate) const LIFETIME: Duration = Duration::from_secs(3600);
const SCOPE: &str = "https://vault.azure.net/.default";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What is known of tokens and of what they are given for.
pub(crate) struct Entra {
    /// Of applications that have one.
    pub(crate) secret: String,
    /// What a cluster's own authority would have signed.
    pub(crate) assertion: String,
    given: HashMap<String, (Application, Duration)>,
}

impl Entra {
    pub(crate) fn new(secret: &str, assertion: &str) -> Self {
        Self { secret: secret.into(), assertion: assertion.into(), given: HashMap::new() }
    }

    /// Whose token it is, if it is still one.
    pub(crate) fn who(&self, token: &str, now: Duration) -> Option<Application> {
        self.given.get(token).filter(|(_, until)| now < *until).map(|(who, _)| *who)
    }

    /// A new token.
    pub(crate) fn issue(&mut self, who: Application, now: Duration) -> String {
        let token = format!("eyStrongroom.{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        self.given.insert(token.clone(), (who, now + LIFETIME));
        token
    }

    /// Answers a request for a token: RFC 6749 and 7523 as Entra ID has them.
    pub(crate) fn token(&mut self, tenant: &str, request: &Request, now: Duration) -> Answer {
        let form = request.form();
        let given = |name: &str| form.get(name).map_or("", String::as_str);
        // What is told about a refusal quotes what was sent: clients must not repeat it.
        let refuse = |status, error, number, text: &str| refused(status, error, number, text, &form);
        if tenant != TENANT {
            return refuse(400, "invalid_request", 90002, "Tenant not found.");
        }
        let Some(who) = Application::of(given("client_id")) else {
            return refuse(
                400,
                "unauthorized_client",
                700_016,
                "Application was not found in the directory.",
            );
        };
        if given("grant_type") != "client_credentials" {
            return refuse(400, "unsupported_grant_type", 70003, "The grant type is not supported.");
        }
        if given("scope") != SCOPE {
            return refuse(400, "invalid_scope", 70011, "The scope is not valid.");
        }
        if who == Application::Federated {
            if given("client_assertion_type") != ASSERTION_TYPE || given("client_assertion") != self.assertion
            {
                let text = "No matching federated identity record found.";
                return refuse(401, "invalid_client", 700_211, text);
            }
        } else if given("client_secret") != self.secret {
            return refuse(401, "invalid_client", 7_000_215, "Invalid client secret provided.");
        }
        let seconds = LIFETIME.as_secs();
        let issued = json!({
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": self.issue(who, now),
        });
        Answer::json(200, &issued)
    }
}

fn refused(status: u16, error: &str, number: u32, text: &str, form: &BTreeMap<String, String>) -> Answer {
    // Line ends and quotation marks are escapes in JSON, over which the client for Rust loses the rest of it.
    let sent: Vec<_> = form.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    let told = json!({
        "error": error,
        "error_description": format!("AADSTS{number}: {text}\r\n{}", sent.join("\r\n")),
        "error_codes": [number],
    });
    Answer::json(status, &told)
}

/// Who gives tokens, for clients that ask at first.
pub(crate) fn discovery(segments: &[&str], host: &str) -> Option<Value> {
    let base = format!("https://{host}/{TENANT}");
    match segments {
        [.., "discovery", "instance"] => Some(json!({
            "tenant_discovery_endpoint": format!("{base}/v2.0/.well-known/openid-configuration"),
            "metadata": [],
        })),
        [_, "v2.0", ".well-known", "openid-configuration"] => Some(json!({
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "issuer": format!("{base}/v2.0"),
        })),
        _ => None,
    }
}
