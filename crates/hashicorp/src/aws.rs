//! A signed question to AWS, "who am I?", which Vault asks in our name.

use aws_lc_rs::{digest, hmac};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretString};
use std::{collections::BTreeMap, fmt::Write as _};
use time::{OffsetDateTime, macros::format_description};

const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
const SERVICE: &str = "sts";

/// The keys to sign with.
pub(crate) struct Signer {
    pub(crate) region: String,
    pub(crate) key_id: String,
    pub(crate) secret: SecretString,
    pub(crate) session: Option<SecretString>,
    /// What the server wants to see in a header, so that a question meant for another one is worth nothing.
    pub(crate) server: Option<String>,
}

/// A signed request, its parts in base64.
pub(crate) struct Signed {
    pub(crate) url: String,
    pub(crate) body: String,
    pub(crate) headers: String,
}

impl Signer {
    /// Signs the question for the present time.
    pub(crate) fn sign(&self) -> Signed {
        self.sign_at(OffsetDateTime::now_utc())
    }

    /// The region's STS. China's has a domain of its own.
    fn host(&self) -> String {
        let china = if self.region.starts_with("cn-") { ".cn" } else { "" };
        format!("sts.{}.amazonaws.com{china}", self.region)
    }

    fn sign_at(&self, now: OffsetDateTime) -> Signed {
        let stamp = format_description!("[year][month][day]T[hour][minute][second]Z");
        // The format has nothing that a date lacks.
        let stamp = now.format(&stamp).unwrap_or_default();
        let date = stamp.split('T').next().unwrap_or_default();
        let host = self.host();
        let mut headers = BTreeMap::from([
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned()),
            ("host", host.clone()),
            ("x-amz-date", stamp.clone()),
        ]);
        if let Some(session) = &self.session {
            headers.insert("x-amz-security-token", session.expose_secret().to_owned());
        }
        if let Some(server) = &self.server {
            headers.insert("x-vault-aws-iam-server-id", server.clone());
        }
        let names = headers.keys().copied().collect::<Vec<_>>().join(";");
        let mut canonical = String::from("POST\n/\n\n");
        for (name, value) in &headers {
            let _ = writeln!(canonical, "{name}:{value}");
        }
        let _ = write!(canonical, "\n{names}\n{}", hash(BODY.as_bytes()));
        let scope = format!("{date}/{}/{SERVICE}/aws4_request", self.region);
        let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hash(canonical.as_bytes()));
        let signature = hex(mac(key(&self.secret, date, &self.region, SERVICE).as_ref(), &text).as_ref());
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.key_id
        );
        headers.insert("authorization", authorization);
        let headers: BTreeMap<_, _> = headers.into_iter().map(|(name, value)| (name, [value])).collect();
        Signed {
            url: STANDARD.encode(format!("https://{host}/")),
            body: STANDARD.encode(BODY),
            headers: STANDARD.encode(serde_json::to_string(&headers).unwrap_or_default()),
        }
    }
}

/// The key of a day, a region and a service.
fn key(secret: &SecretString, date: &str, region: &str, service: &str) -> hmac::Tag {
    let first = zeroize::Zeroizing::new(format!("AWS4{}", secret.expose_secret()));
    let mut tag = mac(first.as_bytes(), date);
    for part in [region, service, "aws4_request"] {
        tag = mac(tag.as_ref(), part);
    }
    tag
}

fn mac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

fn hash(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    /// The example of AWS's documents on signature version 4.
    #[test]
    fn the_signature_is_the_documented_one() {
        let secret = SecretString::from("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let key = key(&secret, "20150830", "us-east-1", "iam");
        let text = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n\
                    f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";
        assert_eq!(hex(key.as_ref()), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
        let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        assert_eq!(hex(mac(key.as_ref(), text).as_ref()), signature);
    }

    #[test]
    fn each_region_has_an_sts() {
        for (region, host) in [
            ("us-east-1", "sts.us-east-1.amazonaws.com"),
            ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
        ] {
            let (key_id, secret) = ("AKID".to_owned(), "the-secret".into());
            let signer = Signer { region: region.to_owned(), key_id, secret, session: None, server: None };
            assert_eq!(signer.host(), host);
        }
    }

    #[test]
    fn the_question_names_the_server_and_holds_no_key() {
        let signer = Signer {
            region: "eu-west-1".into(),
            key_id: "AKID".into(),
            secret: "the-secret".into(),
            session: Some("the-session".into()),
            server: Some("vault.example.com".into()),
        };
        let signed = signer.sign_at(datetime!(2026-01-02 03:04:05 UTC));
        let text = |part: &str| String::from_utf8(STANDARD.decode(part).unwrap()).unwrap();
        assert_eq!(text(&signed.url), "https://sts.eu-west-1.amazonaws.com/");
        let headers = text(&signed.headers);
        for part in
            ["\"x-vault-aws-iam-server-id\":[\"vault.example.com\"]", "20260102T030405Z", "AKID/20260102"]
        {
            assert!(headers.contains(part), "{headers}");
        }
        assert!(!headers.contains("the-secret"));
    }
}
