//! A server with TLS: authorities of our own, and logins by certificate.

use crate::common::{Account, Server, open, server::variable};
use serde_json::json;
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use strongroom_core::{ErrorKind, Labels, NamespaceId, NewVersion, ObjectId, Payload, SecretId, VersionUid};
use tempfile::TempDir;
use uuid::Uuid;

/// A server of our own that speaks TLS.
struct Tls {
    child: Child,
    directory: TempDir,
    server: Server,
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Tls {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new(variable("STRONGROOM_TEST_VAULT_BIN"));
        command.args(["server", "-dev", "-dev-tls", "-dev-no-store-token", "-log-level=warn"]);
        command.arg(format!("-dev-listen-address=127.0.0.1:{port}"));
        command.arg(format!("-dev-tls-cert-dir={}", directory.path().display()));
        let token = Uuid::new_v4().to_string();
        for variable in ["BAO_DEV_ROOT_TOKEN_ID", "VAULT_DEV_ROOT_TOKEN_ID"] {
            command.env(variable, &token);
        }
        command.env("HOME", directory.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let url = format!("https://127.0.0.1:{port}");
        let authority = authority(directory.path()).await;
        let client = reqwest::Client::builder().no_proxy();
        let client =
            client.tls_certs_only([reqwest::Certificate::from_pem(&authority).unwrap()]).build().unwrap();
        let server = Server::with_client(url, token, client);
        let tls = Self { child, directory, server };
        tls.server.ready().await;
        tls
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn authority(&self) -> String {
        find(self.directory.path()).unwrap()
    }
}

/// The authority's file: the two servers call it differently.
fn find(directory: &Path) -> Option<String> {
    let files = fs::read_dir(directory).ok()?.flatten().map(|file| file.path());
    let mut found = files.filter(|path| path.to_str().is_some_and(|path| path.ends_with("-ca.pem")));
    found.next()?.to_str().map(str::to_owned)
}

async fn authority(directory: &Path) -> Vec<u8> {
    for _ in 0..200 {
        if let Some(pem) =
            find(directory).and_then(|path| fs::read(path).ok()).filter(|pem| pem.ends_with(b"-----\n"))
        {
            return pem;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server makes no certificate");
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn an_authority_of_our_own_and_a_login_by_certificate() {
    let tls = Tls::start().await;
    let account = Account::on(tls.server.clone()).await;
    let namespace = || NamespaceId(Uuid::new_v4());

    // Nobody whom the system knows vouches for it.
    let section = account.with_token().await;
    let error = open(&section, namespace()).await.unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(error.to_string().contains("`ca_path`"), "{error}");
    let trusting: Vec<_> = section.into_iter().chain([("ca_path", tls.authority())]).collect();
    open(&trusting, namespace()).await.unwrap().check().await.unwrap();

    // The service issues the certificate that it accepts afterwards.
    let server = &tls.server;
    server.admin("POST", "sys/mounts/pki", json!({ "type": "pki" })).await;
    let root = server
        .admin("POST", "pki/root/generate/internal", json!({ "common_name": "tests", "ttl": "24h" }))
        .await;
    let role = json!({ "allow_any_name": true, "enforce_hostnames": false, "client_flag": true });
    server.admin("POST", "pki/roles/ours", role).await;
    let issued =
        server.admin("POST", "pki/issue/ours", json!({ "common_name": "strongroom", "ttl": "1h" })).await;
    let text = |name: &str| issued["data"][name].as_str().unwrap().to_owned();
    server.enable("cert", "cert").await;
    let trusted = json!({ "certificate": root["data"]["certificate"], "token_policies": [account.policy] });
    server.admin("POST", "auth/cert/certs/ours", trusted).await;
    let mut section = account.section();
    section.extend([
        ("ca_path", tls.authority()),
        ("auth", "cert".to_owned()),
        ("cert_path", tls.write("client.pem", &text("certificate"))),
        ("key_path", tls.write("client.key", &text("private_key"))),
    ]);
    for role in [None, Some("ours")] {
        let section: Vec<_> =
            section.iter().cloned().chain(role.map(|role| ("role", role.to_owned()))).collect();
        let backend = open(&section, namespace()).await.unwrap();
        let (payload, labels) = (Payload::new("text".into()), Labels::new(SecretId(Uuid::new_v4()), ""));
        let (object, uid) = (ObjectId(Uuid::new_v4()), VersionUid(Uuid::new_v4()));
        let at = backend.put(&NewVersion::new(object, uid, &payload, &labels)).await.unwrap();
        assert_eq!(backend.get(object, &at).await.unwrap().expose(), b"text");
    }
    section.push(("role", "another".to_owned()));
    let error = open(&section, namespace()).await.unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
    assert!(error.to_string().contains("`cert_path`"), "{error}");
}
