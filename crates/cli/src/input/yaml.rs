//! YAML maps, read event by event: so the style of each scalar is known, and a number is not taken for a text.

use super::{
    map::{Pairs, Wrong, not_text},
    plain::what_else,
};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};
use secrecy::SecretString;
use strongroom_core::SecretValues;

/// Reads a YAML mapping of texts. An empty document is none: whatever should have written it may have failed.
///
/// What `may_be_json` has no line break inside quotes: JSON has none, and the space that YAML takes it for is not what was
/// pasted there.
pub(super) fn read(text: &str, may_be_json: bool) -> Result<SecretValues, Wrong> {
    let mut events = Events { parser: Parser::new_from_str(text), may_be_json };
    let mut pairs = Pairs::default();
    let mut map_seen = false;
    loop {
        match events.next()? {
            Event::StreamEnd => break,
            Event::MappingStart(_, tag) if !map_seen => {
                refuse_tag(tag.as_deref(), "map")?;
                map_seen = true;
                read_pairs(&mut events, &mut pairs)?;
            }
            Event::MappingStart(..) => {
                return Err(content("there is more than one document; write one map"));
            }
            // `---` and nothing behind it.
            Event::Scalar(text, ScalarStyle::Plain, ..) if !map_seen && text.is_empty() => {}
            Event::Scalar(..) | Event::SequenceStart(..) | Event::Alias(_) => {
                return Err(content("a map of keys and values is expected, such as {\"key\": \"value\"}"));
            }
            _ => {}
        }
    }
    if !map_seen {
        return Err(content("there is nothing in it; write {} for a map without keys"));
    }
    Ok(pairs.finish())
}

fn read_pairs(events: &mut Events<'_>, pairs: &mut Pairs) -> Result<(), Wrong> {
    loop {
        let key = match events.next()? {
            Event::MappingEnd => return Ok(()),
            Event::Scalar(text, style, _, tag) => {
                if let Some(what) = not_a_text(&text, style, tag.as_deref())? {
                    return Err(Wrong::Content(format!("the key `{text}` is {what}; quote it")));
                }
                text
            }
            Event::Alias(_) => return Err(content("an alias is a key; write it out")),
            _ => return Err(content("a key is a list or a map; only text can be one")),
        };
        let value = match events.next()? {
            Event::Scalar(text, style, _, tag) => match not_a_text(&text, style, tag.as_deref())? {
                None => SecretString::from(&*text),
                Some(what) => return Err(not_text(&key, what)),
            },
            Event::SequenceStart(..) => return Err(not_text(&key, "a list")),
            Event::MappingStart(..) => return Err(not_text(&key, "a map")),
            Event::Alias(_) => return Err(not_text(&key, "an alias")),
            _ => return Err(not_text(&key, "missing")),
        };
        pairs.add(&key, value)?;
    }
}

/// What a scalar is if it is no text.
fn not_a_text(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Option<&'static str>, Wrong> {
    if tag.is_some() {
        return refuse_tag(tag, "str").map(|()| None);
    }
    Ok(if style == ScalarStyle::Plain { what_else(text) } else { None })
}

/// Only the tag that says what the thing is anyway is let through: `!!binary` would have to be decoded.
fn refuse_tag(tag: Option<&Tag>, allowed: &str) -> Result<(), Wrong> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == allowed) => {
            Err(content("there is a tag (`!...`); only text is kept: leave the tag out and quote the text"))
        }
        _ => Ok(()),
    }
}

fn content(text: &str) -> Wrong {
    Wrong::Content(text.to_owned())
}

struct Events<'a> {
    parser: Parser<'a, StrInput<'a>>,
    may_be_json: bool,
}

impl<'a> Events<'a> {
    fn next(&mut self) -> Result<Event<'a>, Wrong> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                if self.may_be_json && is_quoted(&event) && span.start.line() != span.end.line() {
                    let line = span.start.line();
                    return Err(Wrong::Content(format!(
                        "line {line}: there is a line break inside quotes; write \\n in its place"
                    )));
                }
                Ok(event)
            }
            Some(Err(error)) => Err(syntax(&error)),
            None => Ok(Event::StreamEnd),
        }
    }
}

fn is_quoted(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(_, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, ..))
}

/// The parser's words are dropped: they may quote a character of the text.
fn syntax(error: &ScanError) -> Wrong {
    Wrong::Syntax { line: error.marker().line(), column: error.marker().col() + 1 }
}
