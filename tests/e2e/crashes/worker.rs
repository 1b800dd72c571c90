//! Somebody who changes secrets with processes that are killed at any moment, and keeps the books.

use super::model::{Content, Known};
use crate::support::{Home, ended};
use std::{
    collections::BTreeMap, os::unix::process::ExitStatusExt as _, process::Child, thread::sleep,
    time::Duration,
};
use strongroom_testkit::Random;

/// How long the killer waits at most, at first.
const AT_FIRST: Duration = Duration::from_millis(30);

pub(super) struct Worker<'a> {
    home: &'a Home,
    random: Random,
    pub(super) secrets: Vec<Known>,
    /// How many processes were killed, and how many changes were acknowledged.
    pub(super) killed: u32,
    pub(super) acknowledged: u32,
    written: u32,
    change: Patience,
    rotation: Patience,
}

/// How long the killer waits at most. It follows the machine's pace, so that about a third of the processes survive.
#[derive(Clone, Copy)]
struct Patience(Duration);

impl Patience {
    /// The moment at which a process is killed.
    fn moment(self, random: &mut Random) -> Duration {
        let longest = usize::try_from(self.0.as_micros()).unwrap();
        Duration::from_micros(u64::try_from(random.below(longest)).unwrap())
    }

    fn learn(&mut self, survived: bool) {
        self.0 = if survived { self.0 * 9 / 10 } else { self.0 * 21 / 20 };
    }
}

impl<'a> Worker<'a> {
    /// Changes secrets of its own.
    pub(super) fn new(home: &'a Home, label: &str, seed: u64) -> Self {
        let secrets = (0..6).map(|n| Known::nothing(format!("{label}-{n}"))).collect();
        let (change, rotation) = (Patience(AT_FIRST), Patience(AT_FIRST));
        let random = Random::new(seed);
        Self { home, random, secrets, killed: 0, acknowledged: 0, written: 0, change, rotation }
    }

    /// One change of something, or a rotation of the key.
    pub(super) fn step(&mut self) {
        if self.random.one_in(15) {
            let child = self.home.spawn(["keys", "rotate"]);
            let moment = self.rotation.moment(&mut self.random);
            let survived = self.survived(child, moment);
            self.rotation.learn(survived);
            return;
        }
        let chosen = self.random.below(self.secrets.len());
        let mut known = self.secrets[chosen].clone();
        if known.may_be.len() > 1 {
            known.saw(self.read(&known.name));
        }
        let before = known.may_be[0].clone();
        let (after, child) = match &before {
            None => self.create(&known.name),
            Some(_) if self.random.one_in(5) => {
                (None, self.home.spawn(["secret", "delete", &known.name, "-y"]))
            }
            Some(content) => self.update(&known.name, content),
        };
        let moment = self.change.moment(&mut self.random);
        let survived = self.survived(child, moment);
        self.change.learn(survived);
        known.may_be = if survived { vec![after] } else { vec![before, after] };
        self.secrets[chosen] = known;
    }

    /// What is behind a name now.
    pub(super) fn read(&self, name: &str) -> Option<Content> {
        let ended = self.home.run(["-o", "json", "secret", "get", name]);
        match ended.code {
            0 => Some(Content::read(&serde_json::from_str(&ended.out).unwrap())),
            3 => None,
            _ => panic!("{name} cannot be read: {}", ended.err),
        }
    }

    fn create(&mut self, name: &str) -> (Option<Content>, Child) {
        let values: BTreeMap<_, _> = ["a", "b", "c"].map(|key| (key.to_owned(), self.value())).into();
        let child = self.home.spawn(["secret", "create", name, "-v", &Content::map(&values)]);
        (Some(Content { revision: 1, values }), child)
    }

    fn update(&mut self, name: &str, content: &Content) -> (Option<Content>, Child) {
        let changes: BTreeMap<_, _> = ["a", "b"].map(|key| (key.to_owned(), self.value())).into();
        let child = self.home.spawn(["secret", "update", name, "-v", &Content::map(&changes)]);
        let mut after = content.clone();
        after.revision += 1;
        after.values.extend(changes);
        (Some(after), child)
    }

    /// Long enough for several pages of the database, and never the same.
    fn value(&mut self) -> String {
        self.written += 1;
        format!("{} {}, ", self.random.bits(), self.written).repeat(1 + self.random.below(150))
    }

    /// Kills a process after a while; whether it had done its work before.
    fn survived(&mut self, mut child: Child, moment: Duration) -> bool {
        sleep(moment);
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        if output.status.signal() == Some(9) {
            self.killed += 1;
            return false;
        }
        let ended = ended(output);
        assert_eq!(ended.code, 0, "{}", ended.err);
        self.acknowledged += 1;
        true
    }
}
