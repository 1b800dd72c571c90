//! The page on which a person approves a login: plain HTML, nothing to run, nothing from elsewhere.

use super::page::escape;
use std::time::Duration;

/// What the page may load and where its form may go.
pub(super) const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A login that waits, as its person has to see it.
pub(super) struct Shown<'a> {
    pub(super) code: &'a str,
    pub(super) account: &'a str,
    pub(super) agent: &'a str,
    pub(super) address: &'a str,
    pub(super) age: Duration,
    pub(super) ticket: &'a str,
}

fn frame(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>Strongroom: {0}</title>\n<link rel=\"stylesheet\" \
         href=\"/docs/style.css\">\n<h1>{0}</h1>\n{body}",
        escape(title)
    )
}

/// Asks for the code, and for name and password.
pub(super) fn ask(code: &str, name: &str, problem: Option<&str>) -> String {
    let problem = problem.map(|text| format!("<p role=\"alert\"><strong>{}</strong></p>\n", escape(text)));
    frame(
        "Log a program in",
        &format!(
            "{}<p>A program wants to act under your name. Go on only if you started it yourself just now.</p>\n\
             <form method=\"post\" action=\"/devices/verify\" class=\"login\">\n\
             <label>Code that the program shows <input name=\"user_code\" value=\"{}\" required maxlength=\"20\" \
             autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\"></label>\n\
             <label>Name <input name=\"username\" value=\"{}\" required autocomplete=\"username\"></label>\n\
             <label>Password <input name=\"password\" type=\"password\" required \
             autocomplete=\"current-password\"></label>\n\
             <button>Go on</button>\n</form>\n",
            problem.unwrap_or_default(),
            escape(code),
            escape(name)
        ),
    )
}

/// Shows who asks from where, and asks for the decision.
pub(super) fn confirm(shown: &Shown<'_>) -> String {
    frame(
        "Approve this login?",
        &format!(
            "<table>\n<tr><th>Code<td><code>{}</code>\n<tr><th>Program<td>{}\n<tr><th>Address<td>{}\n\
             <tr><th>Asked<td>{} seconds ago\n<tr><th>It would act as<td>{}\n</table>\n\
             <p>Approve only if the code is the one that your own program shows. Whoever sent you a link to this page \
             would get your access.</p>\n\
             <form method=\"post\" action=\"/devices/verify\" class=\"login\">\n\
             <input type=\"hidden\" name=\"ticket\" value=\"{}\">\n\
             <button name=\"decision\" value=\"approve\">Approve</button>\n\
             <button name=\"decision\" value=\"deny\">Deny</button>\n</form>\n",
            escape(shown.code),
            escape(shown.agent),
            escape(shown.address),
            shown.age.as_secs(),
            escape(shown.account),
            escape(shown.ticket)
        ),
    )
}

/// Says how it ended.
pub(super) fn told(title: &str, text: &str) -> String {
    frame(title, &format!("<p>{}</p>\n", escape(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_cannot_leave_its_place() {
        let hostile = "\"><script>&";
        let shown = Shown {
            code: hostile,
            account: hostile,
            agent: hostile,
            address: hostile,
            age: Duration::from_secs(3),
            ticket: hostile,
        };
        let pages = [ask(hostile, hostile, Some(hostile)), confirm(&shown), told(hostile, hostile)];
        for page in pages {
            assert!(!page.contains("<script") && page.contains("&quot;&gt;&lt;script&gt;&amp;"), "{page}");
        }
    }
}
