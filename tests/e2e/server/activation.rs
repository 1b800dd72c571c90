//! Accounts that wait to be activated.

use super::{Answer, Server, id};
use crate::support::Home;
use serde_json::{Value, json};

#[test]
fn what_an_admin_decides_about_an_account_ends_the_token_that_activates_it() {
    let home = Home::new();
    let server = Server::start(&home);
    let admin = server.admin();
    let put = |path: &str, body: Value| server.call(&admin, "PUT", path, &body);
    let token = |answer: &Answer| {
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["body"]["activation_token"].as_str().unwrap().to_owned()
    };
    let activate = |token: &str| {
        let body = json!({"activation_token": token, "password": "of-somebody-else"});
        server.call("", "PUT", "/users/eva/activate", &body)
    };
    let login = |password: &str| server.login(&format!("username=eva&password={password}")).is_ok();
    let made = json!({"name": "eva", "is_admin": false, "password": "a-password-of-eva"});
    id(&server.call(&admin, "POST", "/users", &made));

    let wrong = activate("wrong");
    assert_eq!(wrong.status, 401, "{wrong:?}");
    let old = token(&put("/users/eva/deactivate", Value::Null));
    assert!(!login("a-password-of-eva"));
    assert_eq!(put("/users/eva", json!({"active": true})).status, 200);
    let refused = activate(&old);
    assert_eq!((refused.status, &refused.body), (wrong.status, &wrong.body));
    assert!(login("a-password-of-eva") && !login("of-somebody-else"));

    // Saying again that it is inactive ends a token, too; a change of anything else does not.
    let old = token(&put("/users/eva/deactivate", Value::Null));
    assert_eq!(put("/users/eva", json!({"active": false})).status, 200);
    assert_eq!(activate(&old).body, wrong.body);
    let new = token(&put("/users/eva/deactivate", Value::Null));
    assert_eq!(put("/users/eva", json!({"full_name": "Eva"})).status, 200);
    let activated = activate(&new);
    assert_eq!((activated.status, &activated.body["body"]["active"]), (200, &json!(true)), "{activated:?}");
    assert!(login("of-somebody-else") && !login("a-password-of-eva"));
    assert_eq!(activate(&new).body, wrong.body);
}
