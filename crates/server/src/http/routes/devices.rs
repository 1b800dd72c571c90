//! Logging in with a browser: what the program asks for, and the page on which a person decides.

use super::super::{
    auth::{Facts, origin},
    body::Form,
    error::{Answer, ApiError},
    guesses,
    query::Query,
    requests,
    state::App,
    verify::{self, Shown},
    wire::{DeviceAuthorization, DeviceRefusal},
};
use crate::identity::{DEVICE_LIFETIME, DEVICE_PAUSE, Known, Refusal, Rejected, Start, UserCode};
use axum::{
    Json,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use strongroom_core::{Access, Context};
use strongroom_sql::identities::Device;
use uuid::Uuid;

/// Where the page is.
pub(crate) const PAGE: &str = "/devices/verify";
/// The longest text about a program that is kept, in characters.
const AGENT: usize = 200;

/// Begins a login with a browser.
#[utoipa::path(
    post,
    path = "/device_authorization",
    tag = "server",
    operation_id = "device_authorization",
    request_body(content = requests::DeviceForm, content_type = "application/x-www-form-urlencoded"),
    security(()),
    responses((status = 200, description = "It waits for a person to approve it", body = DeviceAuthorization)),
)]
pub(crate) async fn device_authorization(
    State(app): State<App>,
    facts: Facts,
    headers: HeaderMap,
    Form(form): Form,
) -> Answer<Json<DeviceAuthorization>> {
    let client = client_id(&form)?;
    let started = match app.identities.start_device(client, agent(&headers), facts.address).await? {
        Start::Begun(started) => started,
        Start::TooMany(wait) => {
            let text = "Too many logins wait for a browser: wait as many seconds as Retry-After says, or use a password \
                        or an API key";
            // No part of the client repeats this request by itself.
            return Err(ApiError::plain(StatusCode::TOO_MANY_REQUESTS, text)
                .header(header::RETRY_AFTER, HeaderValue::from(wait)));
        }
    };
    // Where the page is reached is the operator's to say; what the caller wrote into `Host` is not repeated.
    let base = app.config.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
    let verification_uri = format!("{base}{PAGE}");
    Ok(Json(DeviceAuthorization {
        device_code: started.device_code.expose_secret().to_owned(),
        user_code: started.user_code.to_string(),
        verification_uri_complete: format!(
            "{verification_uri}?device_id={}&user_code={}",
            started.id, started.user_code
        ),
        verification_uri,
        expires_in: DEVICE_LIFETIME.as_secs(),
        interval: DEVICE_PAUSE.as_secs(),
    }))
}

/// `client_id`.
fn client_id(form: &Query) -> Answer<Uuid> {
    let id = form.get("client_id").and_then(|text| Uuid::parse_str(text).ok());
    id.ok_or_else(|| ApiError::invalid("client_id: it must be a UUID"))
}

/// What a program says that it is, without anything that could disturb a page.
fn agent(headers: &HeaderMap) -> String {
    let text = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("unknown");
    text.chars().filter(|c| !c.is_control()).take(AGENT).collect()
}

impl From<Refusal> for DeviceRefusal {
    fn from(refusal: Refusal) -> Self {
        let (error, error_description) = match refusal {
            Refusal::Pending => ("authorization_pending", "Nobody approved the login yet"),
            Refusal::SlowDown => ("slow_down", "Ask less often: every 5 seconds more than before"),
            Refusal::Expired => ("expired_token", "The time to approve the login is over: log in again"),
            Refusal::Denied => ("access_denied", "The login was denied"),
            Refusal::Invalid => ("invalid_grant", "The device code or the client id is wrong"),
        };
        Self { error, error_description }
    }
}

/// The page on which a person approves a login, before anybody said who they are.
#[utoipa::path(
    get,
    path = "/devices/verify",
    tag = "server",
    operation_id = "devices_page",
    params(("user_code" = Option<String>, Query, description = "What the program shows"), ("device_id" = Option<String>, Query, description = "Not looked at")),
    security(()),
    responses((status = 200, description = "A page with a form", body = String, content_type = "text/html")),
)]
pub(crate) async fn page(RawQuery(query): RawQuery) -> Response {
    let query = Query::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let code = query.get("user_code").and_then(UserCode::parse);
    respond(StatusCode::OK, verify::ask(&code.map(|code| code.to_string()).unwrap_or_default(), "", None))
}

/// What the page sends: first code, name and password, then the decision. Forms of other pages are refused.
#[utoipa::path(
    post,
    path = "/devices/verify",
    tag = "server",
    operation_id = "devices_submit",
    request_body(content = requests::VerifyForm, content_type = "application/x-www-form-urlencoded"),
    security(()),
    responses(
        (status = 200, description = "A page: what there is to decide, or what was decided", body = String, content_type = "text/html"),
        (status = 401, description = "The form again: name or password is wrong, or it has to wait", body = String, content_type = "text/html"),
        (status = 403, description = "It is not from this page", body = String, content_type = "text/html"),
        (status = 404, description = "The form again: no login with this code waits", body = String, content_type = "text/html"),
        (status = 409, description = "It was too late", body = String, content_type = "text/html"),
        (status = 500, description = "It failed", body = String, content_type = "text/html"),
        (status = 503, description = "Not now", body = String, content_type = "text/html"),
    ),
)]
pub(crate) async fn submit(
    State(app): State<App>,
    facts: Facts,
    headers: HeaderMap,
    Form(form): Form,
) -> Response {
    if !is_our_page(&app, &headers) {
        let text =
            "This did not come from this server's own page. Open the address again that the program shows.";
        return respond(StatusCode::FORBIDDEN, verify::told("Nothing was done", text));
    }
    let outcome = match form.get("ticket") {
        Some(ticket) => decide(&app, &facts, ticket, form.get("decision")).await,
        None => look(&app, &facts, form).await,
    };
    outcome.unwrap_or_else(|error| failed(error.into()))
}

/// A page instead of an error's usual form. `Retry-After` stays, and so does what the log and the audit trail are told.
fn failed(error: ApiError) -> Response {
    let (parts, _) = error.into_response().into_parts();
    let page = if parts.status == StatusCode::INTERNAL_SERVER_ERROR {
        // It is not sure that nothing was done.
        verify::told("It failed", "The server could not do this. Its log says why.")
    } else {
        verify::told("Nothing was done", "The server cannot do this now. Try again in a moment.")
    };
    let mut response = respond(parts.status, page);
    *response.extensions_mut() = parts.extensions;
    if let Some(wait) = parts.headers.get(header::RETRY_AFTER) {
        response.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    response
}

/// Checks the password, and shows what there is to decide.
async fn look(app: &App, facts: &Facts, form: Query) -> strongroom_core::Result<Response> {
    let name = &form.get("username").unwrap_or_default().to_owned();
    let password = SecretString::from(form.get("password").unwrap_or_default());
    let typed = form.get("user_code").unwrap_or_default();
    let code = UserCode::parse(typed);
    let shown = code.map_or_else(|| typed.chars().take(20).collect(), |code| code.to_string());
    // It has the password, which nobody needs any more.
    drop(form);
    let then = move |app, facts, known| found(app, facts, known, code);
    match guesses::if_right(app, facts, name, password, then).await {
        Ok((known, Some(device))) => {
            let now = app.identities.engine().now();
            let shown = Shown {
                code: &shown,
                account: &known.account.name,
                agent: &device.agent,
                address: device.address.as_deref().unwrap_or("unknown"),
                age: now.since(device.created),
                ticket: &app.identities.device_ticket(&device, &known)?,
            };
            Ok(respond(StatusCode::OK, verify::confirm(&shown)))
        }
        Ok((_, None)) => {
            let text = "No login with this code waits. It may have ended: start again where you began.";
            Ok(respond(StatusCode::NOT_FOUND, verify::ask(&shown, name, Some(text))))
        }
        // It is in the audit trail by now.
        Err(rejected) => {
            let (text, wait) = match rejected {
                Rejected::Failed(error) => return Err(error),
                Rejected::Wait(seconds) => (format!("Too many failures: wait {seconds} s."), Some(seconds)),
                _ => ("The name or the password is wrong, or the account is not active.".into(), None),
            };
            let mut response = respond(StatusCode::UNAUTHORIZED, verify::ask(&shown, name, Some(&text)));
            if let Some(seconds) = wait {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Ok(response)
        }
    }
}

/// The login with this code, for somebody whose password was right: which is noted here whatever comes of the code, or
/// passwords could be tried on this page without a trace.
async fn found(
    app: App,
    facts: Facts,
    known: Arc<Known>,
    code: Option<UserCode>,
) -> Result<(Arc<Known>, Option<Device>), Rejected> {
    // As long as a request may take at all.
    let found = app.identities.device_of(&known, code, facts.address, facts.timeout * 2).await;
    let missing = match &found {
        Ok(Some(_)) => None,
        Ok(None) => Some(""),
        Err(_) => Some("the code was not looked at"),
    };
    let cx = Context::new(known.account.id, Access::none(), origin(&facts));
    match missing {
        None => app.trail.note_event(&cx, "device.look", "").await?,
        Some(why) => {
            facts.seen.note();
            app.trail.note_denial(&cx, "device.missing", why).await?;
        }
    }
    Ok((known, found?))
}

async fn decide(
    app: &App,
    facts: &Facts,
    ticket: &str,
    decision: Option<&str>,
) -> strongroom_core::Result<Response> {
    // Whatever is not said clearly is a no.
    let approve = decision == Some("approve");
    let done = app.identities.decide_device(ticket, approve, origin(facts)).await?;
    Ok(match (done, approve) {
        (true, true) => respond(
            StatusCode::OK,
            verify::told("Logged in", "The program goes on by itself. You can close this page."),
        ),
        (true, false) => respond(
            StatusCode::OK,
            verify::told("Denied", "The program gets no access. You can close this page."),
        ),
        (false, _) => respond(
            StatusCode::CONFLICT,
            verify::told(
                "Nothing was done",
                "It was too late, or decided before. Start again where you began.",
            ),
        ),
    })
}

/// Whether a form came from our own page. A page of others cannot know a ticket; this also keeps it from logging a
/// person in under somebody else's name.
fn is_our_page(app: &App, headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin";
    }
    let Some(from) = text(header::ORIGIN) else { return false };
    let public = app.config.public_url.as_deref();
    if public.is_some_and(|public| public.trim_end_matches('/').eq_ignore_ascii_case(from)) {
        return true;
    }
    let authority = from.split_once("://").map(|(_, authority)| authority);
    authority
        .is_some_and(|authority| text(header::HOST).is_some_and(|host| host.eq_ignore_ascii_case(authority)))
}

fn respond(status: StatusCode, html: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, verify::POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Without it browsers would not say where the form came from.
        (header::REFERRER_POLICY, "same-origin"),
    ];
    (status, headers, html).into_response()
}
