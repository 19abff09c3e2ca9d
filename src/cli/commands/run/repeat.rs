//! The params of a command that is repeated: what `-p` does not say again is taken from the run that used it last. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::capture::secrets::MASK;
use crate::cli::error::CliError;
use crate::model::param::{placeholders, typed};

/// `NAME=VALUE` of each placeholder that the last run filled and `given` does not.
///
/// # Errors
/// If the value cannot be written as it was typed (`True` and `true` are recorded alike), or was a secret.
pub(super) fn params(
    command: &[String],
    given: &[String],
    last: Option<&BTreeMap<String, Value>>,
) -> Result<Vec<String>, CliError> {
    let is_given = |name: &str| given.iter().any(|text| text.split_once('=').is_some_and(|(given, _)| given == name));
    let mut params = Vec::new();
    for name in placeholders(command) {
        let Some(value) = last.and_then(|params| params.get(&name)).filter(|_| !is_given(&name)) else { continue };
        let text = as_typed(value).ok_or_else(|| {
            CliError::usage(format!("the last command has {{{name}}}, whose text is not recorded exactly"))
                .hint(format!("git xp run -p {name}=<value> …"))
        })?;
        params.push(format!("{name}={text}"));
    }
    Ok(params)
}

/// A text that is read as this value.
fn as_typed(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if text.contains(MASK) => None,
        Value::String(text) => [text.clone(), format!("'{text}'")].into_iter().find(|form| typed(form) == *value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::params;

    fn last(value: Value) -> BTreeMap<String, Value> {
        BTreeMap::from([("lr".to_owned(), value)])
    }

    #[test]
    fn a_placeholder_keeps_its_value() {
        let command = ["train".to_owned(), "{lr}".to_owned(), "{print}".to_owned()];
        for (value, text) in [(json!(0.001), "lr=0.001"), (json!("adam"), "lr=adam"), (json!("5"), "lr='5'")] {
            assert_eq!(params(&command, &[], Some(&last(value))).expect("params"), [text]);
        }
        assert!(params(&command, &["lr=2".to_owned()], Some(&last(json!(1)))).expect("params").is_empty());
        assert!(params(&command, &[], None).expect("params").is_empty());
        assert!(params(&command, &[], Some(&last(json!(true)))).is_err());
    }
}
