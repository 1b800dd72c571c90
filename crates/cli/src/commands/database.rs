//! `database backup | migrate`

use super::Run;
use crate::{args::DatabaseCommand, console::dropping, failure::Outcome};

/// Copies the database, or brings its tables up to date.
pub(crate) async fn database(run: &mut Run<'_>, command: &DatabaseCommand) -> Outcome {
    match command {
        DatabaseCommand::Backup { file, force } => {
            dropping(run.session().await?.backup(file, *force)).await?;
            run.note(&format!(
                "wrote {}; it is of no use without the root key, which is not in it",
                file.display()
            ));
            Ok(())
        }
        DatabaseCommand::Migrate { finish } => {
            let removed = run.migrate(*finish).await?;
            run.note("the tables are up to date");
            match (finish, removed) {
                (false, _) => {}
                (true, true) => {
                    run.note(
                        "what only older versions need was removed: they do not open this database any more",
                    );
                }
                (true, false) => run.note("nothing was left in them that only older versions need"),
            }
            Ok(())
        }
    }
}
