//! Fields of an answer that its description does not have.

use serde_json::{Value, json};

/// The fields of a body, by their paths, that none of these schemas describes. A schema that describes no fields allows
/// any.
pub(super) fn undescribed(components: &Value, schemas: &[&Value], body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(components, schemas, body, "", &mut found);
    found
}

fn look(components: &Value, schemas: &[&Value], body: &Value, place: &str, found: &mut Vec<String>) {
    let mut parts = Vec::new();
    schemas.iter().for_each(|schema| unfold(components, schema, &mut parts));
    let described: Vec<_> = parts.iter().filter_map(|part| part["properties"].as_object()).collect();
    for (name, value) in body.as_object().into_iter().flatten() {
        let place = format!("{place}.{name}");
        let fields: Vec<&Value> = described.iter().filter_map(|fields| fields.get(name)).collect();
        // A map has a schema for the values behind whatever keys.
        let others = parts.iter().map(|part| &part["additionalProperties"]).filter(|other| other.is_object());
        let fields = if fields.is_empty() { others.collect() } else { fields };
        if !fields.is_empty() {
            look(components, &fields, value, &place, found);
        } else if !described.is_empty() {
            found.push(place);
        }
    }
    let items: Vec<&Value> =
        parts.iter().map(|part| &part["items"]).filter(|items| items.is_object()).collect();
    for item in body.as_array().into_iter().flatten() {
        look(components, &items, item, &format!("{place}[]"), found);
    }
}

/// A schema with all that it refers to and is made of.
fn unfold<'a>(components: &'a Value, schema: &'a Value, parts: &mut Vec<&'a Value>) {
    if let Some(name) = schema["$ref"].as_str() {
        let known = name.rsplit('/').next().and_then(|name| components.get(name));
        unfold(components, known.unwrap_or_else(|| panic!("{name} is not described")), parts);
    }
    for made_of in ["oneOf", "anyOf", "allOf"] {
        for one in schema[made_of].as_array().into_iter().flatten() {
            unfold(components, one, parts);
        }
    }
    parts.push(schema);
}

#[test]
fn a_field_that_is_not_described_is_noticed_wherever_it_is() {
    let components = json!({"Inner": {"properties": {"a": {"type": "string"}}}});
    let inner = json!({"$ref": "#/components/schemas/Inner"});
    let right = json!({"a": "x"});
    let wrong = json!({"a": "x", "b": "x"});
    let nothing: [&str; 0] = [];
    for around in [
        json!({"properties": {"f": inner}}),
        json!({"properties": {"f": {"oneOf": [{"type": "null"}, inner]}}}),
        json!({"properties": {"f": {"anyOf": [{"properties": {"c": {}}}, inner]}}}),
        json!({"allOf": [{"properties": {"f": {"allOf": [inner]}}}]}),
        json!({"additionalProperties": inner}),
    ] {
        assert_eq!(undescribed(&components, &[&around], &json!({"f": right})), nothing, "{around}");
        assert_eq!(undescribed(&components, &[&around], &json!({"f": wrong})), [".f.b"], "{around}");
        let list = json!({"oneOf": [{"items": around}]});
        assert_eq!(undescribed(&components, &[&list], &json!([{"f": right}, {"f": wrong}])), ["[].f.b"]);
    }
}
