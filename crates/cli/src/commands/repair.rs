//! `repair`

use super::Run;
use crate::{
    args::RepairArgs,
    failure::Outcome,
    input::confirm,
    render::{Data, Table, View},
    session::unknown_version,
};
use strongroom_engine::RepairOptions;

/// Ends what crashed processes began, cleans up, and reports what nobody can explain.
pub(crate) async fn repair(run: &mut Run<'_>, args: &RepairArgs) -> Outcome {
    if args.remove_foreign && !args.yes {
        let question = "Remove from the stores everything that this database knows nothing of? Another database with \
                        the same namespace, or a newer one than a restored dump, would lose it.";
        confirm(run.console, question, "pass -y to remove without asking")?;
    }
    let options = RepairOptions::new().restored(args.restored).remove_foreign(args.remove_foreign);
    let report = run.session().await?.engine()?.repair(options).await?;
    let numbers: [(&'static str, u64); 8] = [
        ("fenced", report.fenced),
        ("worked", report.worked),
        ("failed", report.failed),
        ("waiting", report.waiting),
        ("forgotten", report.forgotten.len() as u64),
        ("unknown", report.unknown.len() as u64),
        ("removed", report.removed),
        ("damaged", report.damaged.len() as u64),
    ];
    let mut table = Table::new(&["what", "value"]);
    let mut data = Vec::new();
    for (name, number) in numbers {
        table.row([name.into(), number.into()]);
        data.push((name.to_owned(), Data::Number(number)));
    }
    let mut unknown = Vec::new();
    for one in &report.unknown {
        let at = one.at.as_ref().map_or("", |at| at.as_str());
        table.row(["unknown version".into(), format!("{} {} {at}", one.store, one.object).into()]);
        unknown.push(unknown_version(one));
    }
    data.push(("unknown_versions".to_owned(), Data::List(unknown)));
    let mut damaged = Vec::new();
    for (store, object) in &report.damaged {
        table.row(["damaged object".into(), format!("{store} {object}").into()]);
        damaged
            .push(Data::from([("store", store.to_string().into()), ("object", object.to_string().into())]));
    }
    data.push(("damaged_objects".to_owned(), Data::List(damaged)));
    run.print(&View { data: Data::Map(data), table, caption: None })
}
