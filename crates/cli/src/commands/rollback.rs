//! `secret rollback`

use super::Run;
use crate::{
    args::RollbackArgs,
    failure::{Failure, Outcome},
    resolve::{find, refuse_future},
};
use strongroom_core::{Revision, SecretUpdate, ValuesChange};

/// Writes the values of a kept version once more, as a new one. Nothing is lost by it, so nobody is asked.
pub(super) async fn rollback(run: &mut Run<'_>, args: &RollbackArgs) -> Outcome {
    let to = args.to.or(args.revision).ok_or_else(|| Failure::usage("rollback: the revision is missing"))?;
    let secrets = run.secrets().await?;
    let meta = find(&secrets, &args.target.name, args.target.private).await?;
    refuse_future(&meta, to)?;
    let update = SecretUpdate::new().values(ValuesChange::Restore(Revision(to)));
    let meta = secrets.update(&meta.id.into(), update).await?;
    run.changed(&format!("restored revision {to} of"), &meta)
}
