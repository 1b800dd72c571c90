//! Managed identities: those of virtual machines, and those of App Service.

use crate::{
    applications::Application,
    entra::{Entra, LIFETIME},
};
use serde_json::json;
use std::time::Duration;
use strongroom_emulator_serving::{Answer, Request};

/// The only one that App Service has.
const API_VERSION: &str = "2019-08-01";
/// Since when a virtual machine's metadata tell tokens.
const FIRST_VERSION: &str = "2018-02-01";
const RESOURCE: &str = "https://vault.azure.net";

/// A token for what runs in App Service, and so knows the secret of its environment.
pub(crate) fn of_app_service(entra: &mut Entra, request: &Request, now: Duration) -> Answer {
    let query = request.query();
    let refuse = |status: u16| Answer::json(status, &json!({"statusCode": status, "message": "no token"}));
    if request.header("x-identity-header") != Some(&entra.secret) {
        return refuse(401);
    }
    if query.get("api-version").map(String::as_str) != Some(API_VERSION) {
        return refuse(400);
    }
    given(entra, request, now).unwrap_or_else(|| refuse(400))
}

/// A token for what runs on a virtual machine, and not for who asks through a proxy.
pub(crate) fn of_machine(entra: &mut Entra, request: &Request, now: Duration) -> Answer {
    let query = request.query();
    let refuse =
        |text: &str| Answer::json(400, &json!({"error": "invalid_request", "error_description": text}));
    if request.header("metadata") != Some("true") || request.header("x-forwarded-for").is_some() {
        return refuse("Required metadata header not specified");
    }
    let is_date = |text: &&String| {
        text.len() == FIRST_VERSION.len() && text.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    };
    match query.get("api-version").filter(is_date) {
        Some(version) if version.as_str() >= FIRST_VERSION => {}
        _ => return refuse("The api-version is not one of those that are supported"),
    }
    given(entra, request, now).unwrap_or_else(|| refuse("Identity not found"))
}

/// A token of the identity that is asked for, if the host has it, for a vault.
fn given(entra: &mut Entra, request: &Request, now: Duration) -> Option<Answer> {
    let query = request.query();
    let who = query.get("client_id").map_or(Some(Application::Writer), |id| Application::of(id))?;
    (query.get("resource")? == RESOURCE).then(|| {
        let told = json!({
            "access_token": entra.issue(who, now),
            "expires_on": (now + LIFETIME).as_secs().to_string(),
            "resource": RESOURCE,
            "token_type": "Bearer",
        });
        Answer::json(200, &told)
    })
}
