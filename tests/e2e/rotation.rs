//! A rotation of the key while others work, and one that is killed.

use crate::{processes::kill_at_log, support::Home};
use serde_json::Value;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

/// The keys of a kind that the database has.
fn keys(home: &Home, kind: &str) -> Vec<Value> {
    let status = home.json(["status"]);
    let keys = status["keys"].as_array().unwrap().iter();
    keys.filter(|key| key["kind"] == kind).cloned().collect()
}

#[test]
fn nobody_who_reads_or_writes_notices_a_rotation() {
    let home = &Home::new();
    for name in ["w0", "w1", "w2", "r"] {
        home.ok(["secret", "create", name, "--n=0"]);
    }
    let over = AtomicBool::new(false);
    let others = thread::scope(|scope| {
        let going = || !over.load(Ordering::Relaxed);
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                scope.spawn(move || {
                    let (name, mut n) = (format!("w{writer}"), 0);
                    while going() {
                        n += 1;
                        home.ok(["secret", "update", &name, &format!("--n={n}")]);
                        assert_eq!(home.ok(["secret", "get", &name, "n"]), n.to_string());
                    }
                    (name, n)
                })
            })
            .collect();
        let reader = scope.spawn(move || {
            while going() {
                assert_eq!(home.ok(["secret", "get", "r", "n"]), "0");
            }
        });
        for _ in 0..6 {
            let destroyed = &home.json(["keys", "rotate"])["destroyed"];
            assert_eq!(destroyed.as_array().unwrap().len(), 1);
            for kind in ["digest", "audit"] {
                home.ok(["keys", "rotate", "--kind", kind]);
            }
        }
        over.store(true, Ordering::Relaxed);
        reader.join().unwrap();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect::<Vec<_>>()
    });
    for (name, n) in others {
        assert!(n > 1, "it wrote meanwhile");
        assert_eq!(home.ok(["secret", "get", &name, "n"]), n.to_string());
    }
    assert_eq!(keys(home, "seal").len(), 1);
}

#[test]
fn nobody_who_uses_a_store_notices_a_rotation() {
    let home = &Home::with_directory();
    home.ok(["secret", "create", "a", "--n=0"]);
    thread::scope(|scope| {
        let writer = scope
            .spawn(|| (1..=30).for_each(|n| drop(home.ok(["secret", "update", "a", &format!("--n={n}")]))));
        while !writer.is_finished() {
            for kind in ["seal", "digest", "audit"] {
                home.ok(["keys", "rotate", "--kind", kind]);
            }
        }
    });
    assert_eq!(home.json(["secret", "get", "a"])["revision"], 31);
    for version in home.json(["secret", "versions", "a"]).as_array().unwrap() {
        home.ok(["secret", "get", "a", "--revision", &version["revision"].to_string()]);
    }
}

/// Enough for a rotation to take a while.
fn many(home: &Home) {
    let value = "x".repeat(3_000);
    for n in 0..40 {
        home.ok(["secret", "create", &format!("s{n}"), &format!("--n={n}"), &format!("--x={value}")]);
        home.ok(["secret", "update", &format!("s{n}"), &format!("--n={n}, new")]);
    }
}

#[test]
fn a_rotation_killed_half_way_is_run_again() {
    let home = Home::new();
    many(&home);
    let old = keys(&home, "seal");
    let (mut kills, mut halves) = (0, 0);
    // All of it is some 500,000 bytes.
    for n in 0..30 {
        kills += u32::from(kill_at_log(&home, home.spawn(["keys", "rotate"]), 1 + n * 13_000));
        let seals = keys(&home, "seal");
        halves += u32::from(seals.iter().filter(|key| key["versions"].as_u64() > Some(0)).count() > 1);
        let sealed: u64 = seals.iter().map(|key| key["versions"].as_u64().unwrap()).sum();
        assert_eq!(sealed, 80, "{seals:?}");
        assert_eq!(seals.iter().filter(|key| key["active"] == true).count(), 1, "{seals:?}");
        assert_eq!(home.ok(["secret", "get", &format!("s{n}"), "n"]), format!("{n}, new"));
    }
    let rotated = home.json(["keys", "rotate"]);
    assert_eq!(rotated["kept"].as_array().unwrap().len(), 0);
    let seals = keys(&home, "seal");
    assert_eq!((seals.len(), &seals[0]["versions"]), (1, &80.into()));
    assert_ne!(seals[0]["id"], old[0]["id"]);
    for n in 0..40 {
        assert_eq!(home.ok(["secret", "get", &format!("s{n}"), "n"]), format!("{n}, new"));
        assert_eq!(home.ok(["secret", "get", &format!("s{n}"), "n", "--revision", "1"]), n.to_string());
    }
    assert!(halves > 0, "{kills} were killed, but never half way");
}
