//! `secret versions`

use super::Run;
use crate::{
    args::VersionsArgs,
    failure::Outcome,
    render::{Data, Table, View},
    resolve::find,
};

/// Lists the kept versions of a secret, newest first.
pub(super) async fn versions(run: &mut Run<'_>, args: &VersionsArgs) -> Outcome {
    let secrets = run.secrets().await?;
    let meta = find(&secrets, &args.target.name, args.target.private).await?;
    let versions = secrets.store().versions(secrets.context(), &meta.id.into()).await?;
    let mut table = Table::new(&["revision", "created", "current"]);
    let mut data = Vec::new();
    for version in &versions {
        let cells =
            || [version.revision.0.into(), version.created.to_string().into(), version.current.into()];
        table.row(cells());
        data.push(Data::Map(table.head.iter().map(|name| (*name).to_owned()).zip(cells()).collect()));
    }
    run.print(&View { data: Data::List(data), table, caption: None })
}
