//! `secret delete`

use super::Run;
use crate::{args::DeleteArgs, failure::Outcome, input::confirm, resolve::find};

/// Deletes a secret with its history, after asking.
pub(super) async fn delete(run: &mut Run<'_>, args: &DeleteArgs) -> Outcome {
    let secrets = run.secrets().await?;
    let meta = find(&secrets, &args.target.name, args.target.private).await?;
    if !args.yes {
        let question = format!("Delete the secret `{}` ({}) and its history?", meta.name, meta.id);
        confirm(run.console, &question, "pass -y to delete without asking")?;
    }
    // By id: what was confirmed is deleted, whoever has that name meanwhile.
    secrets.store().delete(secrets.context(), &meta.id.into(), None).await?;
    run.changed("deleted", &meta)
}
