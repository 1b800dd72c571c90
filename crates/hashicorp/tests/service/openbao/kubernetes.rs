//! The login of a pod. The server asks the cluster whose token it was shown; here a stand-in of that one question
//! (`TokenReview`) is the cluster.

use super::logins::{namespace, put, refuses, works};
use crate::common::{
    Account, open,
    standin::{Asked, Said, StandIn},
    through,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::{
    fs,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use strongroom_testkit::{cloud::OTHER_AUTHORITY, wire::Wire};
use tempfile::TempDir;

const POD: &str = "strongroom";
const SPACE: &str = "secrets";
const UID: &str = "0c6f4f63-0000-4000-8000-5d5d34d8a5f0";

/// A cluster that knows some tokens of one account, and counts which it was shown.
#[derive(Clone, Default)]
struct Cluster(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    valid: Vec<String>,
    shown: Vec<String>,
}

impl Cluster {
    /// A token as the cluster gives to a pod. Who signed it, nobody but the cluster can tell.
    fn token(&self, number: u32) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({
            "iss": "https://kubernetes.default.svc", "aud": ["vault"], "jti": number.to_string(),
            "sub": format!("system:serviceaccount:{SPACE}:{POD}"), "exp": 4_000_000_000_u64, "iat": 1_700_000_000,
            "kubernetes.io": { "namespace": SPACE, "serviceaccount": { "name": POD, "uid": UID } },
        });
        let signature = URL_SAFE_NO_PAD.encode([7; 64]);
        let token = format!("{}.{}.{signature}", part(json!({ "alg": "ES256", "typ": "JWT" })), part(claims));
        self.0.lock().unwrap().valid = vec![token.clone()];
        token
    }

    fn answer(&self, asked: &Asked) -> Said {
        assert_eq!(asked.what, "POST /apis/authentication.k8s.io/v1/tokenreviews");
        let token = asked.body["spec"]["token"].as_str().unwrap().to_owned();
        // Without a token of its own, the server asks with the pod's.
        assert_eq!(asked.headers["authorization"], format!("Bearer {token}"));
        let mut known = self.0.lock().unwrap();
        known.shown.push(token.clone());
        if !known.valid.contains(&token) {
            return (
                401,
                json!({ "kind": "Status", "status": "Failure", "reason": "Unauthorized", "code": 401 }),
            );
        }
        let user = json!({
            "username": format!("system:serviceaccount:{SPACE}:{POD}"), "uid": UID,
            "groups": ["system:serviceaccounts", format!("system:serviceaccounts:{SPACE}"), "system:authenticated"],
        });
        let status = json!({ "authenticated": true, "user": user, "audiences": ["vault"] });
        (201, json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status }))
    }

    fn shown(&self) -> Vec<String> {
        let mut shown = self.0.lock().unwrap().shown.clone();
        shown.dedup();
        shown
    }
}

/// A pod: the file with its token, and the section of a back-end in it.
struct Pod {
    cluster: Cluster,
    _standin: StandIn,
    _directory: TempDir,
    file: String,
    account: Account,
    section: Vec<(&'static str, String)>,
}

impl Pod {
    /// Whose logins are for tokens that live so long.
    async fn new(ttl: &str, max: &str) -> Self {
        let (cluster, account) = (Cluster::default(), Account::new().await);
        let answering = cluster.clone();
        let standin = StandIn::new(move |asked| answering.answer(asked)).await;
        let mount = format!("cluster-{}", account.prefix);
        let server = &account.server;
        server.enable("kubernetes", &mount).await;
        let config = json!({
            "kubernetes_host": standin.url, "kubernetes_ca_cert": OTHER_AUTHORITY, "disable_local_ca_jwt": true,
        });
        server.admin("POST", &format!("auth/{mount}/config"), config).await;
        let role = json!({
            "bound_service_account_names": [POD], "bound_service_account_namespaces": [SPACE], "audience": "vault",
            "token_policies": [account.policy], "token_ttl": ttl, "token_max_ttl": max,
        });
        server.admin("POST", &format!("auth/{mount}/role/ours"), role).await;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token").to_str().unwrap().to_owned();
        let mut section = account.section();
        section.extend([
            ("auth", "kubernetes".to_owned()),
            ("auth_mount", mount),
            ("role", "ours".to_owned()),
            ("jwt_path", file.clone()),
        ]);
        let pod = Self { cluster, _standin: standin, _directory: directory, file, account, section };
        pod.renew(1);
        pod
    }

    /// The cluster gives another token, as it does every hour, and takes the one before no longer.
    fn renew(&self, number: u32) -> String {
        let token = self.cluster.token(number);
        fs::write(&self.file, &token).unwrap();
        token
    }
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn by_the_token_of_a_pod() {
    let pod = Pod::new("1h", "1h").await;
    works(&pod.section).await;
    assert_eq!(pod.cluster.shown().len(), 1, "the cluster was not asked");
    refuses(&pod.section, "role", "nobodys-role").await;
    // A token that the cluster no longer takes, given as it is.
    let old = pod.renew(2);
    pod.renew(3);
    let mut section = pod.section.clone();
    section.retain(|(key, _)| *key != "jwt_path");
    section.push(("jwt", String::new()));
    refuses(&section, "jwt", &old).await;
    works(&pod.section).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_pods_login_is_renewed_and_repeated_with_the_token_that_it_has_then() {
    let pod = Pod::new("2s", "3s").await;
    let first = pod.cluster.0.lock().unwrap().valid[0].clone();
    let wire = Wire::to(&pod.account.server.url).await;
    let backend = open(&through(&pod.section, &wire.url()), namespace()).await.unwrap();
    let (object, at) = put(&*backend, "text").await.unwrap();
    let second = pod.renew(2);
    let end = Instant::now() + Duration::from_secs(5);
    while Instant::now() < end {
        backend.get(object, &at).await.unwrap();
        put(&*backend, "more").await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(wire.count("POST", "/v1/auth/token/renew-self") >= 1, "nothing was renewed");
    let logins = wire.count("POST", "/v1/auth/cluster-*/login");
    assert!((2..6).contains(&logins), "{logins} logins");
    assert_eq!(pod.cluster.shown(), [first, second]);
}
