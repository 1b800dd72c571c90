//! `secret import`

use super::Run;
use crate::{
    args::ImportArgs,
    failure::{Exit, Failure, Outcome},
    input::{Sources, confirm, read_map},
    resolve::by_exact_name,
};
use std::path::Path;
use strongroom::shown_path;
use strongroom_core::{ErrorKind, NewSecret, SecretName, SecretRef, SecretUpdate, ValuesChange};

/// Creates a secret from a file, or replaces the values of the one that has its name, after asking.
pub(super) async fn import(run: &mut Run<'_>, args: &ImportArgs) -> Outcome {
    let name = SecretName::new(name(args)?)?;
    let label = shown_path(&args.file);
    let reference =
        args.file.to_str().ok_or_else(|| Failure::usage("import: the file's name is not UTF-8 text"))?;
    let text = Sources::new(run.console).text(&label, reference)?;
    let values = read_map(&label, &text)?;

    let secrets = run.secrets().await?;
    let private = match args.private {
        Some(private) => private,
        // Whatever `export` read under this name is what is replaced: a private secret is not published by the way.
        None => by_exact_name(&secrets, name.as_str(), None).await?.is_some_and(|there| there.private),
    };
    let new = NewSecret::new(name.clone(), values.clone()).private(private);
    let taken = match secrets.store().create(secrets.context(), new).await {
        Ok(secret) => return run.changed("imported", &secret.meta),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => error,
        Err(error) => return Err(error.into()),
    };
    if !args.yes {
        if !run.console.can_ask() {
            let text = format!("{taken}; pass -y to replace its values, or --name for another name");
            return Err(Failure::new(Exit::Conflict, text));
        }
        let question = format!("Replace all values of the secret `{name}`?");
        confirm(run.console, &question, "pass -y to replace without asking")?;
    }
    let which = SecretRef::Name { name, private: Some(private) };
    let update = SecretUpdate::new().values(ValuesChange::Replace(values));
    let meta = secrets.update(&which, update).await?;
    run.changed("replaced the values of", &meta)
}

/// Whether the name is that of a descriptor, a device or a directory, as `<(command)` of a shell makes one: it tells nothing of
/// what is read there. What is not there is missed by whoever reads it.
fn is_no_name(file: &Path) -> bool {
    let descriptors = ["/dev/fd", "/dev/stdin", "/proc"];
    descriptors.iter().any(|place| file.starts_with(place))
        || file.metadata().is_ok_and(|found| !found.is_file())
}

/// What the secret is called.
fn name(args: &ImportArgs) -> Outcome<String> {
    if let Some(name) = &args.name {
        return Ok(name.clone());
    }
    if args.file == Path::new("-") {
        return Err(Failure::usage("import: standard input has no name; pass --name NAME"));
    }
    if is_no_name(&args.file) {
        let text =
            "import: a pipe and whatever else is no regular file has no name of its own; pass --name NAME";
        return Err(Failure::usage(text));
    }
    let stem = args.file.file_stem().and_then(|stem| stem.to_str());
    stem.map(str::to_owned)
        .ok_or_else(|| Failure::usage("import: the file's name makes no name for a secret; pass --name NAME"))
}
