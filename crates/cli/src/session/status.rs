//! `status`: where everything is and how it is doing.

use super::{Local, configured::RootKeyPlace};
use crate::render::Data;
use strongroom_core::{Error, Result, SecretFilter, Secrets};
use strongroom_engine::{Engine, KeyRow, Replica, Status, StoreName, Unknown};
use strongroom_remote::RemoteStore;

/// What is told, the stores that do not work, which are known if they were tried, and what is wrong with the database.
pub(crate) struct Report {
    pub(crate) data: Data,
    pub(crate) broken: Vec<StoreName>,
    pub(crate) damaged: Option<Error>,
}

/// The report; `deep` also tries every store and looks what it holds, and reads the whole database.
pub(super) async fn of(local: &Local, engine: &Engine, deep: bool) -> Result<Report> {
    let status = engine.status().await?;
    let summary = &status.summary;
    let mut report = vec![
        ("database", local.database.as_str().into()),
        ("namespace", status.namespace.to_string().into()),
        ("root_key", root_key(local, &status).into()),
        ("account", local.open.owner.name.as_str().into()),
        ("secrets", summary.secrets.into()),
        ("versions", versions(&status)),
        ("open_attempts", summary.open_attempts.into()),
        ("to_be_removed", summary.garbage.into()),
        ("audit_entries", summary.audit_entries.into()),
        ("stores", stores(&status)),
        ("keys", Data::List(status.keys.iter().map(|key| one_key(&status, key)).collect())),
        ("root_keys", roots(&status)),
        ("running", Data::List(status.running.iter().map(running).collect())),
    ];
    let (mut broken, mut damaged) = (Vec::new(), None);
    let mut tried = Vec::new();
    for (name, error) in status.out_of_reach() {
        tried.push((name.to_string(), error.to_string().into()));
        broken.push(name.clone());
    }
    if deep {
        let mut unknown = Vec::new();
        for ((name, probed), (_, scanned)) in engine.probe().await.into_iter().zip(engine.unknown().await) {
            unknown.extend(scanned.iter().flatten().map(unknown_version));
            let told = match probed.and(scanned.map(drop)) {
                Ok(()) => "works".to_owned(),
                Err(error) => {
                    broken.push(name.clone());
                    error.to_string()
                }
            };
            tried.push((name.to_string(), told.into()));
        }
        report.push(("unknown_versions", Data::List(unknown)));
        if let Some(database) = &local.open.database {
            damaged = database.examine().await.err();
            let told = damaged.as_ref().map_or_else(|| "works".to_owned(), ToString::to_string);
            report.push(("database_check", told.into()));
        }
    }
    if deep || !tried.is_empty() {
        report.push(("tried", Data::Map(tried)));
    }
    let data = Data::Map(report.into_iter().map(|(name, data)| (name.to_owned(), data)).collect());
    Ok(Report { data, broken, damaged })
}

/// A version in a store that nothing explains.
pub(crate) fn unknown_version(one: &Unknown) -> Data {
    Data::from([
        ("store", one.store.to_string().into()),
        ("object", one.object.to_string().into()),
        ("version", one.at.as_ref().map_or("", |at| at.as_str()).into()),
        ("secret", one.secret.map_or(Data::Null, |id| id.to_string().into())),
    ])
}

/// The report about a server, as far as its account may know.
pub(super) async fn of_server(store: &RemoteStore, secrets: &Secrets) -> Result<Report> {
    let server = store.server().await?;
    let account = store.accounts().own().await?;
    let listed = secrets.list(&SecretFilter::new().size(1)).await?.total;
    let data = Data::from([
        ("server", store.url().into()),
        ("name", if server.name.is_empty() { Data::Null } else { server.name.into() }),
        ("id", server.id.map_or(Data::Null, |id| id.to_string().into())),
        ("strongroom", server.strongroom.map_or(Data::Null, Data::from)),
        ("zenml", server.version.into()),
        ("account", account.name.into()),
        ("role", account.role.map_or(Data::Null, |role| role.as_str().into())),
        ("scope", account.scope.map_or(Data::Null, |scope| scope.as_str().into())),
        ("secrets", listed.into()),
    ]);
    Ok(Report { data, broken: Vec::new(), damaged: None })
}

fn root_key(local: &Local, status: &Status) -> String {
    match &local.root_key {
        RootKeyPlace::Environment => "in the environment (STRONGROOM_ROOT_KEY)".to_owned(),
        RootKeyPlace::File(file) => file.display().to_string(),
        RootKeyPlace::Directory(places) => {
            let files = status.roots.iter().map(|(root, _)| places.key_file(*root));
            files.clone().find(|file| file.exists()).unwrap_or_else(|| places.keys()).display().to_string()
        }
    }
}

fn versions(status: &Status) -> Data {
    let by_store = status.summary.versions.iter().map(|(store, count)| {
        (
            store.as_ref().map_or_else(|| "in the database".to_owned(), ToString::to_string),
            Data::Number(*count),
        )
    });
    Data::Map(by_store.collect())
}

fn stores(status: &Status) -> Data {
    let described = status.stores.iter().map(|store| {
        let fields = Data::from([
            ("type", store.info.kind.into()),
            ("endpoint", store.info.endpoint.as_str().into()),
            ("sealed", store.sealed.into()),
            ("new_values", store.target.into()),
        ]);
        (store.name.to_string(), fields)
    });
    Data::Map(described.collect())
}

fn one_key(status: &Status, key: &KeyRow) -> Data {
    let seals =
        status.summary.sealed_with.iter().find(|(id, _)| *id == key.id).map_or(0, |(_, count)| *count);
    Data::from([
        ("id", key.id.to_string().into()),
        ("kind", key.kind.as_str().into()),
        ("active", key.active.into()),
        ("created", key.created.to_string().into()),
        ("versions", seals.into()),
    ])
}

fn running(replica: &Replica) -> Data {
    Data::from([("name", replica.name.as_str().into()), ("root_key", replica.root.to_string().into())])
}

fn roots(status: &Status) -> Data {
    Data::Map(status.roots.iter().map(|(id, keys)| (id.to_string(), Data::Number(*keys))).collect())
}
