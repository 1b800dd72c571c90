//! Databases on servers: each test makes its own, and drops it.

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, mysql::MySqlConnectOptions,
    postgres::PgConnectOptions,
};
use std::sync::Mutex;
use uuid::Uuid;

/// Runs each case, which takes a server, on both; for a test program's root.
#[allow(unused_macros)]
macro_rules! on_both {
    ($($case:ident)*) => {
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                #[ignore = "needs PostgreSQL: cargo xtask test"]
                async fn $case() {
                    super::$case(super::Server::Postgres).await;
                }
            )*
        }

        mod mariadb {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                #[ignore = "needs MariaDB: cargo xtask test"]
                async fn $case() {
                    super::$case(super::Server::MariaDb).await;
                }
            )*
        }
    };
}

/// Which server.
#[derive(Clone, Copy)]
pub(crate) enum Server {
    Postgres,
    MariaDb,
}

impl Server {
    fn url(self) -> String {
        let variable = match self {
            Self::Postgres => "STRONGROOM_TEST_POSTGRES",
            Self::MariaDb => "STRONGROOM_TEST_MARIADB",
        };
        std::env::var(variable).unwrap_or_else(|_| panic!("{variable} must name a server"))
    }

    async fn run(self, url: &str, sql: String) {
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Postgres => {
                let options: PgConnectOptions = url.parse().unwrap();
                let mut connection = options.connect().await.unwrap();
                connection.execute(sql).await.unwrap();
                connection.close().await.unwrap();
            }
            Self::MariaDb => {
                let options: MySqlConnectOptions = url.parse().unwrap();
                let mut connection = options.connect().await.unwrap();
                connection.execute(sqlx::raw_sql(sql)).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }
}

/// Databases of one test.
pub(crate) struct Databases {
    server: Server,
    names: Mutex<Vec<String>>,
}

impl Databases {
    pub(crate) fn on(server: Server) -> Self {
        Self { server, names: Mutex::default() }
    }

    /// The URL of a new, empty database.
    pub(crate) async fn fresh(&self) -> String {
        let name = format!("strongroom_{}", Uuid::new_v4().simple());
        self.server.run(&self.server.url(), format!("CREATE DATABASE {name}")).await;
        self.names.lock().unwrap().push(name.clone());
        let url = self.server.url();
        let (before, parameters) = url.split_once('?').map_or((url.as_str(), ""), |(a, b)| (a, b));
        let (scheme, rest) = before.split_once("://").unwrap();
        let host = rest.split('/').next().unwrap();
        format!("{scheme}://{host}/{name}?{parameters}")
    }

    /// Runs a statement behind the catalog's back.
    pub(crate) async fn run_in(&self, url: &str, sql: &str) {
        self.server.run(url, sql.to_owned()).await;
    }

    /// Ends every connection to them.
    pub(crate) async fn disconnect_all(&self) {
        let names = self.names.lock().unwrap().clone();
        for name in names {
            let sql = match self.server {
                Server::Postgres => {
                    format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
                }
                Server::MariaDb => format!(
                    "BEGIN NOT ATOMIC FOR c IN (SELECT id FROM information_schema.processlist WHERE db = '{name}') \
                     DO KILL c.id; END FOR; END"
                ),
            };
            self.server.run(&self.server.url(), sql).await;
        }
    }

    /// Drops them. A test that failed leaves its own behind, to be looked at.
    pub(crate) async fn drop_all(&self) {
        let names = std::mem::take(&mut *self.names.lock().unwrap());
        for name in names {
            let force = match self.server {
                Server::Postgres => " WITH (FORCE)",
                Server::MariaDb => "",
            };
            self.server.run(&self.server.url(), format!("DROP DATABASE {name}{force}")).await;
        }
    }
}

/// Host and port of a URL.
pub(crate) fn address(url: &str) -> &str {
    let rest = url.split_once("://").unwrap().1;
    let authority = rest.split(['/', '?']).next().unwrap();
    authority.rsplit('@').next().unwrap()
}

/// The URL of the same database at another port of this machine, in clear text.
pub(crate) fn through(server: Server, url: &str, port: u16) -> String {
    let through = url.replacen(address(url), &format!("127.0.0.1:{port}"), 1);
    let clear = match server {
        Server::Postgres => "sslmode=disable",
        Server::MariaDb => "ssl-mode=DISABLED",
    };
    let join = if through.ends_with('?') { "" } else { "&" };
    format!("{through}{}{clear}", if through.contains('?') { join } else { "?" })
}
