//! `secret export`

use super::{Run, get::read};
use crate::{
    args::{ExportArgs, Format},
    failure::{Exit, Failure, Outcome},
    files,
    render::{Data, document, flat_map, print},
};
use strongroom_core::GetOptions;

/// Writes the values of a secret as a flat map, which `import` and `create -v @FILE` read.
pub(super) async fn export(run: &mut Run<'_>, args: &ExportArgs) -> Outcome {
    let secrets = run.secrets().await?;
    let secret = read(&secrets, &args.target.name, args.target.private, &GetOptions::new()).await?;
    if secret.values.is_hidden() {
        return Err(Failure::new(
            Exit::Refused,
            format!("you may not see the values of `{}`", secret.meta.name),
        ));
    }
    let text = match run.format {
        Some(Format::Json) => document(&Data::from(&secret.values), Format::Json),
        _ => flat_map(&secret.values),
    };
    let file = args.filename.as_deref().filter(|file| !files::is_standard_output(file));
    let Some(file) = file else { return print(run.console, &text) };
    files::write_private(file, text.as_str().as_bytes(), args.force)?;
    run.note(&format!("exported `{}` to {}", secret.meta.name, file.display()));
    Ok(())
}
