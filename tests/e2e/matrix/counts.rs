//! What is counted, and that it names nothing.

use super::cast::Cast;
use crate::support::Home;
use serde_json::{Value, json};

#[test]
fn metrics_tell_what_a_store_costs() {
    let home = Home::with_directory();
    let cast = Cast::new(&home);
    let admin = cast.credential("admin");
    for name in ["one", "two"] {
        let body = json!({"name": name, "values": {"k": "v"}});
        assert_eq!(cast.server.call(&admin, "POST", "/secrets", &body).status, 200);
    }
    let text = cast.server.metrics();
    let labels = "{store=\"default\",operation=\"put\"}";
    let value = |metric: &str| -> f64 {
        let line = format!("strongroom_{metric}_total{labels} ");
        let found = text.lines().find_map(|one| one.strip_prefix(&line));
        found.unwrap_or_else(|| panic!("no {line} in {text}")).parse().unwrap()
    };
    let calls = value("store_calls");
    assert!(calls >= 2.0, "{text}");
    // The directory says that 10,000 calls are 0.05 dollars.
    assert!((value("store_estimated_cost_usd") - calls * 0.05 / 10_000.0).abs() < 1e-12, "{text}");
}

#[test]
fn metrics_count_and_name_nothing() {
    let home = Home::new();
    let cast = Cast::new(&home);
    let admin = cast.credential("admin");
    let body = json!({"name": "canary-name", "values": {"k": "canary"}});
    assert_eq!(cast.server.call(&admin, "POST", "/secrets", &body).status, 200);
    assert_eq!(cast.server.call(&admin, "GET", "/secrets/by-name/canary-name", &Value::Null).status, 200);
    let text = cast.server.metrics();
    let line = "strongroom_http_requests_total{method=\"GET\",route=\"/api/v1/secrets/by-name/{name}\",status=\"200\"} 1";
    assert!(text.contains(line), "{text}");
    assert!(
        text.contains("strongroom_cache_hits_total") && text.contains("strongroom_audit_works 1"),
        "{text}"
    );
    assert!(!text.contains("canary") && text.ends_with("# EOF\n"));
}
