//! An authority, and a certificate of it for this host.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{io, sync::Arc};

/// The authority's certificate in PEM form, and what a server needs. The authority's key is kept nowhere.
pub(crate) fn new() -> io::Result<(String, Arc<ServerConfig>)> {
    let failed = |_| io::Error::other("no certificate could be made");
    let key = KeyPair::generate().map_err(failed)?;
    let mut authority = named("vault authority", Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let pem = authority.self_signed(&key).map_err(failed)?.pem();
    let issuer = Issuer::new(authority, key);

    let own = KeyPair::generate().map_err(failed)?;
    let mut leaf = named("vault", vec!["localhost".into(), "127.0.0.1".into()])?;
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let leaf = leaf.signed_by(&own, &issuer).map_err(failed)?;

    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], private))
        .map_err(io::Error::other)?;
    Ok((pem, Arc::new(config)))
}

fn named(name: &str, hosts: Vec<String>) -> io::Result<CertificateParams> {
    let mut params = CertificateParams::new(hosts).map_err(io::Error::other)?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}
