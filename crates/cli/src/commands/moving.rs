//! `move`

use super::{
    Run,
    repair::{named, which},
};
use crate::{
    failure::{Exit, Failure, Outcome},
    render::{Data, Table, View},
};
use strongroom_engine::{Engine, Stayed, StoreName};

/// The name of the database itself among the stores.
const DATABASE: &str = "database";

/// Moves every version to the store where new values go, or to another one. Others may read and write meanwhile; ended half
/// way it is simply run again.
pub(crate) async fn move_values(run: &mut Run<'_>, to: Option<&str>) -> Outcome {
    let session = run.session().await?;
    let engine = session.engine()?;
    let to = destination(engine, to).await?;
    let name = to.as_ref().map_or(DATABASE, StoreName::as_str).to_owned();
    session.note("database.move", format!("to `{name}`")).await?;
    let moved = engine.move_all(to.as_ref()).await?;
    // The move stands, whether or not the place of the old values could be wiped.
    if let Err(error) = session.purge().await {
        run.warn(&format!("what was moved may still be in the database's files; move again ({error})"));
    }
    let mut table = Table::new(&["what", "value"]);
    table.row(["moved to".into(), name.as_str().into()]);
    table.row(["versions".into(), moved.versions.into()]);
    for one in &moved.stayed {
        let text = format!("{}: {}", which(one.secret, one.name.as_ref()), one.error.message());
        table.row(["stayed".into(), text.into()]);
    }
    let data = Data::from([
        ("to", name.into()),
        ("versions", moved.versions.into()),
        ("stayed", Data::List(moved.stayed.iter().map(stayed).collect())),
    ]);
    run.print(&View { data, table, caption: None })?;
    match moved.stayed.len() {
        0 => Ok(()),
        n => Err(Failure::new(
            Exit::Other,
            format!("{n} secrets did not move as a whole: the report says why"),
        )),
    }
}

/// The store; `None` is the database itself.
async fn destination(engine: &Engine, to: Option<&str>) -> Outcome<Option<StoreName>> {
    let stores = engine.status().await?.stores;
    let Some(to) = to else {
        return Ok(stores.into_iter().find(|store| store.target).map(|store| store.name));
    };
    if let Some(store) = stores.iter().find(|store| store.name.as_str() == to) {
        return Ok(Some(store.name.clone()));
    }
    if to == DATABASE {
        return Ok(None);
    }
    let names = stores.iter().map(|store| store.name.as_str()).chain([DATABASE]);
    Err(Failure::usage(format!(
        "--to: there is no such store; use one of {}",
        names.collect::<Vec<_>>().join(", ")
    )))
}

fn stayed(one: &Stayed) -> Data {
    Data::from([
        ("secret", one.secret.to_string().into()),
        ("name", named(one.name.as_ref())),
        ("reason", one.error.message().into()),
    ])
}
