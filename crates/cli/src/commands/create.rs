//! `secret create`

use super::{Run, values};
use crate::{args::CreateArgs, failure::Outcome, pairs::Pair};
use strongroom_core::{NewSecret, SecretName};

/// Creates a secret from pairs, maps and answers.
pub(super) async fn create(run: &mut Run<'_>, args: &CreateArgs, pairs: &[Pair]) -> Outcome {
    let name = SecretName::new(args.name.as_str())?;
    if pairs.is_empty() && args.values.is_none() && !args.interactive {
        return Err(values::nothing_given("create", " (-v '{}' for a secret without any)"));
    }
    let mut given = values::given(run, pairs, args.values.as_ref())?;
    if args.interactive {
        values::ask_for_more(run, &mut given, &[])?;
        if given.is_empty() {
            return Err(values::nothing_given("create", ""));
        }
    }
    let secrets = run.secrets().await?;
    let new = NewSecret::new(name, given).private(args.private);
    let secret = secrets.store().create(secrets.context(), new).await?;
    run.changed("created", &secret.meta)
}
