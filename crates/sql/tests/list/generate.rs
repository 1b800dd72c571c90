//! Random rows, filters and viewers, which often have something to do with each other.

use super::{
    check::Case,
    rows::{OWNER_COUNT, Rows, owner, row},
};
use std::collections::BTreeSet;
use strongroom_core::{
    Glob, Names, OwnerId, SecretFilter, SecretId, Timestamp,
    filter::{Condition, DateOp, Logic, Sort, SortField, TextOp},
};
use strongroom_engine::{NameKey, Viewer};
use strongroom_testkit::Random;
use uuid::Uuid;

pub(crate) const OWNERS: usize = OWNER_COUNT;

/// What texts are made of.
const PIECES: [&str; 48] = [
    "%",
    "_",
    "'",
    "\"",
    "\\",
    "|",
    "*",
    "?",
    "[",
    "]",
    "^",
    " ",
    "  ",
    "a",
    "A",
    "a",
    "A",
    "b",
    "B",
    "z",
    "Z",
    "@",
    "`",
    "{",
    "db",
    "DB",
    "é",
    "e\u{301}",
    "É",
    "ß",
    "İ",
    "\u{212a}",
    "🔑",
    "\u{d7ff}",
    "\u{e000}",
    "\u{fffd}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{10ffff}",
    "\u{1}",
    "\u{7f}",
    "\u{80}",
    "\t",
    "\n",
    "\r",
    "/",
    "-",
    "0",
];

const TIMES: [i64; 9] =
    [i64::MIN, -1, 0, 1, 1_767_225_600_000_000, 1_767_225_600_000_001, 1_767_225_601_000_000, 7, i64::MAX];

pub(crate) struct Generator(Random);

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }

    /// Secrets with different keys, as the catalog would have them.
    pub(crate) fn rows(&mut self, most: usize) -> Rows {
        let mut keys = BTreeSet::new();
        let mut rows = Vec::new();
        for _ in 0..most {
            let (name, private) = (self.name(), self.0.one_in(3));
            let by = self.0.below(OWNERS);
            let mut row = row(&name, private, by, *self.0.pick(&TIMES));
            row.updated = Timestamp(*self.0.pick(&TIMES));
            // Few different beginnings.
            let id = (u128::from(self.0.bits()) << 64) | u128::from(self.0.bits());
            row.id = SecretId(Uuid::from_u128(if self.0.one_in(2) { id } else { id >> 8 | 0xabcd << 112 }));
            if keys.insert(NameKey::of(&row)) {
                rows.push(row);
            }
        }
        Rows(rows)
    }

    fn name(&mut self) -> String {
        match self.0.below(20) {
            0 => "a".repeat(255),
            1 => "🔑".repeat(254) + "b",
            _ => self.text(4),
        }
    }

    fn text(&mut self, most: usize) -> String {
        (0..self.0.below(most + 1)).map(|_| *self.0.pick(&PIECES)).collect()
    }

    pub(crate) fn case(&mut self, rows: &Rows) -> Case {
        let actor = if self.0.one_in(6) { OwnerId(Uuid::nil()) } else { owner(self.0.below(OWNERS)).id };
        let names = if self.0.one_in(2) {
            Names::All
        } else {
            Names::Matching((0..self.0.below(4)).map(|_| self.glob(rows)).collect())
        };
        let mut filter = SecretFilter::new();
        for _ in 0..self.0.below(4) {
            filter = filter.condition(self.condition(rows));
        }
        let by = *self.0.pick(&[
            SortField::Id,
            SortField::Name,
            SortField::Private,
            SortField::Created,
            SortField::Updated,
            SortField::User,
        ]);
        let logic = if self.0.one_in(2) { Logic::All } else { Logic::Any };
        let size = *self.0.pick(&[1, 2, 3, 7, 20, 100, 10_000]);
        let page = *self.0.pick(&[1, 1, 1, 1, 2, 2, 3, 9, u32::MAX]);
        filter = filter.logic(logic).sort(Sort { by, descending: self.0.one_in(2) }).size(size).page(page);
        if self.0.one_in(50) {
            filter = filter.page(0).size(*self.0.pick(&[0, 20, 10_001]));
        }
        Case { viewer: Viewer { actor, names }, filter }
    }

    /// Part of a text that is there, changed a little now and then; or any.
    fn like(&mut self, text: &str) -> String {
        if self.0.one_in(8) {
            return self.text(3);
        }
        let chars: Vec<char> = text.chars().collect();
        let from = if self.0.one_in(2) { 0 } else { self.0.below(chars.len() + 1) };
        let to = if self.0.one_in(2) { chars.len() } else { from + self.0.below(chars.len() - from + 1) };
        let part: String = chars[from..to].iter().collect();
        match self.0.below(8) {
            0 => part.to_uppercase(),
            1 => part.to_ascii_lowercase(),
            2 => part + " ",
            3 => part + self.0.pick::<&str>(&PIECES),
            _ => part,
        }
    }

    fn operand(&mut self, rows: &Rows, field: &str) -> String {
        if rows.0.is_empty() {
            return self.text(2);
        }
        let row = self.0.pick(&rows.0).clone();
        let text = match (field, self.0.below(3)) {
            ("name", _) => row.name.to_string(),
            ("id", 0) => row.id.0.simple().to_string(),
            ("id", _) => row.id.to_string(),
            (_, 0) => row.owner.name,
            (_, 1) => row.owner.full_name,
            _ => row.owner.id.to_string(),
        };
        if self.0.one_in(3) { text } else { self.like(&text) }
    }

    fn text_op(&mut self, rows: &Rows, field: &str) -> TextOp {
        let which = self.0.below(12);
        let many = if self.0.one_in(30) { 700 } else { self.0.below(5) };
        let mut one = || self.operand(rows, field);
        match which {
            0 => TextOp::Equals(one()),
            1 => TextOp::NotEquals(one()),
            2 | 3 => TextOp::Contains(one()),
            4 => TextOp::NotContains(one()),
            5 | 6 => TextOp::StartsWith(one()),
            7 => TextOp::EndsWith(one()),
            8 => TextOp::OneOf((0..many).map(|_| one()).collect()),
            9 => TextOp::NotOneOf((0..many).map(|_| one()).collect()),
            10 => TextOp::IsNull,
            _ => TextOp::IsNotNull,
        }
    }

    fn date_op(&mut self) -> DateOp {
        let which = self.0.below(11);
        let many = if self.0.one_in(10) { 700 } else { self.0.below(5) };
        let mut one = || Timestamp(*self.0.pick(&TIMES));
        match which {
            0 => DateOp::Equals(one()),
            1 => DateOp::NotEquals(one()),
            2 => DateOp::Gt(one()),
            3 => DateOp::Gte(one()),
            4 => DateOp::Lt(one()),
            5 => DateOp::Lte(one()),
            6 => DateOp::In(one(), one()),
            7 => DateOp::OneOf((0..many).map(|_| one()).collect()),
            8 => DateOp::NotOneOf((0..many).map(|_| one()).collect()),
            9 => DateOp::IsNull,
            _ => DateOp::IsNotNull,
        }
    }

    fn condition(&mut self, rows: &Rows) -> Condition {
        match self.0.below(9) {
            0..3 => Condition::Name(self.text_op(rows, "name")),
            3 => Condition::Id(self.text_op(rows, "id")),
            4 => Condition::Created(self.date_op()),
            5 => Condition::Updated(self.date_op()),
            6 | 7 => Condition::User(self.text_op(rows, "user")),
            _ => Condition::Private(self.0.one_in(2)),
        }
    }

    /// A name with stars in place of parts of it, or stars between any texts.
    fn glob(&mut self, rows: &Rows) -> Glob {
        let escaped = |c: char| if matches!(c, '*' | '\\') { format!("\\{c}") } else { c.to_string() };
        let mut text = String::new();
        if self.0.one_in(3) || rows.0.is_empty() {
            for _ in 0..self.0.below(4) {
                text.extend(self.text(1).chars().map(escaped));
                text.push_str(if self.0.one_in(3) { "" } else { "*" });
            }
        } else {
            let name = self.0.pick(&rows.0).name.clone();
            for c in name.as_str().chars() {
                match self.0.below(4) {
                    0 => text.push('*'),
                    1 if c.len_utf8() > 1 => text.push('*'),
                    _ => text.push_str(&escaped(c)),
                }
            }
        }
        Glob::new(text).unwrap()
    }
}
