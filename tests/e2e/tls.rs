//! A certificate that is replaced while people are connected.

use crate::{server::Server, support::Home};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName},
};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

/// A certificate and its key, in PEM and as it is seen by who connects.
struct Made {
    cert: String,
    key: String,
    der: CertificateDer<'static>,
}

impl Made {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Self { cert: made.cert.pem(), key: made.signing_key.serialize_pem(), der: made.cert.der().clone() }
    }
}

/// A connection that is kept open.
struct Link(StreamOwned<ClientConnection, TcpStream>);

impl Link {
    fn new(server: &Server, known: &[&Made]) -> Self {
        let mut roots = RootCertStore::empty();
        known.iter().for_each(|made| roots.add(made.der.clone()).unwrap());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let tls = ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut link = Self(StreamOwned::new(tls, stream));
        link.asks();
        link
    }

    /// Makes a request and reads the whole answer, whose head it tells; the connection stays.
    fn asks(&mut self) -> String {
        self.asks_for("localhost")
    }

    /// The same under another name of the server.
    fn asks_for(&mut self, host: &str) -> String {
        self.0.write_all(format!("GET /health HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes()).unwrap();
        let mut answer = Vec::new();
        let mut byte = [0];
        while !answer.ends_with(b"\r\n\r\n") {
            self.0.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        let head = String::from_utf8(answer).unwrap().to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        let (_, rest) = head.split_once("content-length: ").unwrap();
        let mut body = vec![0; rest.lines().next().unwrap().parse().unwrap()];
        self.0.read_exact(&mut body).unwrap();
        head
    }

    fn certificate(&self) -> CertificateDer<'static> {
        self.0.conn.peer_certificates().unwrap()[0].clone().into_owned()
    }
}

/// As tools that renew certificates do: whole or not at all.
fn replace(path: &Path, text: &str) {
    let next = path.with_extension("next");
    std::fs::write(&next, text).unwrap();
    std::fs::rename(next, path).unwrap();
}

#[test]
fn browsers_are_told_to_keep_to_tls_but_not_with_localhost() {
    let made = Made::new();
    for (listen, host, told) in [
        ("127.0.0.1:0", "secrets.example", false),
        ("[::]:0", "secrets.example:8237", true),
        // As a container's port is published.
        ("[::]:0", "localhost:8237", false),
    ] {
        let home = Home::new();
        let mut command = home.command(["serve", "--listen", listen]);
        command.env("STRONGROOM_SERVER_TLS_CERT", home.file("cert.pem", &made.cert));
        command.env("STRONGROOM_SERVER_TLS_KEY", home.file("key.pem", &made.key));
        let server = Server::start_as(command);
        let head = Link::new(&server, &[&made]).asks_for(host);
        assert_eq!(
            head.contains("\r\nstrict-transport-security: max-age=31536000\r\n"),
            told,
            "{listen} {host}: {head}"
        );
    }
}

#[test]
fn a_new_certificate_is_taken_over_and_open_connections_go_on() {
    let home = Home::new();
    let (old, new) = (Made::new(), Made::new());
    let (cert, key) = (home.path("cert.pem"), home.path("key.pem"));
    replace(&cert, &old.cert);
    replace(&key, &old.key);
    let server = Server::start_with(
        &home,
        &[
            ("STRONGROOM_SERVER_TLS_CERT", &home.arg("cert.pem")),
            ("STRONGROOM_SERVER_TLS_KEY", &home.arg("key.pem")),
        ],
    );
    let mut open = Link::new(&server, &[&old]);
    assert_eq!(open.certificate(), old.der);

    // One file alone fits nothing: the old pair stays. The files are looked at every 5 s.
    replace(&cert, &new.cert);
    let half = Instant::now();
    while half.elapsed() < Duration::from_secs(6) {
        open.asks();
        assert_eq!(Link::new(&server, &[&old, &new]).certificate(), old.der);
        sleep(Duration::from_millis(200));
    }
    replace(&key, &new.key);
    let whole = Instant::now();
    loop {
        open.asks();
        if Link::new(&server, &[&old, &new]).certificate() == new.der {
            break;
        }
        assert!(whole.elapsed() < Duration::from_secs(30), "the new certificate was not taken over");
        sleep(Duration::from_millis(200));
    }
    // The one that was opened before goes on, under the certificate that it was opened with.
    for _ in 0..5 {
        open.asks();
        sleep(Duration::from_millis(100));
    }
    assert_eq!(open.certificate(), old.der);
    Link::new(&server, &[&new]).asks();
}
