//! `secret rename`

use super::Run;
use crate::{
    args::RenameArgs,
    failure::{Failure, Outcome},
    resolve::find,
};
use strongroom_core::{SecretName, SecretUpdate};

/// Gives a secret another name.
pub(super) async fn rename(run: &mut Run<'_>, args: &RenameArgs) -> Outcome {
    let new = args.to.as_ref().or(args.new_name.as_ref());
    let new = new.ok_or_else(|| Failure::usage("rename: the new name is missing"))?;
    let new = SecretName::new(new.as_str())?;
    let secrets = run.secrets().await?;
    let meta = find(&secrets, &args.target.name, args.target.private).await?;
    let old = meta.name.clone();
    let meta = secrets.update(&meta.id.into(), SecretUpdate::new().name(new)).await?;
    run.changed(&format!("renamed `{}` to", old), &meta)
}
