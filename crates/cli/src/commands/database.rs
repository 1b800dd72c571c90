//! `database backup | migrate`

use super::Run;
use crate::{args::DatabaseCommand, failure::Outcome};

/// Copies the database, or brings its tables up to date.
pub(crate) async fn database(run: &mut Run<'_>, command: &DatabaseCommand) -> Outcome {
    match command {
        DatabaseCommand::Backup { file, force } => {
            run.session().await?.backup(file, *force).await?;
            run.note(&format!(
                "wrote {}; it is of no use without the root key, which is not in it",
                file.display()
            ));
            Ok(())
        }
        DatabaseCommand::Migrate => {
            run.migrate().await?;
            run.note("the tables are up to date");
            Ok(())
        }
    }
}
