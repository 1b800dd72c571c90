//! Accounts, API keys, grants, receipts and the audit log's readers, on each database.
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]

mod common;
#[path = "logins/devices.rs"]
mod devices;
#[path = "logins/pages.rs"]
mod pages;

use common::{
    Claimed, claimed, place,
    server::{Databases, Server},
};
use devices::a_login_with_a_browser_is_decided_and_told_once;
use futures::future::join_all;
use pages::pages_of_accounts_are_those_of_the_filter_language;
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use strongroom_core::{ErrorKind, Origin, OwnerId, Receipt, SecretId, Timestamp};
use strongroom_engine::{AuditEntry, Catalog as _, Noted};
use strongroom_sql::{
    Anchor, TrailFilter,
    identities::{
        AccountKind, AccountPatch, AccountRef, ApiKeyPatch, Changed, IdentityChange, NewAccount, NewApiKey,
        NewMac, Role, Scope,
    },
};
use uuid::Uuid;

fn noted(claimed: &Claimed, action: &'static str) -> Noted {
    Noted { entry: entry(claimed, action), auditor: claimed.auditor.clone() }
}

fn entry(claimed: &Claimed, action: &'static str) -> AuditEntry {
    AuditEntry {
        change: Uuid::new_v4(),
        actor: claimed.owner,
        action,
        secret: SecretId(Uuid::nil()),
        detail: "detail".into(),
        origin: Origin::new("test"),
        receipt: None,
    }
}

fn new_account(name: &str, role: Role) -> NewAccount {
    NewAccount {
        id: OwnerId(Uuid::new_v4()),
        name: name.into(),
        full_name: "Full Name".into(),
        kind: AccountKind::User,
        active: true,
        role,
        scope: Scope::All,
        description: "a remark".into(),
        email: Some("a@example.org".into()),
        password: Some(SecretString::from("$argon2id$hash")),
        activation: None,
    }
}

fn new_key(claimed: &Claimed, account: OwnerId, name: &str) -> NewApiKey {
    NewApiKey {
        id: Uuid::new_v4(),
        account,
        name: name.into(),
        description: String::new(),
        expires: None,
        mac: mac(claimed, 1),
    }
}

fn mac(claimed: &Claimed, byte: u8) -> NewMac {
    NewMac { key: claimed.seal, mac: vec![byte; 32] }
}

async fn change(claimed: &Claimed, change: IdentityChange) -> strongroom_core::Result<Changed> {
    claimed.catalog.change_identities(change, noted(claimed, "account.test")).await
}

async fn refused(claimed: &Claimed, refused: IdentityChange) -> ErrorKind {
    let before = claimed.catalog.auth_epoch().await.unwrap();
    let kind = change(claimed, refused).await.unwrap_err().kind();
    assert_eq!(claimed.catalog.auth_epoch().await.unwrap(), before, "what is refused moves nothing");
    kind
}

/// What changes nothing moves nothing; its entry is made all the same.
async fn idle(claimed: &Claimed, idle: IdentityChange) -> Changed {
    let filter = TrailFilter { action: Some("account.test".into()), ..TrailFilter::default() };
    let state = async || {
        let entries = claimed.catalog.audit_trail(&filter, 0, 100).await.unwrap().len();
        (claimed.catalog.auth_epoch().await.unwrap(), entries)
    };
    let (epoch, entries) = state().await;
    let changed = change(claimed, idle).await.unwrap();
    assert_eq!(state().await, (epoch, entries + 1));
    changed
}

/// What an account owns that is not removed for that: private and public secrets, and what is said of them.
async fn owned(claimed: &Claimed, removal: IdentityChange) -> ((u64, u64), String) {
    let before = claimed.catalog.auth_epoch().await.unwrap();
    let Changed::OwnsSecrets(owned) = change(claimed, removal).await.unwrap() else {
        panic!("it was removed")
    };
    assert_eq!(claimed.catalog.auth_epoch().await.unwrap(), before, "what is refused moves nothing");
    ((owned.private, owned.public), owned.to_string())
}

async fn accounts_are_made_changed_and_removed(claimed: &Claimed) {
    let catalog = &claimed.catalog;
    let before = catalog.auth_epoch().await.unwrap();
    let new = new_account("Ann", Role::Writer);
    let receipt = Receipt { id: Uuid::new_v4(), digest: [7; 32] };
    change(claimed, IdentityChange::AddAccount(new.clone(), Some(receipt))).await.unwrap();
    assert_eq!(catalog.auth_epoch().await.unwrap(), before + 1);
    // The same request, which did not look whether it was carried out.
    let twin = IdentityChange::AddAccount(new_account("Ann", Role::Writer), Some(receipt));
    assert_eq!(refused(claimed, twin).await, ErrorKind::Conflict);
    let kept = catalog.receipt(receipt.id).await.unwrap().unwrap();
    assert_eq!((kept.secret.0, kept.digest), (new.id.0, [7; 32]));
    let ann = catalog.account(AccountRef::Name("aNN")).await.unwrap().unwrap();
    assert_eq!((ann.id, ann.name.as_str(), ann.email.as_deref()), (new.id, "Ann", Some("a@example.org")));
    assert_eq!(ann.password.as_ref().unwrap().expose_secret(), "$argon2id$hash");
    assert!(!format!("{ann:?}").contains("argon2id"));

    let taken = IdentityChange::AddAccount(new_account("ANN", Role::Reader), None);
    assert_eq!(refused(claimed, taken).await, ErrorKind::AlreadyExists);

    let patch = AccountPatch {
        role: Some(Role::Reader),
        scope: Some(Scope::Granted),
        email: Some(None),
        password: Some(SecretString::from("other")),
        ..AccountPatch::default()
    };
    change(claimed, IdentityChange::PatchAccount(ann.id, patch)).await.unwrap();
    let changed = catalog.account(AccountRef::Id(ann.id)).await.unwrap().unwrap();
    assert_eq!((changed.role, changed.scope, changed.email), (Role::Reader, Scope::Granted, None));
    assert_eq!(changed.generation, ann.generation + 1, "a new password ends what was issued");
    let same = AccountPatch {
        role: Some(Role::Reader),
        email: Some(None),
        activation: Some(None),
        ..AccountPatch::default()
    };
    for patch in [AccountPatch::default(), same] {
        let patch = IdentityChange::PatchAccount(ann.id, patch);
        let Changed::Account(now) = idle(claimed, patch).await else { panic!("no account") };
        assert_eq!(
            (now.role, now.generation, now.updated),
            (Role::Reader, changed.generation, changed.updated)
        );
    }
    let stale = AccountPatch { at_generation: Some(ann.generation), ..AccountPatch::default() };
    assert_eq!(refused(claimed, IdentityChange::PatchAccount(ann.id, stale)).await, ErrorKind::Conflict);

    change(claimed, IdentityChange::RemoveAccount(ann.id)).await.unwrap();
    assert!(catalog.account(AccountRef::Id(ann.id)).await.unwrap().is_none());
    assert_eq!(refused(claimed, IdentityChange::RemoveAccount(ann.id)).await, ErrorKind::NotFound);
}

async fn the_last_admin_stays(claimed: &Claimed) {
    let demoted = AccountPatch { role: Some(Role::Writer), ..AccountPatch::default() };
    let demote = |id| IdentityChange::PatchAccount(id, demoted.clone());
    assert_eq!(refused(claimed, demote(claimed.owner)).await, ErrorKind::Conflict);
    assert_eq!(refused(claimed, IdentityChange::RemoveAccount(claimed.owner)).await, ErrorKind::Conflict);
    let other = new_account("other", Role::Admin);
    change(claimed, IdentityChange::AddAccount(other.clone(), None)).await.unwrap();
    // Both at once: one of them stays.
    let both = join_all([change(claimed, demote(claimed.owner)), change(claimed, demote(other.id))]).await;
    assert_eq!(both.iter().filter(|answer| answer.is_ok()).count(), 1);
}

async fn who_owns_secrets_is_not_removed(claimed: &Claimed) {
    let owner = new_account("owner", Role::Writer);
    change(claimed, IdentityChange::AddAccount(owner.clone(), None)).await.unwrap();
    let mut create = claimed.create("db", false, b"x");
    if let strongroom_engine::Subject::New { owner: of, .. } = &mut create.subject {
        *of = owner.id;
    }
    common::done(claimed.catalog.commit(&create).await.unwrap());
    let with_private = || IdentityChange::RemoveAccountAndPrivateSecrets(owner.id);
    assert_eq!(owned(claimed, IdentityChange::RemoveAccount(owner.id)).await.0, (0, 1));
    // Others read the public one: it stays, and so does whatever was to go with the account.
    let mut create = claimed.create("own", true, b"x");
    if let strongroom_engine::Subject::New { owner: of, .. } = &mut create.subject {
        *of = owner.id;
    }
    common::done(claimed.catalog.commit(&create).await.unwrap());
    let (counts, text) = owned(claimed, with_private()).await;
    assert!(counts == (1, 1) && text.contains("1 private and 1 public"), "{text}");
    assert!(claimed.catalog.account(AccountRef::Id(owner.id)).await.unwrap().is_some());
}

async fn private_secrets_go_with_their_owner_if_that_is_wanted(claimed: &Claimed) {
    let owner = new_account("alone", Role::Writer);
    change(claimed, IdentityChange::AddAccount(owner.clone(), None)).await.unwrap();
    for name in ["one", "two"] {
        let mut create = claimed.create(name, true, b"x");
        if let strongroom_engine::Subject::New { owner: of, .. } = &mut create.subject {
            *of = owner.id;
        }
        common::done(claimed.catalog.commit(&create).await.unwrap());
    }
    let (counts, text) = owned(claimed, IdentityChange::RemoveAccount(owner.id)).await;
    assert!(counts == (2, 0) && text.contains("with_private_secrets"), "{text}");
    change(claimed, IdentityChange::RemoveAccountAndPrivateSecrets(owner.id)).await.unwrap();
    assert!(claimed.catalog.account(AccountRef::Id(owner.id)).await.unwrap().is_none());
    // Each of them is in the audit log, by whoever removed the account.
    let filter = TrailFilter { action: Some("secret.delete".into()), ..TrailFilter::default() };
    let entries = claimed.catalog.audit_trail(&filter, 0, 100).await.unwrap();
    let said: Vec<_> = entries.iter().map(|entry| (entry.actor, entry.detail.as_str())).collect();
    // Without names, which whoever reads the log may not see.
    assert_eq!(said, [(claimed.owner, "private=true, with its owner's account"); 2]);
}

async fn keys_and_grants_are_part_of_a_principal(claimed: &Claimed) {
    let catalog = &claimed.catalog;
    let account = new_account("ci", Role::Reader);
    change(claimed, IdentityChange::AddAccount(account.clone(), None)).await.unwrap();
    let key = new_key(claimed, account.id, "one");
    change(claimed, IdentityChange::AddKey(key.clone(), None)).await.unwrap();
    let same = IdentityChange::AddKey(new_key(claimed, account.id, "one"), None);
    assert_eq!(refused(claimed, same).await, ErrorKind::AlreadyExists);
    for glob in ["prod/*", "prod/*", "dev"] {
        change(claimed, IdentityChange::AddGrant(account.id, glob.into())).await.unwrap();
    }
    idle(claimed, IdentityChange::AddGrant(account.id, "dev".into())).await;
    let principal = catalog.principal(account.id, Some(key.id)).await.unwrap();
    assert_eq!(principal.epoch, catalog.auth_epoch().await.unwrap());
    assert_eq!(principal.key.unwrap().mac, vec![1; 32]);
    let globs: Vec<_> = principal.grants.iter().map(|grant| grant.glob.as_str()).collect();
    assert_eq!(globs, ["dev", "prod/*"]);
    // Another account's key is none of this account's.
    assert!(catalog.principal(claimed.owner, Some(key.id)).await.unwrap().key.is_none());

    let rotated = IdentityChange::RotateKey(key.id, mac(claimed, 2), 60, None);
    let Changed::Key(rotated) = change(claimed, rotated).await.unwrap() else { panic!("no key") };
    let (_, previous, until) = rotated.previous.clone().unwrap();
    assert_eq!((rotated.mac.clone(), previous, rotated.generation), (vec![2; 32], vec![1; 32], 2));
    assert!(until > rotated.updated);
    // The next one is sent twice: what it made first is nobody's, and what was good before it stays.
    let receipt = Some(Receipt { id: Uuid::new_v4(), digest: [7; 32] });
    for text in [3, 4] {
        let sent = IdentityChange::RotateKey(key.id, mac(claimed, text), 5, receipt);
        let Changed::Key(rotated) = change(claimed, sent).await.unwrap() else { panic!("no key") };
        let (_, previous, _) = rotated.previous.clone().unwrap();
        assert_eq!((rotated.mac, previous, rotated.generation), (vec![text; 32], vec![2; 32], 3));
    }
    change(claimed, IdentityChange::RotateKey(key.id, mac(claimed, 5), 5, None)).await.unwrap();
    let late = IdentityChange::RotateKey(key.id, mac(claimed, 6), 5, receipt);
    assert_eq!(refused(claimed, late).await, ErrorKind::Conflict);
    let off = ApiKeyPatch { active: Some(false), ..ApiKeyPatch::default() };
    change(claimed, IdentityChange::PatchKey(key.id, off.clone())).await.unwrap();
    idle(claimed, IdentityChange::PatchKey(key.id, off)).await;
    let used = || async { catalog.api_key(key.id).await.unwrap().unwrap().last_used };
    let pace = Duration::from_secs(600);
    catalog.touch_api_key(key.id, pace).await.unwrap();
    let (first, active) = (used().await, catalog.api_key(key.id).await.unwrap().unwrap().active);
    assert!(first.is_some() && !active);
    catalog.touch_api_key(key.id, pace).await.unwrap();
    assert_eq!(used().await, first, "not more often");
    catalog.touch_api_key(key.id, Duration::ZERO).await.unwrap();
    assert!(used().await >= first);

    change(claimed, IdentityChange::RemoveGrant(account.id, "dev".into())).await.unwrap();
    let gone = IdentityChange::RemoveGrant(account.id, "dev".into());
    assert_eq!(refused(claimed, gone).await, ErrorKind::NotFound);
    change(claimed, IdentityChange::RemoveAccount(account.id)).await.unwrap();
    assert!(catalog.api_key(key.id).await.unwrap().is_none(), "keys go with their account");
}

async fn a_receipt_commits_with_its_change_and_once(claimed: &Claimed) {
    let catalog = &claimed.catalog;
    let receipt = Receipt { id: Uuid::new_v4(), digest: [7; 32] };
    let with = |name: &str| {
        let mut create = claimed.create(name, false, b"x");
        create.entry.receipt = Some(receipt);
        create
    };
    assert!(catalog.receipt(receipt.id).await.unwrap().is_none());
    let row = common::done(catalog.commit(&with("a")).await.unwrap());
    let received = catalog.receipt(receipt.id).await.unwrap().unwrap();
    assert_eq!(
        (received.digest, received.secret, received.revision),
        ([7; 32], row.meta.id, row.meta.revision)
    );
    // A repeat of the request that did not look commits nothing.
    let error = catalog.commit(&with("b")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert_eq!(catalog.summary().await.unwrap().secrets, 1);
    catalog.forget_receipts(Duration::from_secs(600)).await.unwrap();
    assert!(catalog.receipt(receipt.id).await.unwrap().is_some());
    tokio::time::sleep(Duration::from_millis(5)).await;
    catalog.forget_receipts(Duration::from_millis(1)).await.unwrap();
    assert!(catalog.receipt(receipt.id).await.unwrap().is_none());
}

async fn the_audit_log_is_read_and_pruned(claimed: &Claimed) {
    let catalog = &claimed.catalog;
    for action in ["secret.read", "secret.denied", "secretive", "account.create"] {
        catalog.append_audit(vec![noted(claimed, action), noted(claimed, action)]).await.unwrap();
    }
    let chains = catalog.audit_chains().await.unwrap();
    assert_eq!((chains.len(), chains[0].name.as_str(), chains[0].sequence), (1, "test", 8));
    let all = catalog.audit_trail(&TrailFilter::default(), 0, 100).await.unwrap();
    assert!(all.windows(2).all(|pair| pair[0].sequence > pair[1].sequence), "the newest first");
    let of = |action: &str| TrailFilter { action: Some(action.into()), ..TrailFilter::default() };
    assert_eq!(catalog.audit_trail(&of("secret"), 0, 100).await.unwrap().len(), 4);
    assert_eq!(catalog.audit_trail(&of("secret.read"), 1, 100).await.unwrap().len(), 1);
    let last = async |most| catalog.audit_last_before("test", Timestamp(i64::MAX), most).await.unwrap();
    assert_eq!(last(3).await, Some((3, all[5].mac.clone())));
    let (sequence, previous) = last(u64::MAX).await.unwrap();
    assert_eq!((sequence, &previous), (8, &all[0].mac));
    let anchor_at =
        |sequence| Anchor { sequence, previous: previous.clone(), key: claimed.seal, mac: vec![9; 32] };
    let anchor = anchor_at(sequence);
    // Whoever prunes less beside, or later, having looked before, takes nothing back.
    let prune = |sequence| catalog.prune_audit("test", anchor_at(sequence), noted(claimed, "audit.prune"));
    for one in futures::future::join_all([5, 8, 3].map(prune)).await {
        one.unwrap();
    }
    assert!(!prune(4).await.unwrap());
    let left = catalog.audit_trail(&TrailFilter::default(), 0, 100).await.unwrap();
    // Each that pruned something is an entry: one at least, and not the last.
    assert!((1..=3).contains(&left.len()), "{left:?}");
    assert!(left.iter().all(|one| one.sequence > 8 && one.action == "audit.prune"), "{left:?}");
    assert_eq!(catalog.audit_chains().await.unwrap()[0].anchor, Some(anchor));
}

async fn on_file<F: AsyncFnOnce(&Claimed)>(case: F) {
    let (_directory, path) = place();
    let claimed = claimed(&path).await;
    case(&claimed).await;
    claimed.catalog.close().await.unwrap();
}

async fn on<F: AsyncFnOnce(&Claimed)>(server: Server, case: F) {
    let databases = Databases::on(server);
    let claimed = claimed(&databases.fresh().await).await;
    case(&claimed).await;
    claimed.catalog.close().await.unwrap();
    databases.drop_all().await;
}

macro_rules! everywhere {
    ($($case:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $case() { super::on_file(super::$case).await; })*
        }
        mod postgres {
            $(#[tokio::test]
            #[ignore = "needs PostgreSQL: cargo xtask test"]
            async fn $case() { super::on(super::Server::Postgres, super::$case).await; })*
        }
        mod mariadb {
            $(#[tokio::test]
            #[ignore = "needs MariaDB: cargo xtask test"]
            async fn $case() { super::on(super::Server::MariaDb, super::$case).await; })*
        }
    };
}

everywhere! {
    pages_of_accounts_are_those_of_the_filter_language
    accounts_are_made_changed_and_removed
    the_last_admin_stays
    who_owns_secrets_is_not_removed
    private_secrets_go_with_their_owner_if_that_is_wanted
    keys_and_grants_are_part_of_a_principal
    a_login_with_a_browser_is_decided_and_told_once
    a_receipt_commits_with_its_change_and_once
    the_audit_log_is_read_and_pruned
}
