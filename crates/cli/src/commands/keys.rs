//! `keys generate | rotate | rewrap`

use super::{
    Run,
    repair::{lost, lost_text},
};
use crate::{
    args::RewrapArgs,
    console::Console,
    failure::{Exit, Failure, Outcome},
    files,
    input::Sources,
    render::{Data, Table, View, print},
    secret_text::SecretText,
};
use secrecy::ExposeSecret;
use std::path::Path;
use strongroom::shown_path;
use strongroom_engine::crypto::{KeyId, KeyKind, RootId, RootKey};

/// Makes a new root key.
pub(crate) fn generate(file: Option<&Path>, force: bool, console: &mut dyn Console) -> Outcome {
    let key = RootKey::generate()?;
    let mut line = SecretText::default();
    line.push_str(key.to_text().expose_secret());
    line.push('\n');
    let Some(file) = file.filter(|file| !files::is_standard_output(file)) else {
        let lost = "nobody read the key, which is kept nowhere: make another one";
        return print(console, &line).map_err(|failure| failure.or_lost(lost));
    };
    files::write_private(file, line.as_str().as_bytes(), force)?;
    if console.shows_messages() {
        console.message(&format!("wrote the root key {}; keep a copy of it in a safe place\n", key.id()));
    }
    Ok(())
}

/// Makes a new data key and seals with it.
pub(crate) async fn rotate(run: &mut Run<'_>, kind: &str, force: bool) -> Outcome {
    let kind = KeyKind::parse(kind)?;
    let session = run.session().await?;
    let engine = session.engine()?;
    session.note("keys.rotate", format!("kind {}{}", kind.as_str(), forced(force))).await?;
    let rotated = engine.rotate(kind, force).await?;
    // The rotation stands, whether or not the place of the old values could be wiped.
    let purged = session.purge().await;
    if let Err(error) = purged {
        let text = "old values, under the key that was destroyed, may still be in the database's files; rotate again";
        run.warn(&format!("{text} ({error})"));
    }
    let ids = |keys: &[KeyId]| Data::List(keys.iter().map(|key| key.to_string().into()).collect());
    let data = Data::from([
        ("kind", kind.as_str().into()),
        ("new", rotated.new.to_string().into()),
        ("resealed", rotated.resealed.into()),
        ("destroyed", ids(&rotated.destroyed)),
        ("kept", ids(&rotated.kept)),
        ("damaged_versions", Data::List(rotated.damaged.iter().map(lost).collect())),
        (
            "root_keys_without",
            Data::List(rotated.without.iter().map(|root| root.to_string().into()).collect()),
        ),
    ]);
    let mut table = Table::new(&["kind", "new", "resealed", "destroyed", "kept"]);
    table.row([
        kind.as_str().into(),
        rotated.new.to_string().into(),
        rotated.resealed.into(),
        (rotated.destroyed.len() as u64).into(),
        (rotated.kept.len() as u64).into(),
    ]);
    run.print(&View { data, table, caption: None })?;
    for root in &rotated.without {
        run.warn(&format!(
            "the root key {root} does not open the new key, and so not the database: add it again with `strongroom keys \
             rewrap --add FILE`, or drop it with `strongroom keys rewrap --drop {root}`"
        ));
    }
    for one in &rotated.damaged {
        run.warn(&format!("could not be sealed again: {}", lost_text(one)));
    }
    if rotated.damaged.is_empty() {
        return Ok(());
    }
    let text = format!("{} versions are damaged: the old keys stay for them", rotated.damaged.len());
    Err(Failure::new(Exit::Other, text))
}

/// Wraps the data keys with one more root key, or drops what one of them wrapped.
pub(crate) async fn rewrap(run: &mut Run<'_>, args: &RewrapArgs, force: bool) -> Outcome {
    if let Some(file) = &args.add {
        let file = file.to_str().ok_or_else(|| Failure::usage("--add: the file's name is not UTF-8 text"))?;
        let text = Sources::new(run.console).text("--add", file)?;
        // The parser's words are about a database whose own key is not as it should be.
        let root = RootKey::parse(&text).map_err(|_| no_root_key(file))?;
        let id = root.id();
        let session = run.session().await?;
        let engine = session.engine()?;
        session.note("keys.add_root", format!("root key {id}")).await?;
        let keys = engine.add_root(&root).await?;
        run.note(&format!("the root key {id} opens {keys} data keys now"));
    }
    if let Some(id) = &args.drop {
        let id = RootId::parse(id)?;
        let session = run.session().await?;
        let engine = session.engine()?;
        session.note("keys.drop_root", format!("root key {id}{}", forced(force))).await?;
        let keys = engine.drop_root(id, force).await?;
        run.note(&format!("the root key {id} opens {keys} data keys less"));
    }
    Ok(())
}

fn no_root_key(file: &str) -> Failure {
    Failure::usage(format!(
        "--add: {} does not hold a root key, which is one whole line beginning with strongroom-root-key:v1: (a password is \
         no key): name the file that `strongroom keys generate -O FILE` wrote",
        shown_path(Path::new(file))
    ))
}

fn forced(force: bool) -> &'static str {
    if force { ", forced" } else { "" }
}
