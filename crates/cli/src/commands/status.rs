//! `status`

use super::Run;
use crate::{
    failure::Outcome,
    render::{Data, Table, View},
};

/// Shows where everything is kept, what it is sealed with, and what is left to be done.
pub(crate) async fn status(run: &mut Run<'_>) -> Outcome {
    let data = run.session().await?.status().await?;
    let mut table = Table::new(&["what", "value"]);
    flatten(&mut table, "", &data);
    run.print(&View { data, table, caption: None })
}

/// One row for each leaf, named by the way to it.
fn flatten(table: &mut Table, path: &str, data: &Data) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path} {name}") };
    match data {
        Data::Map(pairs) => pairs.iter().for_each(|(name, data)| flatten(table, &below(name), data)),
        Data::List(items) => {
            for (i, data) in items.iter().enumerate() {
                flatten(table, &below(&(i + 1).to_string()), data);
            }
        }
        leaf => table.row([path.replace('_', " ").into(), leaf.clone()]),
    }
}
