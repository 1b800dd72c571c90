//! What the server says of itself, and its audit trail.

use super::{Empty, time};
use crate::audit::ChainReport;
use serde::Serialize;
use std::collections::BTreeMap;
use strongroom_core::Timestamp;
use strongroom_engine::AuditRow;
use utoipa::ToSchema;
use uuid::Uuid;

/// What this server is.
#[derive(Serialize, ToSchema)]
#[schema(as = ServerInfo)]
pub(crate) struct Info {
    /// The deployment.
    pub(crate) id: Uuid,
    pub(crate) name: String,
    /// The release of ZenML whose clients find everything that they need.
    pub(crate) version: &'static str,
    pub(crate) active: bool,
    pub(crate) debug: bool,
    pub(crate) deployment_type: &'static str,
    pub(crate) database_type: &'static str,
    pub(crate) secrets_store_type: &'static str,
    pub(crate) auth_scheme: &'static str,
    pub(crate) server_url: String,
    pub(crate) dashboard_url: &'static str,
    pub(crate) analytics_enabled: bool,
    /// `strongroom` is the release of this server.
    pub(crate) metadata: BTreeMap<&'static str, &'static str>,
}

/// An access token.
#[derive(Serialize, ToSchema)]
pub(crate) struct Token {
    pub(crate) access_token: String,
    pub(crate) token_type: &'static str,
    /// In seconds.
    pub(crate) expires_in: u64,
    pub(crate) refresh_token: Option<String>,
    pub(crate) csrf_token: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) device_id: Option<Uuid>,
    pub(crate) device_metadata: Option<Empty>,
}

/// A login with a browser that waits.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeviceAuthorization {
    /// For `/login`: nobody but the program may know it.
    pub(crate) device_code: String,
    /// What the person types on the page.
    pub(crate) user_code: String,
    /// The page; relative to the server unless the operator named its address.
    pub(crate) verification_uri: String,
    /// The page with the code filled in.
    pub(crate) verification_uri_complete: String,
    /// How long it waits, in seconds.
    pub(crate) expires_in: u64,
    /// How long the program pauses between two questions, in seconds.
    pub(crate) interval: u64,
}

/// Why a login with a browser gives no token, in the words of RFC 8628.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceRefusal {
    /// `authorization_pending`, `slow_down`, `expired_token`, `access_denied` or `invalid_grant`.
    pub(crate) error: &'static str,
    /// The same for people.
    pub(crate) error_description: &'static str,
}

/// A project: there is one, since clients want one.
#[derive(Serialize, ToSchema)]
pub(crate) struct Project {
    body: ProjectBody,
    /// `null` unless hydrated.
    metadata: Option<ProjectMetadata>,
    resources: Option<Empty>,
    pub(crate) id: Uuid,
    permission_denied: bool,
    name: &'static str,
}

#[derive(Serialize, ToSchema)]
struct ProjectBody {
    created: String,
    updated: String,
    display_name: &'static str,
}

#[derive(Serialize, ToSchema)]
struct ProjectMetadata {
    description: &'static str,
    project_metadata: Empty,
}

/// A stack: there is one, since clients want one.
#[derive(Serialize, ToSchema)]
pub(crate) struct Stack {
    body: StackBody,
    /// `null` unless hydrated.
    metadata: Option<StackMetadata>,
    resources: StackResources,
    pub(crate) id: Uuid,
    permission_denied: bool,
    name: &'static str,
}

#[derive(Serialize, ToSchema)]
struct StackBody {
    created: String,
    updated: String,
    user_id: Option<Uuid>,
}

#[derive(Serialize, ToSchema)]
struct StackMetadata {
    description: &'static str,
    components: Empty,
    environment: Empty,
    labels: Empty,
    secrets: Vec<Uuid>,
    stack_spec_path: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct StackResources {
    user: Option<Empty>,
}

impl Project {
    /// The one called `default`.
    pub(crate) fn new(id: Uuid, hydrate: bool) -> Self {
        let created = time(Timestamp(0));
        let metadata = ProjectMetadata { description: "", project_metadata: Empty::default() };
        Self {
            body: ProjectBody { created: created.clone(), updated: created, display_name: "default" },
            metadata: hydrate.then_some(metadata),
            resources: None,
            id,
            permission_denied: false,
            name: "default",
        }
    }
}

impl Stack {
    /// The one called `default`.
    pub(crate) fn new(id: Uuid, hydrate: bool) -> Self {
        let created = time(Timestamp(0));
        let metadata = StackMetadata {
            description: "",
            components: Empty::default(),
            environment: Empty::default(),
            labels: Empty::default(),
            secrets: Vec::new(),
            stack_spec_path: None,
        };
        Self {
            body: StackBody { created: created.clone(), updated: created, user_id: None },
            metadata: hydrate.then_some(metadata),
            resources: StackResources { user: None },
            id,
            permission_denied: false,
            name: "default",
        }
    }
}

/// An entry of the audit trail.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct AuditView {
    chain: String,
    sequence: u64,
    /// UTC, `YYYY-MM-DDTHH:MM:SS.ffffff`.
    time: String,
    /// The account's name, `nobody` if there was none, its id if it is gone.
    actor: String,
    actor_id: Uuid,
    action: String,
    secret: Option<Uuid>,
    revision: u64,
    detail: String,
    channel: String,
    address: Option<String>,
    request: Option<String>,
}

impl AuditView {
    pub(crate) fn new(row: &AuditRow, actor: Option<&str>) -> Self {
        let id = row.actor.0;
        let unnamed = || if id.is_nil() { "nobody".to_owned() } else { id.to_string() };
        Self {
            chain: row.chain.clone(),
            sequence: row.sequence,
            time: time(row.at),
            actor: actor.map_or_else(unnamed, ToOwned::to_owned),
            actor_id: id,
            action: row.action.clone(),
            secret: (!row.secret.0.is_nil()).then_some(row.secret.0),
            revision: row.revision.0,
            detail: row.detail.clone(),
            channel: row.origin.channel.clone(),
            address: row.origin.address.clone(),
            request: row.origin.request.clone(),
        }
    }
}

/// A chain that was verified from its beginning to its end.
#[derive(Serialize, ToSchema)]
#[schema(as = ChainHead)]
pub(crate) struct HeadView {
    chain: String,
    /// The first entry that is kept.
    from: u64,
    /// The last entry.
    to: u64,
    /// What to note elsewhere, and to give to a later verification: `CHAIN:SEQUENCE:HEX`.
    head: String,
    /// Entries whose heads were given and could not be compared, since they were pruned.
    uncompared: Vec<u64>,
}

impl From<&ChainReport> for HeadView {
    fn from(report: &ChainReport) -> Self {
        Self {
            chain: report.chain.clone(),
            from: report.from,
            to: report.to,
            head: report.head_text(),
            uncompared: report.uncompared.clone(),
        }
    }
}
