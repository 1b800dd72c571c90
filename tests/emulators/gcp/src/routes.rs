//! Which call a request is.

use crate::quotas::Metric;
use strongroom_emulator_serving::Request;

/// A call of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    CreateSecret,
    ListSecrets,
    GetSecret,
    UpdateSecret,
    DeleteSecret,
    AddVersion,
    ListVersions,
    GetVersion,
    AccessVersion,
    EnableVersion,
    DisableVersion,
    DestroyVersion,
}

impl Call {
    /// What IAM calls it.
    pub(crate) fn permission(self) -> &'static str {
        match self {
            Self::CreateSecret => "secretmanager.secrets.create",
            Self::ListSecrets => "secretmanager.secrets.list",
            Self::GetSecret => "secretmanager.secrets.get",
            Self::UpdateSecret => "secretmanager.secrets.update",
            Self::DeleteSecret => "secretmanager.secrets.delete",
            Self::AddVersion => "secretmanager.versions.add",
            Self::ListVersions => "secretmanager.versions.list",
            Self::GetVersion => "secretmanager.versions.get",
            Self::AccessVersion => "secretmanager.versions.access",
            Self::EnableVersion => "secretmanager.versions.enable",
            Self::DisableVersion => "secretmanager.versions.disable",
            Self::DestroyVersion => "secretmanager.versions.destroy",
        }
    }

    /// Whether its permission is checked against the project, whatever the secret's name.
    pub(crate) fn is_about_the_project(self) -> bool {
        matches!(self, Self::CreateSecret | Self::ListSecrets)
    }

    pub(crate) fn metric(self) -> Metric {
        match self {
            Self::AccessVersion => Metric::Access,
            Self::ListSecrets | Self::GetSecret | Self::ListVersions | Self::GetVersion => Metric::Read,
            _ => Metric::Write,
        }
    }
}

/// What a call is about.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) project: String,
    /// Of secrets of one region.
    pub(crate) location: Option<String>,
    /// Empty if it is about all of them.
    pub(crate) secret: String,
    pub(crate) version: String,
}

impl Target {
    /// What the secrets' names begin with in answers, which name the project by its number.
    pub(crate) fn parent(&self, number: &str) -> String {
        match &self.location {
            Some(location) => format!("projects/{number}/locations/{location}"),
            None => format!("projects/{number}"),
        }
    }
}

/// The call and what it is about, if there is such a call.
pub(crate) fn find(request: &Request) -> Option<(Call, Target)> {
    use Call::*;
    let segments = request.segments();
    let mut parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let last = parts.pop()?;
    let (last, verb) = last.split_once(':').unwrap_or((last, ""));
    parts.push(last);
    let (project, location, rest) = match &parts[..] {
        ["v1", "projects", project, "locations", location, "secrets", rest @ ..] => {
            (*project, Some((*location).to_owned()), rest)
        }
        ["v1", "projects", project, "secrets", rest @ ..] => (*project, None, rest),
        _ => return None,
    };
    let (call, secret, version) = match (request.method(), rest, verb) {
        ("POST", [], "") => (CreateSecret, "", ""),
        ("GET", [], "") => (ListSecrets, "", ""),
        ("GET", [secret], "") => (GetSecret, *secret, ""),
        ("PATCH", [secret], "") => (UpdateSecret, *secret, ""),
        ("DELETE", [secret], "") => (DeleteSecret, *secret, ""),
        ("POST", [secret], "addVersion") => (AddVersion, *secret, ""),
        ("GET", [secret, "versions"], "") => (ListVersions, *secret, ""),
        ("GET", [secret, "versions", version], "") => (GetVersion, *secret, *version),
        ("GET", [secret, "versions", version], "access") => (AccessVersion, *secret, *version),
        ("POST", [secret, "versions", version], "enable") => (EnableVersion, *secret, *version),
        ("POST", [secret, "versions", version], "disable") => (DisableVersion, *secret, *version),
        ("POST", [secret, "versions", version], "destroy") => (DestroyVersion, *secret, *version),
        _ => return None,
    };
    let target = Target { project: project.into(), location, secret: secret.into(), version: version.into() };
    Some((call, target))
}
