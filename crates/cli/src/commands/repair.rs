//! `repair`

use super::Run;
use crate::{
    args::RepairArgs,
    failure::{Exit, Failure, Outcome},
    input::confirm,
    render::{Data, Table, View},
    session::unknown_version,
};
use strongroom_core::{Error, ErrorKind, SecretId, SecretName};
use strongroom_engine::{Hindrance, Lost, Overlaid, RepairOptions, RepairReport, Spared, Unseen};

/// Why unknown versions of a secret stay, and what to do.
const SPARED: &str = "its current version cannot be read, and they may be its newer values: bring back a newer dump of the \
                      database, or write the values again, then run it again";

/// Ends what crashed processes began, cleans up, and reports what nobody can explain, what is gone, and what people see
/// at a service in place of what is committed.
pub(crate) async fn repair(run: &mut Run<'_>, args: &RepairArgs) -> Outcome {
    if args.remove_foreign && !args.yes {
        let question = "Remove from the stores everything that this database knows nothing of? Another database with \
                        the same namespace, or a newer one than a restored dump, would lose it.";
        confirm(run.console, question, "pass -y to remove without asking")?;
    }
    let options =
        RepairOptions::new().restored(args.restored).remove_foreign(args.remove_foreign).read(args.read);
    if let Some(store) = &args.new_address {
        run.takes_address(store);
    }
    let session = run.session().await?;
    let engine = session.engine()?;
    let asked = [
        ("restored", args.restored),
        ("remove foreign", args.remove_foreign),
        ("new address", args.new_address.is_some()),
    ];
    let asked: Vec<_> = asked.into_iter().filter_map(|(what, is)| is.then_some(what)).collect();
    if !asked.is_empty() {
        session.note("database.repair", asked.join(", ")).await?;
    }
    let report = engine.repair(options).await?;
    let mended = report.overlaid.iter().filter(|one| one.mended).count() as u64;
    let spared: u64 = report.spared.iter().map(|one| one.versions).sum();
    let numbers: [(&'static str, u64); 13] = [
        ("fenced", report.fenced),
        ("worked", report.worked),
        ("failed", report.failed),
        ("waiting", report.waiting),
        ("forgotten", report.forgotten.len() as u64),
        ("unknown", report.unknown.len() as u64),
        ("removed", report.removed),
        ("spared", spared),
        ("damaged", report.damaged.len() as u64),
        ("lost", report.lost.len() as u64),
        ("overlaid", report.overlaid.len() as u64),
        ("mended", mended),
        ("unseen", report.unseen.len() as u64),
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
    for one in &report.spared {
        let which = which(one.secret, one.name.as_ref());
        let text = format!("{which}, {}, {} versions: {SPARED}", one.store, one.versions);
        table.row(["unknown versions that stay".into(), text.into()]);
    }
    data.push(("spared_secrets".to_owned(), Data::List(report.spared.iter().map(spared_secret).collect())));
    let mut damaged = Vec::new();
    for (store, object) in &report.damaged {
        table.row(["damaged object".into(), format!("{store} {object}").into()]);
        damaged
            .push(Data::from([("store", store.to_string().into()), ("object", object.to_string().into())]));
    }
    data.push(("damaged_objects".to_owned(), Data::List(damaged)));
    for one in &report.lost {
        let what = if one.kind == ErrorKind::Lost { "lost version" } else { "damaged version" };
        table.row([what.into(), lost_text(one).into()]);
    }
    data.push(("lost_versions".to_owned(), Data::List(report.lost.iter().map(lost).collect())));
    for one in &report.overlaid {
        let (which, by) =
            (which(one.secret, one.name.as_ref()), one.by.as_ref().map_or("none", |at| at.as_str()));
        let text = format!("{which}, {} {}, shown there: {by}: {}", one.store, one.object, remedy(one));
        table.row(["another version on top".into(), text.into()]);
    }
    data.push(("overlaid_secrets".to_owned(), Data::List(report.overlaid.iter().map(overlaid).collect())));
    for one in &report.refusals {
        table.row(["not looked at or not done".into(), refusal_text(one).into()]);
    }
    data.push(("refusals".to_owned(), Data::List(report.refusals.iter().map(refusal).collect())));
    for one in &report.unseen {
        table.row(["store not done with".into(), format!("{}: {}", one.store, one.told).into()]);
    }
    data.push(("unseen_stores".to_owned(), Data::List(report.unseen.iter().map(unseen).collect())));
    let unread = report.unread.as_ref().map(|(_, told)| told.as_str());
    if let Some(told) = unread {
        table.row(["database not read to the end".into(), told.into()]);
    }
    data.push(("unread_database".to_owned(), unread.map_or(Data::Null, Data::from)));
    run.print(&View { data: Data::Map(data), table, caption: None })?;
    verdict(&report)
}

/// For whoever looks at the exit code alone. An older version that is gone is told of, but leaves with the history, and
/// what is unknown or damaged may be somebody else's.
fn verdict(report: &RepairReport) -> Outcome {
    let lost = report.lost.iter().filter(|one| one.current).count();
    let overlaid = report.overlaid.iter().filter(|one| !one.mended).count();
    let text = match (lost, overlaid) {
        (0, 0) => None,
        (lost, 0) => Some(format!("{lost} secrets cannot be read")),
        (0, overlaid) => Some(format!("a service shows something else of {overlaid} secrets")),
        (lost, overlaid) => {
            Some(format!("{lost} secrets cannot be read, and a service shows something else of {overlaid}"))
        }
    };
    if let Some(text) = text {
        return Err(Failure::new(Exit::Other, format!("{text}: the report says what helps")));
    }
    if let Some((kind, told)) = &report.unread {
        return Err(Error::new(*kind, told.clone()).into());
    }
    if !report.unseen.is_empty() {
        let names = report.unseen.iter().map(|one| one.store.to_string()).collect::<Vec<_>>().join(", ");
        let text = format!(
            "these stores could not be looked through or cleaned up to the end: {names}; the report says why"
        );
        return Err(Failure::new(Exit::Unavailable, text));
    }
    if report.failed > 0 {
        let (times, advice) = (report.failed, again(&report.refusals));
        let text = format!("a service refused to show or do {times} times: {advice}");
        return Err(Failure::new(Exit::Unavailable, text));
    }
    Ok(())
}

/// What to do about what was refused.
fn again(refusals: &[Hindrance]) -> &'static str {
    let passing = refusals.iter().filter(|one| one.kind.may_pass()).count();
    if passing == refusals.len() {
        "run it again later"
    } else if passing > 0 {
        "run it again later; a part of it does not pass by itself, and the report says why"
    } else {
        "that does not pass by itself, and the report says why"
    }
}

/// Names a secret to whoever works on the database, who need not be its owner.
pub(super) fn which(secret: SecretId, name: Option<&SecretName>) -> String {
    match name {
        Some(name) => format!("{} ({secret})", name.as_str().escape_debug()),
        None => format!("a secret that is private, or whose name cannot be read ({secret})"),
    }
}

/// Which version is lost, and what to do.
pub(super) fn lost_text(one: &Lost) -> String {
    let place = one
        .at
        .as_ref()
        .map_or_else(|| "in the database".to_owned(), |(store, object, at)| format!("{store} {object} {at}"));
    let which = which(one.secret, one.name.as_ref());
    format!("{which}, revision {}, {place}: {}", one.revision, one.told)
}

pub(super) fn lost(one: &Lost) -> Data {
    let at = one.at.as_ref();
    let (store, object) = (at.map(|at| at.0.to_string()), at.map(|at| at.1.to_string()));
    let null_or = |text: Option<String>| text.map_or(Data::Null, Data::from);
    Data::from([
        ("store", null_or(store)),
        ("object", null_or(object)),
        ("version", null_or(at.map(|at| at.2.as_str().to_owned()))),
        ("secret", one.secret.to_string().into()),
        ("name", named(one.name.as_ref())),
        ("revision", one.revision.0.into()),
        ("current", one.current.into()),
        ("damaged", (one.kind != ErrorKind::Lost).into()),
        ("remedy", one.told.as_str().into()),
    ])
}

fn overlaid(one: &Overlaid) -> Data {
    Data::from([
        ("store", one.store.to_string().into()),
        ("object", one.object.to_string().into()),
        ("shown", one.by.as_ref().map_or(Data::Null, |at| at.as_str().into())),
        ("secret", one.secret.to_string().into()),
        ("name", named(one.name.as_ref())),
        ("mended", one.mended.into()),
        ("remedy", remedy(one).into()),
    ])
}

fn refusal_text(one: &Hindrance) -> String {
    let store = one.store.as_ref().map_or_else(String::new, |store| format!("{store}: "));
    format!("{store}{} times: {}", one.times, one.told)
}

fn refusal(one: &Hindrance) -> Data {
    Data::from([
        ("store", one.store.as_ref().map_or(Data::Null, |store| store.to_string().into())),
        ("times", one.times.into()),
        ("may_pass", one.kind.may_pass().into()),
        ("reason", one.told.as_str().into()),
    ])
}

fn spared_secret(one: &Spared) -> Data {
    Data::from([
        ("store", one.store.to_string().into()),
        ("secret", one.secret.to_string().into()),
        ("name", named(one.name.as_ref())),
        ("versions", one.versions.into()),
        ("remedy", SPARED.into()),
    ])
}

fn unseen(one: &Unseen) -> Data {
    Data::from([("store", one.store.to_string().into()), ("reason", one.told.as_str().into())])
}

pub(super) fn named(name: Option<&SecretName>) -> Data {
    name.map_or(Data::Null, |name| name.as_str().into())
}

fn remedy(one: &Overlaid) -> &'static str {
    if one.mended {
        "the committed value was put on top again"
    } else {
        "what lies on top is unknown here: update the secret, or remove what is unknown with --remove-foreign"
    }
}
