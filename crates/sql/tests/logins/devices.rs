//! Logins with a browser.

use super::noted;
use crate::common::Claimed;
use futures::future::join_all;
use std::time::Duration;
use strongroom_core::ErrorKind;
use strongroom_sql::{
    TrailFilter,
    identities::{Decision, NewDevice, Polled},
};
use uuid::Uuid;

fn new_device(claimed: &Claimed, byte: u8) -> NewDevice {
    NewDevice {
        id: Uuid::new_v4(),
        client: Uuid::new_v4(),
        key: claimed.seal,
        code: vec![byte; 32],
        user_code: vec![byte; 32],
        agent: "a program".into(),
        address: Some("192.0.2.1".into()),
        lifetime: Duration::from_secs(300),
        pause: Duration::from_secs(5),
        most: (3, 4),
    }
}

pub(crate) async fn a_login_with_a_browser_is_decided_and_told_once(claimed: &Claimed) {
    let catalog = &claimed.catalog;
    let decide = async |id: Uuid, decision: Decision| {
        catalog.decide_device(id, decision, noted(claimed, "device.test")).await.unwrap()
    };
    let entries = async || {
        let filter = TrailFilter { action: Some("device.test".into()), ..TrailFilter::default() };
        catalog.audit_trail(&filter, 0, 100).await.unwrap().len()
    };
    let yes = Decision::Approved(claimed.owner, 7);
    let new = new_device(claimed, 1);
    assert!(catalog.add_device(new.clone()).await.unwrap());
    let found = catalog.device_by_user_code(&[1; 32]).await.unwrap().unwrap();
    assert_eq!((found.id, found.client, found.decided), (new.id, new.client, None));
    assert_eq!((found.agent.as_str(), found.address.as_deref()), ("a program", Some("192.0.2.1")));
    assert_eq!(found.expires.since(found.created), Duration::from_secs(300));
    assert!(catalog.device_by_user_code(&[2; 32]).await.unwrap().is_none());
    assert_eq!(catalog.poll_device(new.id).await.unwrap(), Polled::Waiting);
    assert_eq!(catalog.poll_device(new.id).await.unwrap(), Polled::TooOften);
    // Two who decide at once: one does.
    let both = join_all([decide(new.id, yes), decide(new.id, Decision::Denied)]).await;
    assert_eq!(both.iter().filter(|done| **done).count(), 1);
    assert_eq!(entries().await, 1, "with its audit entry, and without one for what came too late");
    let decided = if both[0] { yes } else { Decision::Denied };
    assert_eq!(catalog.device(new.id).await.unwrap().unwrap().decided, Some(decided));
    // Two who fetch at once: one is told.
    let told = join_all([catalog.poll_device(new.id), catalog.poll_device(new.id)]).await;
    let told: Vec<Polled> = told.into_iter().map(Result::unwrap).collect();
    assert!(told.contains(&Polled::Decided(decided)) && told.contains(&Polled::Gone), "{told:?}");
    assert!(!decide(new.id, yes).await);

    let over = NewDevice { lifetime: Duration::ZERO, ..new_device(claimed, 2) };
    assert!(catalog.add_device(over.clone()).await.unwrap());
    assert!(!decide(over.id, yes).await, "too late");
    assert_eq!(catalog.poll_device(over.id).await.unwrap(), Polled::Expired);
    assert_eq!(catalog.poll_device(over.id).await.unwrap(), Polled::Gone);

    let first = new_device(claimed, 3);
    for new in [first.clone(), new_device(claimed, 4), new_device(claimed, 5)] {
        assert!(catalog.add_device(new).await.unwrap());
    }
    assert!(!catalog.add_device(new_device(claimed, 6)).await.unwrap(), "three from one address");
    let elsewhere = |byte| NewDevice { address: None, ..new_device(claimed, byte) };
    assert!(catalog.add_device(elsewhere(7)).await.unwrap());
    assert!(!catalog.add_device(elsewhere(8)).await.unwrap(), "four in all");
    let again = NewDevice { client: first.client, ..new_device(claimed, 9) };
    assert!(!catalog.add_device(again.clone()).await.unwrap(), "whatever it calls itself");
    assert!(catalog.device(first.id).await.unwrap().is_some(), "nobody ends another one's");
    assert!(decide(first.id, Decision::Denied).await);
    assert_eq!(catalog.poll_device(first.id).await.unwrap(), Polled::Decided(Decision::Denied));
    let twin = NewDevice { client: first.client, ..new_device(claimed, 7) };
    assert_eq!(
        catalog.add_device(twin).await.unwrap_err().kind(),
        ErrorKind::Conflict,
        "a code that is taken"
    );
    assert!(catalog.add_device(again.clone()).await.unwrap());
    assert!(decide(again.id, Decision::Denied).await);
    assert_eq!(catalog.poll_device(again.id).await.unwrap(), Polled::Decided(Decision::Denied));

    let ended = NewDevice { client: first.client, lifetime: Duration::ZERO, ..new_device(claimed, 10) };
    assert!(catalog.add_device(ended.clone()).await.unwrap());
    tokio::time::sleep(Duration::from_millis(5)).await;
    catalog.forget_devices().await.unwrap();
    assert!(catalog.device(ended.id).await.unwrap().is_none());
}
