//! Hundreds of processes killed at random moments, several at a time.

use super::worker::Worker;
use crate::support::Home;
use std::{
    thread::{self, sleep},
    time::{Duration, SystemTime},
};

/// How many are killed in each test at least.
const KILLS: u32 = 300;

/// A lease that is soon over, since many die with the lock.
fn quick(mut home: Home) -> Home {
    home.set("STRONGROOM_ENGINE_LEASE_MS", "1500");
    home.set("STRONGROOM_ENGINE_LATE_MS", "1500");
    home.set("STRONGROOM_ENGINE_HISTORY", "4");
    home
}

/// Kills, and looks that nothing acknowledged is lost and nothing is there in half.
#[expect(clippy::print_stdout, reason = "shown if the test fails")]
fn survives(home: &Home) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seed = u64::try_from(now.as_micros()).unwrap();
    println!("seed {seed}");
    home.ok(["secret", "create", "first", "--k=v"]);
    let (mut killed, mut acknowledged) = (0, 0);
    let secrets: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..2_u64)
            .map(|n| {
                scope.spawn(move || {
                    let mut worker = Worker::new(home, &format!("w{n}"), seed ^ n);
                    while worker.killed < KILLS / 2 {
                        worker.step();
                    }
                    worker
                })
            })
            .collect();
        let mut workers: Vec<Worker<'_>> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
        for worker in &mut workers {
            (killed, acknowledged) = (killed + worker.killed, acknowledged + worker.acknowledged);
            for n in 0..worker.secrets.len() {
                let read = worker.read(&worker.secrets[n].name);
                worker.secrets[n].saw(read);
            }
        }
        workers.into_iter().flat_map(|worker| worker.secrets).collect()
    });
    println!("{killed} killed, {acknowledged} acknowledged");
    assert!(killed >= KILLS && acknowledged > 20, "there was something to lose");

    let listed = home.json(["secret", "list", "--size", "1000"]);
    let mut listed: Vec<_> = listed.as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    listed.sort_unstable();
    let there = secrets.iter().filter(|known| known.may_be[0].is_some()).map(|known| known.name.as_str());
    let mut expected: Vec<_> = there.chain(["first"]).collect();
    expected.sort_unstable();
    assert_eq!(listed, expected);
    let mut versions = 0;
    for name in expected {
        for version in home.json(["secret", "versions", name]).as_array().unwrap() {
            home.ok(["secret", "get", name, "--revision", &version["revision"].to_string()]);
            versions += 1;
        }
    }
    let status = home.json(["status"]);
    let counted: u64 = status["versions"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(versions, counted, "every row can be read");
}

/// After what the dead left is old enough, nothing of it is left.
fn comes_clean(home: &Home) {
    let first = home.json(["repair"]);
    assert_eq!((&first["unknown"], &first["failed"]), (&0.into(), &0.into()), "{first}");
    assert_eq!(home.json(["status"])["open_attempts"], 0);
    sleep(Duration::from_millis(1600));
    home.ok(["repair"]);
    let report = home.json(["repair"]);
    assert!(report["unread_database"].is_null(), "{report}");
    let counts =
        report.as_object().unwrap().iter().filter(|(_, count)| !count.is_array() && !count.is_null());
    for (what, count) in counts {
        assert_eq!(count, 0, "{what}: {report}");
    }
    let status = home.json(["status"]);
    assert_eq!((&status["open_attempts"], &status["to_be_removed"]), (&0.into(), &0.into()));
}

#[test]
fn what_was_acknowledged_survives() {
    let home = quick(Home::new());
    survives(&home);
    comes_clean(&home);
}

#[test]
fn what_was_acknowledged_survives_in_a_store() {
    let home = quick(Home::with_directory());
    survives(&home);
    comes_clean(&home);
    assert_eq!(home.known(), home.kept().len() as u64, "the store holds what the database knows of");
}
