//! What differs between runs, as JSON; the shape is described in `docs/json.md`.

use serde_json::{Map, Value, json};

use crate::diff::{Change, CodeChanges, Difference, MetricChange, Section, Several};

/// The version of both documents.
const VERSION: u32 = 1;

/// What differs between two runs.
pub fn difference(difference: &Difference) -> Value {
    let mut whole = Map::new();
    whole.insert("version".to_owned(), VERSION.into());
    whole.insert("a".to_owned(), json!(difference.a));
    whole.insert("b".to_owned(), json!(difference.b));
    for section in Section::ALL {
        let mut map = Map::new();
        for change in difference.section(section) {
            let has_groups = matches!(section, Section::Config | Section::Environment);
            let into = if has_groups { nested(&mut map, &change.group) } else { &mut map };
            into.insert(change.key.clone(), pair(change));
        }
        if section == Section::Code {
            map.extend(difference.code.as_ref().map(code));
        }
        if section == Section::Data && !difference.folders.is_empty() {
            map.insert("folders".to_owned(), json!(difference.folders));
        }
        if section == Section::Metrics {
            map.extend(difference.metrics.iter().map(|change| (change.name.clone(), metric(change))));
        }
        if !map.is_empty() {
            whole.insert(section.name().to_owned(), map.into());
        }
    }
    whole.into()
}

/// In what several runs disagree.
pub fn several(several: &Several) -> Value {
    let columns: Vec<Value> = several
        .columns
        .iter()
        .map(|column| json!({"section": column.section, "group": column.group, "key": column.key}))
        .collect();
    let runs: Vec<Value> = several
        .subjects
        .iter()
        .zip(&several.rows)
        .map(|(subject, row)| {
            let mut values = Map::new();
            for (column, value) in several.columns.iter().zip(row) {
                let Some(value) = value else { continue };
                let into = nested(&mut values, column.section.name());
                let into = if column.group.is_empty() { into } else { nested(into, &column.group) };
                into.insert(column.key.clone(), value.clone());
            }
            let mut run = json!(subject);
            run["values"] = values.into();
            run
        })
        .collect();
    json!({"version": VERSION, "columns": columns, "runs": runs, "also": several.also})
}

fn nested<'a>(map: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let entry = map.entry(key.to_owned()).or_insert_with(|| Value::Object(Map::new()));
    if !entry.is_object() {
        *entry = Value::Object(Map::new());
    }
    entry.as_object_mut().expect("it was made one a line above")
}

/// A side that has no value has no key: null is a value.
fn pair(change: &Change) -> Value {
    let sides = [("a", &change.a), ("b", &change.b)];
    let sides = sides.into_iter().filter_map(|(side, value)| Some((side.to_owned(), value.clone()?)));
    Value::Object(sides.collect())
}

fn code(code: &CodeChanges) -> (String, Value) {
    match code {
        CodeChanges::Files(files) => ("files".to_owned(), json!(files)),
        CodeChanges::Missing(trees) => ("missing".to_owned(), json!(trees)),
        CodeChanges::Unreadable(why) => ("unreadable".to_owned(), json!(why)),
    }
}

fn metric(change: &MetricChange) -> Value {
    let mut whole = Map::new();
    whole.insert("direction".to_owned(), json!(change.direction));
    whole.extend(change.values.iter().map(|(which, values)| (which.name().to_owned(), json!(values))));
    if let Some([a, b]) = change.steps {
        whole.insert("step".to_owned(), json!({"a": a, "b": b}));
    }
    if let Some([a, b]) = change.points {
        whole.insert("points".to_owned(), json!({"a": a, "b": b}));
    }
    whole.into()
}
