//! `env.toml` in one line.

use serde_json::{Map, Value};

use crate::capture::config::parse;
use crate::render::number::plural;

/// Tables that may describe what interprets the program, and how people call it.
const INTERPRETERS: [(&str, &str); 6] =
    [("python", "Python"), ("interpreter", ""), ("r", "R"), ("julia", "Julia"), ("node", "Node"), ("rust", "Rust")];

/// `linux x86_64, 8 cores, NVIDIA L4, Python 3.12.1, 150 packages, 2 variables`, as far as the text says it. Empty if it cannot be read.
pub(super) fn summary(text: &[u8]) -> String {
    let Ok(map) = parse("env.toml", text) else { return String::new() };
    let table = |name: &str| map.get(name).and_then(Value::as_object);
    let word = |table: Option<&Map<String, Value>>, key: &str| Some(table?.get(key)?.as_str()?.to_owned());
    let mut parts: Vec<String> = Vec::new();
    let system = table("system");
    let os: Vec<String> = ["os", "arch"].into_iter().filter_map(|key| word(system, key)).collect();
    parts.push(os.join(" "));
    parts.extend(system.and_then(|system| system.get("cores")?.as_u64()).map(|n| plural(n as usize, "core")));
    parts.extend(table("hardware").and_then(|hardware| gpus(hardware.get("gpus")?.as_object()?)));
    for (key, name) in INTERPRETERS {
        let version = word(table(key), "version").or_else(|| Some(map.get(key)?.as_str()?.to_owned()));
        let name = word(table(key), "name").unwrap_or_else(|| name.to_owned());
        parts.extend(version.map(|version| format!("{name} {version}").trim().to_owned()));
    }
    let count = |name: &str| -> usize { map.iter().map(|(key, value)| entries(key, value, name)).sum() };
    for (name, noun) in [("packages", "package"), ("variables", "variable")] {
        parts.push(Some(count(name)).filter(|n| *n > 0).map(|n| plural(n, noun)).unwrap_or_default());
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

/// `8 × NVIDIA A100`, or only how many where they differ.
fn gpus(gpus: &Map<String, Value>) -> Option<String> {
    let mut names = gpus.values().filter_map(|gpu| gpu.get("name")?.as_str());
    let first = names.next()?;
    let is_one_kind = names.all(|name| name == first);
    Some(match (is_one_kind, gpus.len()) {
        (true, 1) => first.to_owned(),
        (true, n) => format!("{n} × {first}"),
        (false, n) => plural(n, "GPU"),
    })
}

/// The entries of a table of this name, at the top or one level below.
fn entries(key: &str, value: &Value, name: &str) -> usize {
    match value {
        Value::Object(map) if key == name => map.len(),
        Value::Array(items) if key == name => items.len(),
        Value::Object(map) => match map.get(name) {
            Some(Value::Object(inner)) => inner.len(),
            Some(Value::Array(items)) => items.len(),
            _ => 0,
        },
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::summary;

    #[test]
    fn what_is_there_is_told() {
        let text = "[system]\nos = \"linux\"\narch = \"x86_64\"\ncores = 8\n[locks]\n[variables]\nA = \"1\"\n";
        assert_eq!(summary(text.as_bytes()), "linux x86_64, 8 cores, 1 variable");
        let text = "[python]\nversion = \"3.12.1\"\n[python.packages]\nnumpy = \"2.0\"\n\"ruamel.yaml\" = \"1\"\n";
        assert_eq!(summary(text.as_bytes()), "Python 3.12.1, 2 packages");
        assert_eq!(
            summary(b"[interpreter]\nname = \"PyPy\"\nversion = \"7\"\n[packages]\na = \"1\"\n"),
            "PyPy 7, 1 package"
        );
        let text = "[hardware.gpus]\n0 = { name = \"A\" }\n1 = { name = \"A\" }\n[packages]\n[variables]\n";
        assert_eq!(summary(text.as_bytes()), "2 × A");
        assert_eq!(summary(text.replacen("\"A\"", "\"B\"", 1).as_bytes()), "2 GPUs");
        assert_eq!(summary(b"\xff"), "");
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<Vec<u8>>(), toml in "(\\[[a-z]{1,8}\\]\n|[a-z]{1,6} = [0-9\"]{1,3}\n){0,6}") {
            let _ = (summary(&text), summary(toml.as_bytes()));
        }
    }
}
