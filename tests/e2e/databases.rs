//! Databases on servers, each test with its own.

use crate::support::Home;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, mysql::MySqlConnectOptions,
    postgres::PgConnectOptions,
};

#[derive(Clone, Copy)]
enum Kind {
    Postgres,
    MariaDb,
}

/// A database of its own, dropped at the end.
pub(crate) struct Database {
    kind: Kind,
    server: String,
    name: String,
}

impl Database {
    pub(crate) fn postgres() -> Self {
        Self::on(Kind::Postgres, "STRONGROOM_TEST_POSTGRES")
    }

    pub(crate) fn mariadb() -> Self {
        Self::on(Kind::MariaDb, "STRONGROOM_TEST_MARIADB")
    }

    fn on(kind: Kind, variable: &str) -> Self {
        let server = std::env::var(variable).unwrap_or_else(|_| panic!("{variable} must name a server"));
        let name = format!("strongroom_{}", uuid::Uuid::new_v4().simple());
        let database = Self { kind, server, name };
        database.run(&database.server, &format!("CREATE DATABASE {}", database.name));
        database
    }

    fn run(&self, url: &str, text: &str) {
        let text = AssertSqlSafe(text.to_owned());
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            match self.kind {
                Kind::Postgres => {
                    let mut connection = url.parse::<PgConnectOptions>().unwrap().connect().await.unwrap();
                    sqlx::raw_sql(text).execute(&mut connection).await.unwrap();
                    connection.close().await.unwrap();
                }
                Kind::MariaDb => {
                    let mut connection = url.parse::<MySqlConnectOptions>().unwrap().connect().await.unwrap();
                    sqlx::raw_sql(text).execute(&mut connection).await.unwrap();
                    connection.close().await.unwrap();
                }
            }
        });
    }

    pub(crate) fn url(&self) -> String {
        let (before, parameters) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (scheme, rest) = before.split_once("://").unwrap();
        format!("{scheme}://{}/{}?{parameters}", rest.split('/').next().unwrap(), self.name)
    }

    /// What somebody does who has the database.
    pub(crate) fn behind_our_back(&self, sql: &str) {
        self.run(&self.url(), sql);
    }

    /// A home whose programs work on it.
    pub(crate) fn home(&self) -> Home {
        let mut home = Home::new();
        let key = home.arg("root.key");
        home.ok(["keys", "generate", "-O", &key]);
        home.set("STRONGROOM_KEYS_FILE", key);
        home.set("STRONGROOM_DATABASE_URL", self.url());
        home
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let force = match self.kind {
            Kind::Postgres => " WITH (FORCE)",
            Kind::MariaDb => "",
        };
        self.run(&self.server, &format!("DROP DATABASE {}{force}", self.name));
    }
}
