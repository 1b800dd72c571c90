//! Answers that say no, in the form of Key Vault.

use serde_json::json;
use strongroom_emulator_serving::Answer;

pub(crate) type Result<T> = std::result::Result<T, Refusal>;

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
    /// The code that says more.
    inner: Option<&'static str>,
    header: Option<(&'static str, String)>,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), inner: None, header: None }
    }

    fn inner(mut self, code: &'static str) -> Self {
        self.inner = Some(code);
        self
    }

    /// A parameter is wrong.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "BadParameter", message)
    }

    /// A value, a tag or a type is too long. The service does not say which.
    pub(crate) fn too_long() -> Self {
        Self::bad("Property  has invalid value\r\n")
    }

    /// Nobody knows whose token it is: this is who gives one.
    pub(crate) fn challenge(authority: &str) -> Self {
        let text = "AKV10000: Request is missing a Bearer or PoP token.";
        let challenge = format!("Bearer authorization=\"{authority}\", resource=\"https://vault.azure.net\"");
        let header = Some(("www-authenticate", challenge));
        Self { header, ..Self::new(401, "Unauthorized", text) }
    }

    /// The caller may not do that.
    pub(crate) fn denied(caller: &str, action: &str, vault: &str) -> Self {
        let text = format!(
            "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or \
             role definitions were changed recently, please observe propagation time.\r\nCaller: \
             appid={caller}\r\nAction: '{action}'\r\nAssignment: (not found)\r\nVault: {vault}\r\n"
        );
        Self::new(403, "Forbidden", text).inner("ForbiddenByRbac")
    }

    /// Nobody may do that in this vault.
    pub(crate) fn protected() -> Self {
        let text = "Operation \"purge\" is not allowed because purge protection is enabled for this vault. Key \
                    Vault service will automatically purge it after the retention period has passed.";
        Self::new(403, "Forbidden", text)
    }

    /// The version is disabled.
    pub(crate) fn disabled() -> Self {
        let text = "Operation get is not allowed on a disabled secret.";
        Self::new(403, "Forbidden", text).inner("SecretDisabled")
    }

    /// There is no such secret, version or vault.
    pub(crate) fn missing(what: &str) -> Self {
        let text = format!(
            "A secret with (name/id) {what} was not found in this key vault. If you recently deleted this secret \
             you may be able to recover it using the correct recovery command. For help resolving this issue, please \
             see https://go.microsoft.com/fwlink/?linkid=2125182"
        );
        Self::new(404, "SecretNotFound", text)
    }

    /// No secret of that name is deleted.
    pub(crate) fn not_deleted(name: &str) -> Self {
        Self::new(404, "SecretNotFound", format!("Deleted Secret not found: {name}"))
    }

    pub(crate) fn no_vault(host: &str) -> Self {
        Self::new(404, "VaultNotFound", format!("There is no vault {host}."))
    }

    pub(crate) fn no_method(method: &str) -> Self {
        Self::new(405, "MethodNotAllowed", format!("HTTP {method} not allowed"))
    }

    /// It is deleted, and its name is kept for it.
    pub(crate) fn deleted(name: &str) -> Self {
        let text = format!(
            "Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this \
             state, the secret can only be recovered or purged."
        );
        Self::new(409, "Conflict", text).inner("ObjectIsDeletedButRecoverable")
    }

    /// The service has not done yet what it was asked for.
    pub(crate) fn busy(inner: &'static str) -> Self {
        Self::new(409, "Conflict", "Secret is currently being changed.").inner(inner)
    }

    /// That was too often: this many seconds are left.
    pub(crate) fn throttled(seconds: u64) -> Self {
        let text = "Request was not processed because too many requests were received. Reason: \
                    VaultRequestTypeLimitReached";
        Self { header: Some(("retry-after", seconds.to_string())), ..Self::new(429, "Throttled", text) }
    }

    pub(crate) fn answer(self) -> Answer {
        let mut error = json!({"code": self.code, "message": self.message});
        if let Some(inner) = self.inner {
            error["innererror"] = json!({"code": inner});
        }
        let answer = Answer::json(self.status, &json!({"error": error}));
        match self.header {
            Some((name, value)) => answer.header(name, value),
            None => answer,
        }
    }
}
