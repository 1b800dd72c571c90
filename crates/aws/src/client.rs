//! The service's calls, one function each, and nothing of ours.

use crate::{
    error::{Failure, failed},
    labels::Shown,
};
use aws_sdk_secretsmanager::{
    Client as Sdk,
    types::{Filter, FilterNameStringType, Tag},
};
use std::future::Future;
use strongroom_core::Payload;
use tracing::{instrument::WithSubscriber as _, subscriber::NoSubscriber};

type Result<T> = std::result::Result<T, Failure>;

/// One account's region, with our credentials.
pub(crate) struct Client {
    sdk: Sdk,
    kms_key: Option<String>,
    /// How long a deleted secret can be restored; `None`: not at all.
    recovery_days: Option<i64>,
}

/// A version that was read.
pub(crate) struct Value {
    /// `None` if it is binary, which we never write.
    pub(crate) payload: Option<Payload>,
    pub(crate) stages: Vec<String>,
}

/// The current version of one secret of several.
pub(crate) struct Current {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) value: Value,
}

/// A secret in a list.
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) shown: Shown,
}

/// A label that moves.
pub(crate) struct Move<'a> {
    pub(crate) label: &'a str,
    pub(crate) from: Option<&'a str>,
    pub(crate) to: Option<&'a str>,
}

impl Client {
    pub(crate) fn new(sdk: Sdk, kms_key: Option<String>, recovery_days: Option<i64>) -> Self {
        Self { sdk, kms_key, recovery_days }
    }

    pub(crate) async fn create(&self, name: &str, id: &str, value: &str, tags: Vec<Tag>) -> Result<()> {
        let call = self.sdk.create_secret().name(name).client_request_token(id).secret_string(value);
        let call = call.set_kms_key_id(self.kms_key.clone()).set_tags(Some(tags));
        let answer = quiet(call.send()).await.map_err(|e| failed("secretsmanager:CreateSecret", &e))?;
        is_about(id, answer.version_id())
    }

    /// Adds a version with these labels; they leave the versions that have them.
    pub(crate) async fn put(&self, name: &str, id: &str, value: &str, stages: Vec<String>) -> Result<()> {
        let call = self.sdk.put_secret_value().secret_id(name).client_request_token(id).secret_string(value);
        let call = call.set_version_stages(Some(stages));
        let answer = quiet(call.send()).await.map_err(|e| failed("secretsmanager:PutSecretValue", &e))?;
        is_about(id, answer.version_id())
    }

    pub(crate) async fn get(&self, name: &str, id: &str) -> Result<Value> {
        let answer = quiet(self.sdk.get_secret_value().secret_id(name).version_id(id).send()).await;
        let answer = answer.map_err(|e| failed("secretsmanager:GetSecretValue", &e))?;
        is_about(id, answer.version_id())?;
        Ok(value(answer.secret_string, answer.version_stages))
    }

    /// The current versions of several secrets, as many as the service likes to answer.
    pub(crate) async fn get_current(&self, names: Vec<String>) -> Result<Vec<Current>> {
        let answer = quiet(self.sdk.batch_get_secret_value().set_secret_id_list(Some(names)).send()).await;
        let answer = answer.map_err(|e| failed("secretsmanager:BatchGetSecretValue", &e))?;
        let entries = answer.secret_values.unwrap_or_default().into_iter();
        Ok(entries
            .filter_map(|entry| {
                let value = value(entry.secret_string, entry.version_stages);
                Some(Current { name: entry.name?, version: entry.version_id?, value })
            })
            .collect())
    }

    /// A secret without its values; `None` if it is scheduled for deletion.
    pub(crate) async fn describe(&self, name: &str) -> Result<Option<Shown>> {
        let answer = quiet(self.sdk.describe_secret().secret_id(name).send()).await;
        let answer = answer.map_err(|e| failed("secretsmanager:DescribeSecret", &e))?;
        let gone = answer.deleted_date.is_some();
        Ok((!gone).then(|| Shown::new(answer.version_ids_to_stages, answer.tags)))
    }

    /// A page of the secrets whose names begin like this, without those that are scheduled for deletion.
    pub(crate) async fn list(
        &self,
        prefix: &str,
        from: Option<&str>,
    ) -> Result<(Vec<Listed>, Option<String>)> {
        let filter = Filter::builder().key(FilterNameStringType::Name).values(prefix).build();
        let call = self.sdk.list_secrets().filters(filter).max_results(100);
        let answer = quiet(call.set_next_token(from.map(str::to_owned)).send()).await;
        let answer = answer.map_err(|e| failed("secretsmanager:ListSecrets", &e))?;
        let entries = answer.secret_list.unwrap_or_default().into_iter();
        let listed = entries.filter(|entry| entry.deleted_date.is_none()).filter_map(|entry| {
            let shown = Shown::new(entry.secret_versions_to_stages, entry.tags);
            Some(Listed { name: entry.name?, shown })
        });
        Ok((listed.collect(), answer.next_token.filter(|token| !token.is_empty())))
    }

    pub(crate) async fn tag(&self, name: &str, tags: Vec<Tag>) -> Result<()> {
        let call = self.sdk.tag_resource().secret_id(name).set_tags(Some(tags));
        quiet(call.send()).await.map(drop).map_err(|e| failed("secretsmanager:TagResource", &e))
    }

    pub(crate) async fn move_label(&self, name: &str, what: Move<'_>) -> Result<()> {
        let call = self.sdk.update_secret_version_stage().secret_id(name).version_stage(what.label);
        let call = call.set_remove_from_version_id(what.from.map(str::to_owned));
        let call = call.set_move_to_version_id(what.to.map(str::to_owned));
        quiet(call.send()).await.map(drop).map_err(|e| failed("secretsmanager:UpdateSecretVersionStage", &e))
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<()> {
        let call = self.sdk.delete_secret().secret_id(name);
        let call = match self.recovery_days {
            Some(days) => call.recovery_window_in_days(days),
            None => call.force_delete_without_recovery(true),
        };
        quiet(call.send()).await.map(drop).map_err(|e| failed("secretsmanager:DeleteSecret", &e))
    }
}

/// A call of which nobody hears: the SDK logs what the service says, which may be anything.
pub(crate) async fn quiet<T>(call: impl Future<Output = T>) -> T {
    call.with_subscriber(NoSubscriber::default()).await
}

/// Refuses an answer that is not about the version that was asked for.
fn is_about(id: &str, answered: Option<&str>) -> Result<()> {
    if answered == Some(id) { Ok(()) } else { Err(Failure::unreadable()) }
}

fn value(text: Option<String>, stages: Option<Vec<String>>) -> Value {
    let payload = text.map(|text| Payload::new(text.into_bytes()));
    Value { payload, stages: stages.unwrap_or_default() }
}
