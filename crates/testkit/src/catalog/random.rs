//! Random secrets, filters and viewers, for comparing lists.

use super::names::DISTINCT;
use crate::{Broken, Random};
use strongroom_core::{
    Glob, Names, SecretFilter, SecretMeta, Timestamp,
    filter::{Condition, DateOp, Logic, Sort, SortField, TextOp},
};
use strongroom_engine::Viewer;

const SORTS: [SortField; 6] = [
    SortField::Id,
    SortField::Name,
    SortField::Private,
    SortField::Created,
    SortField::Updated,
    SortField::User,
];

/// Parts of names that mean something to some database or other.
const PARTS: &[&str] = &[
    "a", "A", "b", "db", "DB/", "/", "%", "_", "\\", "'", "\"", "*", "é", "e\u{301}", "É", "😀", " ", "-",
    "\\%", "%a", "K", "\u{212a}", "ß", "\n", ":", "[", "]", "?", "#", "0", "ı", "I", "",
];

/// A name.
pub(super) fn name(random: &mut Random) -> String {
    if random.one_in(3) {
        return (*random.pick(DISTINCT)).to_owned();
    }
    (0..random.below(5)).map(|_| *random.pick(PARTS)).collect()
}

/// A filter that often matches some of these secrets.
pub(super) fn filter(random: &mut Random, secrets: &[SecretMeta]) -> SecretFilter {
    let mut filter = SecretFilter::new();
    for _ in 0..random.below(4) {
        filter = filter.condition(condition(random, secrets));
    }
    let logic = if random.one_in(3) { Logic::Any } else { Logic::All };
    let sort = Sort { by: *random.pick(&SORTS), descending: random.one_in(2) };
    let size = *random.pick(&[1, 2, 3, 7, 20, 1000, 10_000]);
    let page = if random.one_in(2) { 1 } else { u32::try_from(random.below(5)).unwrap_or(0) };
    filter.logic(logic).sort(sort).size(size).page(page)
}

/// A viewer among the owners, who may list everything, nothing, or what some globs match.
pub(super) fn viewer(random: &mut Random, secrets: &[SecretMeta]) -> Result<Viewer, Broken> {
    let actor = random.pick(secrets).owner.id;
    let mut globs = Vec::new();
    for _ in 0..random.below(3) {
        globs.push(Glob::new(glob(random, secrets))?);
    }
    let names = if random.one_in(2) { Names::All } else { Names::Matching(globs.into()) };
    Ok(Viewer { actor, names })
}

fn glob(random: &mut Random, secrets: &[SecretMeta]) -> String {
    let literal = |text: &str| text.replace('\\', "\\\\").replace('*', "\\*");
    let any = |random: &mut Random| literal(random.pick::<&str>(PARTS));
    let whole = random.pick(secrets).name.as_str();
    match random.below(6) {
        0 => "*".into(),
        1 => literal(whole),
        2 => format!("{}*", literal(&part(random, whole))),
        3 => format!("*{}", literal(&part(random, whole))),
        4 => format!("{}*{}", any(random), any(random)),
        _ => format!("*{}*{}*", any(random), any(random)),
    }
}

fn condition(random: &mut Random, secrets: &[SecretMeta]) -> Condition {
    let secret = random.pick(secrets).clone();
    match random.below(12) {
        0..4 => Condition::Name(text_op(random, secret.name.as_str())),
        4 | 5 => {
            let id = secret.id.to_string();
            Condition::Id(text_op(random, &id))
        }
        6 => Condition::Created(date_op(random, secrets, secret.created)),
        7 => Condition::Updated(date_op(random, secrets, secret.updated)),
        8..11 => {
            let owner = &secret.owner;
            let text = match random.below(3) {
                0 => owner.name.clone(),
                1 => owner.full_name.clone(),
                _ => owner.id.to_string(),
            };
            Condition::User(text_op(random, &text))
        }
        _ => Condition::Private(random.one_in(2)),
    }
}

/// A text, or a part of it, perhaps with other letters, perhaps something else.
fn part(random: &mut Random, text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let from = random.below(chars.len() + 1);
    let to = from + random.below(chars.len() - from + 1);
    let part: String = chars[from..to].iter().collect();
    match random.below(8) {
        0 => part.to_ascii_uppercase(),
        1 => part.to_lowercase(),
        2 => part.to_uppercase(),
        3 => (*random.pick(PARTS)).to_owned(),
        4 => part.replace('-', ""),
        _ => part,
    }
}

fn text_op(random: &mut Random, text: &str) -> TextOp {
    let exact = if random.one_in(2) { text.to_owned() } else { part(random, text) };
    let part = part(random, text);
    let many = |random: &mut Random| {
        let mut texts = vec![exact.clone(), part.clone()];
        texts.truncate(random.below(3));
        texts.extend((0..random.below(3)).map(|_| name(random)));
        texts
    };
    match random.below(10) {
        0 => TextOp::Equals(exact),
        1 => TextOp::NotEquals(exact),
        2 => TextOp::Contains(part),
        3 => TextOp::NotContains(part),
        4 => TextOp::StartsWith(part),
        5 => TextOp::EndsWith(part),
        6 => TextOp::OneOf(many(random)),
        7 => TextOp::NotOneOf(many(random)),
        8 => TextOp::IsNull,
        _ => TextOp::IsNotNull,
    }
}

fn date_op(random: &mut Random, secrets: &[SecretMeta], at: Timestamp) -> DateOp {
    let near = |random: &mut Random| Timestamp(at.0 + [-1, 0, 0, 1][random.below(4)]);
    let date = near(random);
    let other = random.pick(secrets).updated;
    match random.below(11) {
        0 => DateOp::Equals(date),
        1 => DateOp::NotEquals(date),
        2 => DateOp::Gt(date),
        3 => DateOp::Gte(date),
        4 => DateOp::Lt(date),
        5 => DateOp::Lte(date),
        6 => DateOp::In(date, other),
        7 => DateOp::OneOf(if random.one_in(4) { Vec::new() } else { vec![date, other] }),
        8 => DateOp::NotOneOf(if random.one_in(4) { Vec::new() } else { vec![date, other] }),
        9 => DateOp::IsNull,
        _ => DateOp::IsNotNull,
    }
}
