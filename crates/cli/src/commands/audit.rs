//! `audit list | verify | export | prune`

use super::Run;
use crate::secret_text::SecretText;
use crate::{
    args::{AuditCommand, AuditFilter, Format},
    failure::{Exit, Failure, Outcome},
    input::confirm,
    render::{Data, Table, View, document, print, short},
    resolve::find,
    session::account,
};
use std::collections::BTreeMap;
use strongroom_core::{OwnerId, SecretId, Timestamp};
use strongroom_engine::AuditRow;
use strongroom_server::{
    audit::{self, Pruned},
    identity::Identities,
};
use strongroom_sql::TrailFilter;
use uuid::Uuid;

/// How many entries are read at once.
const PAGE: u32 = 500;

/// `audit ...`
pub(crate) async fn audit(run: &mut Run<'_>, command: &AuditCommand) -> Outcome {
    let identities = run.session().await?.identities()?;
    let (engine, catalog) = (identities.engine(), identities.catalog());
    match command {
        AuditCommand::List { limit, which, .. } => {
            let rows = catalog.audit_trail(&filter(run, &identities, which).await?, 0, *limit).await?;
            let mut table = Table::new(&["time", "account", "action", "secret", "detail", "from"]);
            let names = catalog.actor_names(&rows).await?;
            for row in &rows {
                let from = row.origin.address.as_deref().unwrap_or(&row.origin.channel);
                table.row([
                    short(row.at).into(),
                    name(&names, row).into(),
                    row.action.as_str().into(),
                    beginning(row.secret).into(),
                    in_short(&row.detail).into(),
                    from.into(),
                ]);
            }
            let data = Data::List(rows.iter().map(|row| entry(row, &name(&names, row))).collect());
            run.print(&View { data, table, caption: None })
        }
        AuditCommand::Verify { head, .. } => {
            let heads = head.iter().map(|text| noted(text)).collect::<Outcome<Vec<_>>>()?;
            let reports = audit::verify(engine, catalog, &heads).await?;
            let mut table = Table::new(&["chain", "from", "to", "head"]);
            let mut data = Vec::new();
            for report in &reports {
                let head = report.head_text();
                let kept = (report.to + 1).saturating_sub(report.from);
                let ends = (kept > 0).then_some([report.from, report.to]);
                // All of them were pruned: the head is that of the last one.
                let [from, to] =
                    ends.map_or_else(|| ["none".into(), "none".into()], |ends| ends.map(Data::from));
                table.row([report.chain.as_str().into(), from, to, head.as_str().into()]);
                let [from, to] = ends.map_or([Data::Null, Data::Null], |ends| ends.map(Data::from));
                data.push(Data::from([
                    ("chain", report.chain.as_str().into()),
                    ("from", from),
                    ("to", to),
                    ("kept", kept.into()),
                    ("head", head.into()),
                    ("uncompared", Data::List(report.uncompared.iter().map(|at| (*at).into()).collect())),
                ]));
            }
            run.print(&View { data: Data::List(data), table, caption: None })?;
            for report in &reports {
                for at in &report.uncompared {
                    run.warn(&format!(
                        "--head {}:{at}: it cannot be compared, since the entries before {} were pruned: note the head \
                         that is printed now",
                        report.chain, report.from
                    ));
                }
            }
            Ok(())
        }
        AuditCommand::Export { which } => {
            let (mut filter, mut skip) = (filter(run, &identities, which).await?, 0);
            loop {
                let rows = catalog.audit_trail(&filter, skip, PAGE).await?;
                let names = catalog.actor_names(&rows).await?;
                for row in &rows {
                    let text = document(&entry(row, &name(&names, row)), Format::Json);
                    // No text in JSON holds an end of a line: those between lines are layout.
                    let mut line = SecretText::default();
                    text.as_str().lines().for_each(|part| line.push_str(part.trim_start()));
                    line.push('\n');
                    print(run.console, &line)?;
                }
                if rows.len() < PAGE as usize {
                    return Ok(());
                }
                skip = behind(&rows, &mut filter, skip);
            }
        }
        AuditCommand::Prune { before, yes, .. } => prune(run, &identities, *before, *yes).await,
    }
}

async fn prune(run: &mut Run<'_>, identities: &Identities, before: Timestamp, yes: bool) -> Outcome {
    let (engine, catalog, at) = (identities.engine(), identities.catalog(), short(before));
    let future = before > engine.now();
    if !yes {
        let question = if future {
            format!(
                "{at} UTC is in the future: remove ALL entries that there are, those of this moment too? They cannot be \
                 had back."
            )
        } else {
            format!("Remove all entries from before {at} UTC? They cannot be had back.")
        };
        confirm(run.console, &question, "pass -y to remove without asking")?;
    } else if future {
        run.warn(&format!("--before: {at} UTC is in the future: all entries that there are go"));
    }
    let cx = run.session().await?.context()?;
    let mut table = Table::new(&["chain", "removed", "from", "to"]);
    let (mut data, mut removed) = (Vec::new(), 0);
    for Pruned { chain, from, to } in audit::prune(engine, catalog, &cx, before).await? {
        let count = to + 1 - from;
        removed += count;
        table.row([chain.as_str().into(), count.into(), from.into(), to.into()]);
        data.push(Data::from([
            ("chain", chain.into()),
            ("removed", count.into()),
            ("from", from.into()),
            ("to", to.into()),
        ]));
    }
    run.note(&format!("removed {removed} entries of {} chains", data.len()));
    if run.format.is_none() {
        return Ok(());
    }
    let data = Data::from([("removed", removed.into()), ("chains", Data::List(data))]);
    run.print(&View { data, table, caption: None })
}

/// Lets the filter begin with the last of these entries, and answers how many of its moment are to be skipped. Counted from
/// the newest, an entry that is written meanwhile would show another one twice, and one that is pruned hide one.
fn behind(rows: &[AuditRow], filter: &mut TrailFilter, skipped: u64) -> u64 {
    let Some(last) = rows.last() else { return skipped };
    let same = rows.iter().rev().take_while(|row| row.at == last.at).count() as u64;
    let end = Some(Timestamp(last.at.0.saturating_add(1)));
    let went_on = filter.before == end;
    filter.before = end;
    if went_on { skipped + same } else { same }
}

/// The beginning of a secret's id, by which commands find it.
fn beginning(secret: SecretId) -> String {
    let id = secret.0.simple().to_string();
    if secret.0.is_nil() { String::new() } else { id[..8].to_owned() }
}

/// What a table has room for: the ids of a thousand secrets are for `-o json` and `export`.
fn in_short(detail: &str) -> String {
    match detail.split_once(" secrets: ") {
        Some((count, _)) => format!("{count} secrets: ..."),
        None => detail.to_owned(),
    }
}

async fn filter(run: &mut Run<'_>, identities: &Identities, which: &AuditFilter) -> Outcome<TrailFilter> {
    let secret = match &which.secret {
        Some(text) => Some(secret(run, text).await?),
        None => None,
    };
    let actor = match &which.actor {
        Some(which) => Some(actor(identities, which).await?),
        None => None,
    };
    Ok(TrailFilter { actor, secret, action: which.action.clone(), ..TrailFilter::default() })
}

/// Which secret's entries are asked for. One that is gone has its entries still: they are asked for by its id.
async fn secret(run: &mut Run<'_>, which: &str) -> Outcome<SecretId> {
    if let Ok(id) = Uuid::parse_str(which) {
        return Ok(SecretId(id));
    }
    let secrets = run.secrets().await?;
    let found = find(&secrets, which, None).await.map_err(|failure| Failure {
        text: format!("{}; ask for one that is gone by its id", failure.text),
        ..failure
    })?;
    Ok(found.id)
}

/// Whose entries are asked for. An account that is gone has its entries still: they are asked for by its id.
async fn actor(identities: &Identities, which: &str) -> Outcome<OwnerId> {
    match (account(identities, which).await, Uuid::parse_str(which)) {
        (Ok(account), _) => Ok(account.id),
        (Err(Failure { exit: Some(Exit::NotFound), .. }), Ok(id)) => Ok(OwnerId(id)),
        (Err(Failure { exit: Some(Exit::NotFound), text }), Err(_)) => {
            Err(Failure::new(Exit::NotFound, format!("{text}; ask for one that is gone by its id")))
        }
        (Err(failure), _) => Err(failure),
    }
}

fn name(names: &BTreeMap<OwnerId, String>, row: &AuditRow) -> String {
    let known = names.get(&row.actor).cloned();
    known.unwrap_or_else(|| if row.actor.0.is_nil() { "nobody".to_owned() } else { row.actor.to_string() })
}

fn entry(row: &AuditRow, actor: &str) -> Data {
    let text = |text: &Option<String>| text.as_deref().map_or(Data::Null, Data::from);
    let secret = if row.secret.0.is_nil() { Data::Null } else { row.secret.to_string().into() };
    Data::from([
        ("chain", row.chain.as_str().into()),
        ("sequence", row.sequence.into()),
        ("time", row.at.to_string().into()),
        ("actor", actor.into()),
        ("actor_id", row.actor.to_string().into()),
        ("action", row.action.as_str().into()),
        ("secret", secret),
        ("revision", row.revision.0.into()),
        ("detail", row.detail.as_str().into()),
        ("channel", row.origin.channel.as_str().into()),
        ("address", text(&row.origin.address)),
        ("request", text(&row.origin.request)),
    ])
}

fn noted(text: &str) -> Outcome<audit::NotedHead> {
    audit::parse_head(text)
        .ok_or_else(|| Failure::usage("--head: expected CHAIN:SEQUENCE:HEX, as `audit verify` prints it"))
}
