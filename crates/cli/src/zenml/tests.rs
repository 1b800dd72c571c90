//! What the variables of a ZenML server come to.

use super::*;
use serde_json::json;

fn of(vars: &[(&str, &str)]) -> Outcome<Translated> {
    translate(vars.iter().map(|(name, value)| (format!("ZENML_{name}"), (*value).to_owned())))
}

fn store(translated: &Translated) -> Vec<(&'static str, &str)> {
    translated.store.iter().map(|(key, value)| (*key, value.expose_secret())).collect()
}

#[test]
fn a_vault_is_configured_as_zenml_would() {
    let translated = of(&[
        ("SECRETS_STORE_TYPE", "hashicorp"),
        ("SECRETS_STORE_VAULT_ADDR", "https://vault.example:8200"),
        ("SECRETS_STORE_AUTH_METHOD", "app_role"),
        ("SECRETS_STORE_APP_ROLE_ID", "r"),
        ("SECRETS_STORE_APP_SECRET_ID", "s"),
        ("SECRETS_STORE_MAX_VERSIONS", "1"),
        ("SERVER_AUTH_SCHEME", "OAUTH2_PASSWORD_BEARER"),
    ])
    .unwrap();
    let expected = [
        ("address", "https://vault.example:8200"),
        ("auth", "approle"),
        ("role_id", "r"),
        ("secret_id", "s"),
        ("type", "hashicorp"),
    ];
    assert_eq!(store(&translated), expected);
    assert_eq!(translated.ignored, ["ZENML_SECRETS_STORE_MAX_VERSIONS", "ZENML_SERVER_AUTH_SCHEME"]);
}

#[test]
fn a_vault_with_a_login_of_aws_needs_no_keys_of_its_own() {
    let translated = of(&[
        ("SECRETS_STORE_TYPE", "hashicorp"),
        ("SECRETS_STORE_VAULT_ADDR", "https://vault.example:8200"),
        ("SECRETS_STORE_AUTH_METHOD", "aws"),
        ("SECRETS_STORE_AUTH_MOUNT_POINT", "team/aws"),
        ("SECRETS_STORE_AWS_ROLE", "ours"),
        ("SECRETS_STORE_AWS_HEADER_VALUE", "vault.example"),
    ])
    .unwrap();
    let expected = [
        ("address", "https://vault.example:8200"),
        ("auth", "aws"),
        ("auth_mount", "team/aws"),
        ("aws_header_value", "vault.example"),
        ("role", "ours"),
        ("type", "hashicorp"),
    ];
    assert_eq!(store(&translated), expected);
}

#[test]
fn aws_is_configured_by_json_or_by_the_older_names() {
    let role = |keys: serde_json::Value| {
        let mut config = json!({"region": "eu-west-1", "role_arn": "arn:x", "profile_name": null});
        config.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        let config = config.to_string();
        of(&[
            ("SECRETS_STORE_TYPE", "aws"),
            ("SECRETS_STORE_AUTH_METHOD", "iam-role"),
            ("SECRETS_STORE_AUTH_CONFIG", &config),
        ])
        .map_err(|failure| failure.line())
    };
    let keys = json!({"aws_access_key_id": "k", "aws_secret_access_key": "canary"});
    let expected = [
        ("access_key_id", "k"),
        ("region", "eu-west-1"),
        ("role_arn", "arn:x"),
        ("secret_access_key", "canary"),
        ("type", "aws"),
    ];
    assert_eq!(store(&role(keys).unwrap()), expected);
    // Somebody else's keys would be found on the host, and assume the role with them.
    for (keys, named) in [
        (json!({}), "access_key_id"),
        (json!({"aws_access_key_id": "k"}), "secret_access_key"),
        (json!({"aws_secret_access_key": "canary"}), "access_key_id"),
    ] {
        let line = role(keys).err().unwrap();
        assert!(line.contains(named) && !line.contains("canary"), "{line}");
    }
    let translated =
        of(&[("SECRETS_STORE_TYPE", "aws"), ("SECRETS_STORE_REGION_NAME", "eu-west-1")]).unwrap();
    assert_eq!(store(&translated), [("region", "eu-west-1"), ("type", "aws")]);
}

#[test]
fn google_cloud_is_configured_by_each_of_its_methods() {
    let key = r#"{"type": "service_account", "private_key": "canary"}"#;
    let of = |method: &str, config: serde_json::Value| {
        let config = config.to_string();
        of(&[
            ("SECRETS_STORE_TYPE", "gcp"),
            ("SECRETS_STORE_AUTH_METHOD", method),
            ("SECRETS_STORE_AUTH_CONFIG", &config),
        ])
        .map_err(|failure| failure.line())
    };
    let base = [("project", "p"), ("type", "gcp")];
    assert_eq!(store(&of("implicit", json!({"project_id": "p"})).unwrap()), base);
    let found = of(
        "user-account",
        json!({"project_id": "p", "user_account_json": key, "generate_temporary_tokens": true}),
    )
    .unwrap();
    assert_eq!(store(&found), [("credentials", key), base[0], base[1]]);
    assert_eq!(found.ignored, ["generate_temporary_tokens in ZENML_SECRETS_STORE_AUTH_CONFIG"]);
    // As text, in base64 as ZenML takes it too, and as an object.
    let packed = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, key);
    let object: serde_json::Value = serde_json::from_str(key).unwrap();
    for given in [json!(key), json!(packed), object.clone()] {
        let found = of("service-account", json!({"project_id": "p", "service_account_json": given})).unwrap();
        let credentials = found.store["credentials"].expose_secret();
        assert_eq!(serde_json::from_str::<serde_json::Value>(credentials).unwrap(), object);
    }
    let found = of("external-account", json!({"project_id": "p", "external_account_json": key})).unwrap();
    assert_eq!(store(&found), [("credentials", key), base[0], base[1]]);
    let found = of("oauth2-token", json!({"project_id": "p", "token": "t"})).unwrap();
    assert_eq!(store(&found), [("access_token", "t"), base[0], base[1]]);
    let whole = json!({"project_id": "p", "service_account_json": key, "target_principal": "a@b"});
    let found = of("impersonation", whole).unwrap();
    assert_eq!(store(&found), [("credentials", key), ("impersonate", "a@b"), base[0], base[1]]);
    for (method, config, named) in [
        // Other credentials than the ones that were meant would be looked for.
        ("service-account", json!({"project_id": "p"}), "credentials"),
        ("impersonation", json!({"project_id": "p", "service_account_json": key}), "impersonate"),
        ("oauth2-token", json!({"project_id": "p", "token": null}), "access_token"),
        ("implicit", json!({}), "project"),
        (
            "oauth2-token",
            json!({"project_id": "p", "token": "t", "service_account_email": "canary"}),
            "email",
        ),
        (
            "service-account",
            json!({"project_id": "p", "service_account_json": "canary"}),
            "service_account_json",
        ),
        ("canary", json!({}), "AUTH_METHOD"),
    ] {
        let line = of(method, config).err().unwrap();
        assert!(line.contains(named) && !line.contains("canary"), "{line}");
    }
}

#[test]
fn google_clouds_older_name_is_the_project_alone() {
    let translated = of(&[("SECRETS_STORE_TYPE", "gcp"), ("SECRETS_STORE_PROJECT_ID", "p")]).unwrap();
    // Credentials are found where GOOGLE_APPLICATION_CREDENTIALS says, as ZenML finds them.
    assert_eq!(store(&translated), [("project", "p"), ("type", "gcp")]);
}

#[test]
fn a_key_vault_is_configured_as_zenml_would() {
    let of = |vars: &[(&str, &str)]| {
        let base = [("SECRETS_STORE_TYPE", "azure"), ("SECRETS_STORE_KEY_VAULT_NAME", "v")];
        of(&[&base[..], vars].concat())
    };
    let principal = [
        ("auth", "client-secret"),
        ("client_id", "c"),
        ("client_secret", "s"),
        ("tenant_id", "t"),
        ("type", "azure"),
        ("vault", "v"),
    ];
    let found = of(&[
        ("SECRETS_STORE_AUTH_METHOD", "service-principal"),
        ("SECRETS_STORE_AUTH_CONFIG", r#"{"client_id": "c", "client_secret": "s", "tenant_id": "t"}"#),
    ])
    .unwrap();
    assert_eq!(store(&found), principal);
    let found = of(&[
        ("SECRETS_STORE_AZURE_CLIENT_ID", "c"),
        ("SECRETS_STORE_AZURE_CLIENT_SECRET", "s"),
        ("SECRETS_STORE_AZURE_TENANT_ID", "t"),
    ])
    .unwrap();
    assert_eq!(store(&found), principal, "by the older names");
    let found = of(&[
        ("SECRETS_STORE_AUTH_METHOD", "implicit"),
        ("SECRETS_STORE_AUTH_CONFIG", r#"{"subscription_id": "x", "tenant_id": "t"}"#),
    ])
    .unwrap();
    assert_eq!(store(&found), [("auth", "chain"), ("type", "azure"), ("vault", "v")]);
    assert_eq!(
        found.ignored,
        ["tenant_id", "subscription_id"].map(|name| format!("{name} in ZENML_SECRETS_STORE_AUTH_CONFIG"))
    );
    assert_eq!(store(&of(&[]).unwrap()), [("auth", "chain"), ("type", "azure"), ("vault", "v")]);
    for (vars, named) in [
        (&[("SECRETS_STORE_AUTH_METHOD", "access-token")][..], "AUTH_METHOD"),
        (&[("SECRETS_STORE_AUTH_METHOD", "service-principal")], "client_id"),
        (&[("SECRETS_STORE_AZURE_CLIENT_ID", "canary")], "AZURE_CLIENT_SECRET"),
        (
            &[
                ("SECRETS_STORE_AUTH_METHOD", "implicit"),
                ("SECRETS_STORE_AUTH_CONFIG", r#"{"client_secret": "canary"}"#),
            ],
            "client_secret",
        ),
    ] {
        let line = of(vars).err().unwrap().line();
        assert!(line.contains(named) && !line.contains("canary"), "{line}");
    }
}

#[test]
fn what_would_mean_something_else_is_refused_without_showing_values() {
    for (name, value) in [
        ("SECRETS_STORE_AUTH_CONFIG", r#"{"region": "r", "policy_arns": "canary"}"#),
        ("SECRETS_STORE_AUTH_CONFIG", "canary"),
        ("SECRETS_STORE_AUTH_CONFIG", r#"{"region": ["canary"]}"#),
        ("SECRETS_STORE_AUTH_METHOD", "canary"),
    ] {
        let failure = of(&[("SECRETS_STORE_TYPE", "aws"), (name, value)]).err().unwrap().line();
        assert!(failure.contains(name) && !failure.contains("canary"), "{failure}");
    }
    for kind in ["custom", "none", "canary"] {
        let failure = of(&[("SECRETS_STORE_TYPE", kind)]).err().unwrap().line();
        assert!(failure.contains("TYPE") && !failure.contains("canary"), "{failure}");
    }
}

#[test]
fn without_a_type_nothing_has_an_effect() {
    let translated = of(&[("SECRETS_STORE_VAULT_TOKEN", "canary"), ("STORE_URL", "mysql://canary")]).unwrap();
    assert!(translated.store.is_empty());
    assert_eq!(translated.ignored, ["ZENML_SECRETS_STORE_VAULT_TOKEN", "ZENML_STORE_URL"]);
}
