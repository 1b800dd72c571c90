//! The API's description: made from the handlers, served as OpenAPI and as a page for people.

use super::{error::ErrorBody, page, state::App};
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document, Ref, RefOr, Response as Described,
        content::ContentBuilder,
        path::Operation,
        response::ResponseBuilder,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

/// What `/docs` may load: its style.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const STYLE: &str = include_str!("style.css");

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Strongroom",
        description = "One place for secrets. ZenML's client finds here what it expects of its own server.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(ErrorBody)),
    modifiers(&Credentials),
    tags(
        (name = "secrets", description = "Named sets of keys and values, with their history"),
        (name = "users", description = "People's accounts"),
        (name = "service accounts", description = "Programs' accounts and their API keys"),
        (name = "grants", description = "Which names an account with the scope `granted` may see"),
        (name = "audit", description = "Who did what"),
        (name = "server", description = "What the server is, and how to log in"),
    )
)]
struct Outline;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An access token of `/login`, or an API key"))
            .build();
        if let Some(components) = &mut document.components {
            components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
        }
        document.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    }
}

/// What all routes have in common.
pub(super) fn document() -> Document {
    Outline::openapi()
}

/// The finished description.
pub(crate) struct Description {
    json: Bytes,
    page: Bytes,
}

impl Description {
    /// Of all routes: each may also answer with an error.
    pub(super) fn of(mut document: Document) -> Self {
        for item in document.paths.paths.values_mut() {
            for operation in [
                &mut item.get,
                &mut item.post,
                &mut item.put,
                &mut item.delete,
                &mut item.patch,
                &mut item.head,
                &mut item.options,
                &mut item.trace,
            ] {
                operation.iter_mut().for_each(add_errors);
            }
        }
        // A document of strings and maps cannot fail to be written.
        let json = document.to_json().unwrap_or_default();
        let page = page::of(&serde_json::from_str(&json).unwrap_or_default());
        Self { json: json.into(), page: page.into() }
    }
}

fn add_errors(operation: &mut Operation) {
    for (status, description) in [("4XX", "The request cannot be done as it is"), ("5XX", "It failed")] {
        operation.responses.responses.insert(status.to_owned(), RefOr::T(error(description)));
    }
}

fn error(description: &str) -> Described {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Error"))).build();
    ResponseBuilder::new().description(description).content("application/json", content).build()
}

/// This description, for programs.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "server",
    operation_id = "openapi",
    security(()),
    responses((status = 200, description = "An OpenAPI document", body = serde_json::Value)),
)]
pub(super) async fn json(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], app.description.json.clone()).into_response()
}

/// This description, for people.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "server",
    operation_id = "docs",
    security(()),
    responses((status = 200, description = "A page", body = String, content_type = "text/html")),
)]
pub(super) async fn page(State(app): State<App>) -> Response {
    let policy = (HeaderName::from_static("content-security-policy"), HeaderValue::from_static(POLICY));
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    ([kind, policy], app.description.page.clone()).into_response()
}

/// How the pages look.
#[utoipa::path(
    get,
    path = "/docs/style.css",
    tag = "server",
    operation_id = "docs_style",
    security(()),
    responses((status = 200, description = "A style sheet", body = String, content_type = "text/css")),
)]
pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}
