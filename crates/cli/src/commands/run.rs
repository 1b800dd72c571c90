//! What every command has at hand.

use super::show;
use crate::{
    args::Format,
    console::Console,
    escape::visible,
    failure::Outcome,
    render::View,
    session::{Location, Opener, Session},
};
use strongroom_core::{SecretMeta, Secrets};

/// One run of the program: its terminal or pipes, and the store, which is opened when it is first needed.
pub(crate) struct Run<'a> {
    pub(crate) console: &'a mut dyn Console,
    pub(crate) format: Option<Format>,
    opener: &'a dyn Opener,
    location: Location,
    session: Option<Session>,
}

impl<'a> Run<'a> {
    /// With a store that is not open yet.
    pub(crate) fn new(
        console: &'a mut dyn Console,
        opener: &'a dyn Opener,
        location: Location,
        format: Option<Format>,
    ) -> Self {
        Self { console, format, opener, location, session: None }
    }

    /// The open store.
    pub(crate) async fn session(&mut self) -> Outcome<&Session> {
        let session = match self.session.take() {
            Some(session) => session,
            None => {
                let session = self.opener.open(&self.location).await?;
                self.tell(&session);
                session
            }
        };
        Ok(self.session.insert(session))
    }

    /// Opens it with the configured address of this store, which the database knows at another one.
    pub(crate) fn takes_address(&mut self, store: &str) {
        self.location.new_address = Some(store.to_owned());
    }

    /// The secrets in it.
    pub(crate) async fn secrets(&mut self) -> Outcome<Secrets> {
        Ok(self.session().await?.secrets().clone())
    }

    /// Brings the tables up to date, with `finish` also removes what only older releases need, then opens the store. Answers
    /// whether something was removed.
    pub(crate) async fn migrate(&mut self, finish: bool) -> Outcome<bool> {
        let (session, removed) = self.opener.migrate(&self.location, finish).await?;
        self.tell(&session);
        self.session = Some(session);
        Ok(removed)
    }

    fn tell(&mut self, session: &Session) {
        for notice in session.notices() {
            self.warn(notice);
        }
    }

    /// Says what was done, to a person.
    pub(crate) fn note(&mut self, text: &str) {
        if self.console.shows_messages() {
            self.console.message(&format!("{}\n", visible(text)));
        }
    }

    /// Says what somebody has to know, also in a log file.
    pub(crate) fn warn(&mut self, text: &str) {
        self.console.message(&format!("note: {}\n", visible(text)));
    }

    /// Says that a secret was changed; programs that asked for a format get what it is now.
    pub(crate) fn changed(&mut self, what: &str, meta: &SecretMeta) -> Outcome {
        self.note(&format!("{what} `{}` ({})", meta.name, meta.id));
        if self.format.is_some() {
            self.print(&show::one(meta))?;
        }
        Ok(())
    }

    /// Prints a result.
    pub(crate) fn print(&mut self, view: &View) -> Outcome {
        view.print(self.console, self.format)
    }

    /// Lets a store of values outside the database catch up after a change.
    pub(crate) async fn tidy(&mut self) {
        if let Some(session) = &self.session {
            session.tidy().await;
        }
    }

    /// Closes the store if it was opened.
    pub(crate) async fn close(&mut self) {
        if let Some(session) = self.session.take()
            && let Err(error) = session.close().await
        {
            // What was answered is done; the next one to open the database puts the rest in order.
            self.warn(&format!("the database was not closed in good order: {error}"));
        }
    }
}
