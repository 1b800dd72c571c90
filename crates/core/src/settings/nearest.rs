//! What somebody may have meant.

/// The one among `known` that differs from `word` by at most two typing errors (a letter missing, added,
/// changed, or two swapped), and by fewer than half of its letters; else the shortest that goes on behind `word` with an
/// underscore, as `lock_wait_ms` does behind `lock_wait`.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = 2.min((word.chars().count().max(1) - 1) / 2);
    let near = |candidate: &&str| distance(word, candidate);
    let known: Vec<&str> = known.into_iter().collect();
    let goes_on = |candidate: &&str| candidate.strip_prefix(word).is_some_and(|rest| rest.starts_with('_'));
    let longer = || known.iter().copied().filter(goes_on).min_by_key(|candidate| candidate.len());
    known.iter().copied().filter(|candidate| near(candidate) <= allowed).min_by_key(near).or_else(longer)
}

/// Edits between two words, a swap of neighbours being one.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for i in 0..from.len() {
        let mut row = vec![i + 1];
        for j in 0..to.len() {
            let changed = last[j] + usize::from(from[i] != to[j]);
            let mut least = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j] {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}
