//! The description of the API as a page: plain HTML, nothing to run.

use serde_json::Value;
use std::fmt::Write as _;

const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// The page of an OpenAPI document.
pub(super) fn of(document: &Value) -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>Strongroom API</title>\n<link rel=\"stylesheet\" \
         href=\"/docs/style.css\">\n",
    );
    let info = &document["info"];
    let _ = write!(
        page,
        "<h1>{} {}</h1>\n<p>{}</p>\n<p>The same for programs: <a href=\"/openapi.json\">openapi.json</a>. Unless it says \
         otherwise, a request needs <code>Authorization: Bearer TOKEN_OR_KEY</code>.</p>\n",
        text(&info["title"]),
        text(&info["version"]),
        text(&info["description"])
    );
    for tag in document["tags"].as_array().into_iter().flatten() {
        let _ = write!(page, "<h2>{}</h2>\n<p>{}</p>\n", text(&tag["name"]), text(&tag["description"]));
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for method in METHODS {
                let operation = &item[method];
                if operation["tags"].as_array().is_some_and(|tags| tags.contains(&tag["name"])) {
                    self::operation(&mut page, method, path, operation);
                }
            }
        }
    }
    page.push_str("<h2>Shapes</h2>\n");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let _ = writeln!(
            page,
            "<details id=\"{0}\"><summary><code>{0}</code> {1}</summary>",
            escape(name),
            text(&schema["description"])
        );
        fields(&mut page, schema);
        page.push_str("</details>\n");
    }
    page
}

fn operation(page: &mut String, method: &str, path: &str, operation: &Value) {
    let class = if operation["deprecated"] == true { " class=\"deprecated\"" } else { "" };
    let _ = writeln!(
        page,
        "<details{class}><summary><span class=\"method\">{}</span><code>{}</code> {}</summary>",
        method.to_uppercase(),
        escape(path),
        text(&operation["summary"])
    );
    if operation["description"].is_string() {
        let _ = writeln!(page, "<p>{}</p>", text(&operation["description"]));
    }
    if operation["security"].is_array() {
        page.push_str("<p>Needs no credentials.</p>\n");
    }
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        page.push_str("<table><tr><th>parameter<th>in<th>type<th>meaning\n");
        for one in parameters {
            let _ = writeln!(
                page,
                "<tr><td><code>{}</code><td>{}<td>{}<td>{}",
                text(&one["name"]),
                text(&one["in"]),
                kind(&one["schema"]),
                text(&one["description"])
            );
        }
        page.push_str("</table>\n");
    }
    for (content, body) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
        let _ = writeln!(page, "<p>Body, <code>{}</code>: {}</p>", escape(content), kind(&body["schema"]));
    }
    page.push_str("<table><tr><th>status<th>meaning<th>body\n");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let body = response["content"].as_object().and_then(|content| content.values().next());
        let _ = writeln!(
            page,
            "<tr><td>{}<td>{}<td>{}",
            escape(status),
            text(&response["description"]),
            body.map(|body| kind(&body["schema"])).unwrap_or_default()
        );
    }
    page.push_str("</table></details>\n");
}

fn fields(page: &mut String, schema: &Value) {
    page.push_str("<table>\n");
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let _ = writeln!(
            page,
            "<tr><td><code>{}</code><td>{}<td>{}",
            escape(name),
            kind(field),
            text(&field["description"])
        );
    }
    page.push_str("</table>\n");
}

/// What a schema is, in a few words and links.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#{0}\">{0}</a>", escape(name));
    }
    for word in ["oneOf", "anyOf", "allOf"] {
        if let Some(choices) = schema[word].as_array() {
            return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    let mut kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        one => text(one),
    };
    if schema["items"].is_object() {
        let _ = write!(kinds, " of {}", kind(&schema["items"]));
    }
    if schema["format"].is_string() {
        let _ = write!(kinds, " ({})", text(&schema["format"]));
    }
    kinds
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_document_says_cannot_leave_its_place() {
        let hostile = "<script>\"&";
        let operation =
            json!({"tags": ["t"], "summary": hostile, "responses": {"200": {"description": hostile}}});
        let document = json!({
            "info": {"title": hostile},
            "tags": [{"name": "t"}],
            "paths": {"/<a>": {"get": operation}},
        });
        let page = of(&document);
        assert!(
            !page.contains("<script>")
                && page.contains("&lt;script&gt;&quot;&amp;")
                && page.contains("/&lt;a&gt;")
        );
    }
}
