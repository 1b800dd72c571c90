//! Rows for people, aligned, and for pipes, separated by tabs.

use super::Data;
use crate::{
    escape::{write_field, write_visible},
    secret_text::SecretText,
};
use secrecy::ExposeSecret;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// Rows under a head.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// The names of the columns, in lower case.
    pub(crate) head: Vec<&'static str>,
    /// The rows, each with as many cells as the head has.
    pub(crate) rows: Vec<Vec<Data>>,
}

impl Table {
    /// Without rows.
    pub(crate) fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [Data; N]) {
        self.rows.push(cells.into());
    }

    /// In columns; nothing but the caption if there are no rows.
    pub(super) fn aligned(&self, caption: Option<&str>) -> SecretText {
        let mut out = SecretText::default();
        if let Some(caption) = caption {
            // Writing here never fails, nor below.
            let _ = write_visible(&mut out, caption);
            out.push('\n');
        }
        if self.rows.is_empty() {
            return out;
        }
        let head: Vec<_> = self.head.iter().map(|name| name.to_uppercase()).collect();
        let rows: Vec<Vec<SecretText>> =
            self.rows.iter().map(|row| row.iter().map(|cell| shown(cell, Mode::Visible)).collect()).collect();
        let widths: Vec<usize> = (0..head.len())
            .map(|at| {
                let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.as_str().width());
                cells.chain([head[at].width()]).max().unwrap_or(0)
            })
            .collect();
        line(&mut out, head.iter().map(String::as_str), &widths);
        for row in &rows {
            line(&mut out, row.iter().map(SecretText::as_str), &widths);
        }
        out
    }

    /// Tab-separated values with a head. Tabs, newlines and backslashes in cells are escaped with a backslash.
    pub(super) fn separated(&self) -> SecretText {
        let mut out = SecretText::default();
        out.push_str(&self.head.join("\t"));
        out.push('\n');
        for row in &self.rows {
            for (i, cell) in row.iter().enumerate() {
                if i > 0 {
                    out.push('\t');
                }
                out.push_str(shown(cell, Mode::Field).as_str());
            }
            out.push('\n');
        }
        out
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Visible,
    Field,
}

fn shown(cell: &Data, mode: Mode) -> SecretText {
    let mut out = SecretText::default();
    let mut escaped = |text: &str| {
        // Writing here never fails.
        let _ = match mode {
            Mode::Visible => write_visible(&mut out, text),
            Mode::Field => write_field(&mut out, text),
        };
    };
    match cell {
        Data::Null | Data::List(_) | Data::Map(_) => {}
        Data::Bool(value) => escaped(if *value { "true" } else { "false" }),
        Data::Number(number) => escaped(&number.to_string()),
        Data::Text(text) => escaped(text),
        Data::Secret(text) => escaped(text.expose_secret()),
    }
    out
}

fn line<'a>(out: &mut SecretText, cells: impl ExactSizeIterator<Item = &'a str>, widths: &[usize]) {
    let last = cells.len().saturating_sub(1);
    for (i, cell) in cells.enumerate() {
        out.push_str(cell);
        if i < last {
            let padding = widths[i].saturating_sub(cell.width()) + 2;
            let _ = write!(out, "{:padding$}", "");
        }
    }
    out.push('\n');
}
