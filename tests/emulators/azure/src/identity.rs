//! Managed identities, as App Service has them for what runs there.

use crate::{
    applications::Application,
    entra::{Entra, LIFETIME},
};
use serde_json::json;
use std::time::Duration;
use strongroom_emulator_serving::{Answer, Request};

const API_VERSION: &str = "2019-08-01";
const RESOURCE: &str = "https://vault.azure.net";

/// A token for whoever knows the host's secret.
pub(crate) fn token(entra: &mut Entra, request: &Request, now: Duration) -> Answer {
    let query = request.query();
    let given = |name: &str| query.get(name).map(String::as_str);
    let refuse = |status: u16| Answer::json(status, &json!({"statusCode": status, "message": "no token"}));
    if request.header("x-identity-header") != Some(&entra.secret) {
        return refuse(401);
    }
    let who = given("client_id").map_or(Some(Application::Writer), Application::of);
    match (given("api-version"), given("resource"), who) {
        (Some(API_VERSION), Some(RESOURCE), Some(who)) => {
            let told = json!({
                "access_token": entra.issue(who, now),
                "expires_on": (now + LIFETIME).as_secs().to_string(),
                "resource": RESOURCE,
                "token_type": "Bearer",
            });
            Answer::json(200, &told)
        }
        _ => refuse(400),
    }
}
