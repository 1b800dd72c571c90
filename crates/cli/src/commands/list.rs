//! `secret list`

use super::{Run, show};
use crate::{
    args::{Format, ListArgs},
    failure::Outcome,
};
use strongroom_core::{
    Error, ErrorKind, Result, SecretFilter,
    filter::{Logic, Sort},
};

/// Lists a page of secrets, never their values.
pub(super) async fn list(run: &mut Run<'_>, args: &ListArgs) -> Outcome {
    let filter = filter(args)?;
    filter.check()?;
    let page = run.secrets().await?.list(&filter).await?;
    let brief = run.format == Some(Format::Table) || (run.format.is_none() && run.console.shows_results());
    run.print(&show::many(&page.items, brief))?;
    if page.items.is_empty() {
        run.note("no secret is there that matches");
    } else if page.total_pages > 1 {
        // Also where nobody watches: a program must not take one page for everything.
        run.warn(&format!(
            "page {} of {}, {} of {} secrets; --page N and --size N show the others",
            page.index,
            page.total_pages,
            page.items.len(),
            page.total
        ));
    }
    Ok(())
}

/// The order; a direction that is misspelt would be the wrong one.
fn sort(text: &str) -> Result<Sort> {
    match text.split_once(':') {
        Some((direction, _)) if !matches!(direction, "asc" | "desc") => {
            let text = "--sort-by: the direction before the colon is asc or desc";
            Err(Error::new(ErrorKind::InvalidInput, text))
        }
        _ => Sort::parse(text),
    }
}

fn filter(args: &ListArgs) -> Result<SecretFilter> {
    let mut filter = SecretFilter::new()
        .logic(Logic::parse(&args.logical_operator)?)
        .sort(sort(&args.sort_by)?)
        .page(args.page)
        .size(args.size);
    let fields = [
        ("name", &args.name),
        ("id", &args.id),
        ("user", &args.user),
        ("created", &args.created),
        ("updated", &args.updated),
    ];
    for (field, texts) in fields {
        for text in texts {
            filter = filter.on(field, text)?;
        }
    }
    match &args.private {
        Some(text) => filter.on("private", text),
        None => Ok(filter),
    }
}
