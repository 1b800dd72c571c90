//! `status`

use super::Run;
use crate::{
    failure::{Exit, Failure, Outcome},
    render::{Data, Table, View},
    session::Report,
};

/// Shows where everything is kept, what it is sealed with, and what is left to be done.
pub(crate) async fn status(run: &mut Run<'_>, deep: bool) -> Outcome {
    let Report { data, broken, damaged } = run.session().await?.status(deep).await?;
    let mut table = Table::new(&["what", "value"]);
    flatten(&mut table, "", &data);
    run.print(&View { data, table, caption: None })?;
    if let Some(error) = damaged {
        return Err(error.into());
    }
    if broken.is_empty() {
        return Ok(());
    }
    let names = broken.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let text = format!("of the stores, these do not work: {names}; `tried` says why");
    Err(Failure::new(Exit::Unavailable, text))
}

/// One row for each leaf, named by the way to it, and for each item of a list.
fn flatten(table: &mut Table, path: &str, data: &Data) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path} {name}") };
    match data {
        Data::Map(pairs) => pairs.iter().for_each(|(name, data)| flatten(table, &below(name), data)),
        Data::List(items) => {
            for (i, item) in items.iter().enumerate() {
                table.row([below(&(i + 1).to_string()).into(), in_one_line(item).into()]);
            }
        }
        leaf => table.row([path.replace('_', " ").into(), leaf.clone()]),
    }
}

fn in_one_line(item: &Data) -> String {
    match item {
        Data::Map(pairs) => {
            let parts = pairs.iter().map(|(name, data)| format!("{name} {}", in_one_line(data)));
            parts.collect::<Vec<_>>().join(", ")
        }
        Data::Text(text) => text.clone(),
        Data::Number(number) => number.to_string(),
        Data::Bool(value) => value.to_string(),
        // Nothing else is in the lists of a status; a value would not be shown.
        Data::Null | Data::Secret(_) | Data::List(_) => String::new(),
    }
}
