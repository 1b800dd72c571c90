//! Answers that say no, in the form of Google's APIs.

use serde_json::{Value, json};
use strongroom_emulator_serving::Answer;

pub(crate) type Result<T> = std::result::Result<T, Refusal>;

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    /// What Google's APIs call it.
    code: &'static str,
    message: String,
    /// Why, in a word of the list of this domain.
    reason: Option<(&'static str, &'static str)>,
    /// What more is said about the reason.
    metadata: Value,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), reason: None, metadata: Value::Null }
    }

    fn because(mut self, reason: &'static str, domain: &'static str, metadata: Value) -> Self {
        self.reason = Some((reason, domain));
        self.metadata = metadata;
        self
    }

    /// An argument is wrong.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_ARGUMENT", message)
    }

    /// It is not in the state for that.
    pub(crate) fn precondition(message: impl Into<String>) -> Self {
        Self::new(400, "FAILED_PRECONDITION", message)
    }

    /// There is no such thing.
    pub(crate) fn missing(kind: &str, name: &str) -> Self {
        Self::new(404, "NOT_FOUND", format!("{kind} [{name}] not found."))
    }

    /// There is one already.
    pub(crate) fn exists(name: &str) -> Self {
        Self::new(409, "ALREADY_EXISTS", format!("Secret [{name}] already exists."))
    }

    /// Nobody knows whose token it is.
    pub(crate) fn unauthenticated() -> Self {
        let text = "Request had invalid authentication credentials. Expected OAuth 2 access token, login \
                    cookie or other valid authentication credential.";
        Self::new(401, "UNAUTHENTICATED", text)
    }

    /// Whoever asks may not do it, or not there.
    pub(crate) fn denied(permission: &str, resource: &str) -> Self {
        let text =
            format!("Permission '{permission}' denied for resource '{resource}' (or it may not exist).");
        let metadata = json!({"permission": permission, "resource": resource});
        let refusal = Self::new(403, "PERMISSION_DENIED", text);
        refusal.because("IAM_PERMISSION_DENIED", "iam.googleapis.com", metadata)
    }

    /// That was too often.
    pub(crate) fn exhausted(metric: &str, number: &str) -> Self {
        let text = format!(
            "Quota exceeded for quota metric '{metric}' and limit '{metric} per minute' of service \
             'secretmanager.googleapis.com' for consumer 'project_number:{number}'."
        );
        let metadata = json!({
            "service": "secretmanager.googleapis.com",
            "consumer": format!("projects/{number}"),
            "quota_metric": metric,
        });
        let refusal = Self::new(429, "RESOURCE_EXHAUSTED", text);
        refusal.because("RATE_LIMIT_EXCEEDED", "googleapis.com", metadata)
    }

    /// What this emulator cannot do must not seem to work.
    pub(crate) fn unimplemented(what: &str) -> Self {
        Self::new(501, "UNIMPLEMENTED", format!("this emulator has no {what}"))
    }

    pub(crate) fn answer(&self) -> Answer {
        let mut error = json!({"code": self.status, "message": self.message, "status": self.code});
        if let Some((reason, domain)) = self.reason {
            error["details"] = json!([{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": reason,
                "domain": domain,
                "metadata": self.metadata,
            }]);
        }
        Answer::json(self.status, &json!({"error": error}))
    }
}
