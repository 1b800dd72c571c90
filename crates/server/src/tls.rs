//! Certificates: read at the start, and again when the files change. Connections stay open meanwhile.

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use strongroom_core::{Error, ErrorKind, Result, shown_path};
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// The certificate in use.
#[derive(Clone)]
pub(crate) struct Tls(Arc<Inner>);

struct Inner {
    cert: PathBuf,
    key: PathBuf,
    /// When the files had been changed before they were read.
    read: Times,
    current: Mutex<TlsAcceptor>,
}

type Times = [Option<SystemTime>; 2];

impl Tls {
    /// Reads certificate and key.
    pub(crate) fn load(cert: &Path, key: &Path) -> Result<Self> {
        // Before they are read: what changes meanwhile is noticed, at worst once too often.
        let times = changed(cert, key);
        let current = Mutex::new(read(cert, key)?);
        Ok(Self(Arc::new(Inner { cert: cert.to_owned(), key: key.to_owned(), read: times, current })))
    }

    /// What the next connection is accepted with.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the files again when they change, until it is dropped. What cannot be read changes nothing.
    pub(crate) async fn watch(&self) {
        let mut seen = self.0.read;
        loop {
            tokio::time::sleep(LOOK).await;
            let now = changed(&self.0.cert, &self.0.key);
            if now == seen {
                continue;
            }
            match read(&self.0.cert, &self.0.key) {
                Ok(acceptor) => {
                    *self.0.current.lock().unwrap_or_else(PoisonError::into_inner) = acceptor;
                    seen = now;
                    tracing::info!(target: "strongroom::server", "the certificate was read again");
                }
                // The two files may be replaced one after the other.
                Err(error) => {
                    tracing::warn!(target: "strongroom::server", %error, "the old certificate stays")
                }
            }
        }
    }
}

fn changed(cert: &Path, key: &Path) -> Times {
    [cert, key].map(|file| std::fs::metadata(file).ok()?.modified().ok())
}

fn read(cert: &Path, key: &Path) -> Result<TlsAcceptor> {
    let wrong = |name: &str, file: &Path, why: &str| {
        Error::new(ErrorKind::ConfigInvalid, format!("server.{name}: {why}")).with("file", shown_path(file))
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|_| wrong("tls_cert", cert, "it cannot be read, or is no PEM file with certificates"))?;
    // What is no PEM at all has none, and that is no error of the reader's.
    if chain.is_empty() {
        let why = "the file holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----";
        return Err(wrong("tls_cert", cert, why));
    }
    let key_der = PrivateKeyDer::from_pem_file(key)
        .map_err(|_| wrong("tls_key", key, "it cannot be read, or is no PEM file with a private key"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key_der))
        .map_err(|_| wrong("tls_cert", cert, "certificate and key do not belong together"))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_told_as_such() {
        let directory = tempfile::tempdir().unwrap();
        let (cert, key) = (directory.path().join("cert.der"), directory.path().join("key.pem"));
        std::fs::write(&cert, [0x30, 0x82, 0x01, 0x0a]).unwrap();
        std::fs::write(&key, "none that is looked at\n").unwrap();
        let error = Tls::load(&cert, &key).err().unwrap();
        assert!(
            error.message().starts_with("server.tls_cert: the file holds no certificate in PEM"),
            "{error}"
        );
    }
}
