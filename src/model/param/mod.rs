//! Params: `name=value` as typed, the typed value that is recorded, and `{name}` in a command.

mod literal;
mod placeholder;
mod source;

pub use literal::typed;
pub(crate) use literal::{float as float_value, integer as integer_value, non_finite_name};
pub use placeholder::{placeholders, substitute};
pub use source::ParamSource;

use serde_json::Value;
use std::fmt;

/// The longest name of a param, in bytes.
pub const MAX_NAME_BYTES: usize = 250;

/// The value of a param as typed; `{name}` in a command is replaced by exactly this text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParamText(String);

impl ParamText {
    /// Takes a text as typed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value that is recorded, see [`typed`].
    #[must_use]
    pub fn typed(&self) -> Value {
        typed(&self.0)
    }
}

impl fmt::Display for ParamText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ParamText> for String {
    fn from(text: ParamText) -> Self {
        text.0
    }
}

/// A text that is no assignment of a param.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// There is no `=`.
    #[error("{text:?} is no param: write name=value, as in `-p lr=0.1`")]
    NoAssignment {
        /// The text as given.
        text: String,
    },
    /// Nothing stands before the `=`.
    #[error("{text:?} has no name before the `=`: write name=value, as in `-p lr=0.1`")]
    NoName {
        /// The text as given.
        text: String,
    },
    /// The name is over [`MAX_NAME_BYTES`].
    #[error("the param's name starting with {start:?} has {bytes} bytes: use at most {MAX_NAME_BYTES}")]
    LongName {
        /// The first characters of the name.
        start: String,
        /// Its length.
        bytes: usize,
    },
    /// The name holds a control character or `=`.
    #[error("the param's name {name:?} holds {character:?}: use a name without control characters and `=`")]
    BadName {
        /// The name as given.
        name: String,
        /// What it must not hold.
        character: char,
    },
}

/// Splits `name=value` at the first `=`. The value may be empty and is kept as typed.
///
/// # Errors
/// When there is no `=`, or the name is none, see [`check_name`].
pub fn parse_assignment(text: &str) -> Result<(String, ParamText), ParamError> {
    let (name, value) = text.split_once('=').ok_or_else(|| ParamError::NoAssignment { text: text.to_owned() })?;
    if name.is_empty() {
        return Err(ParamError::NoName { text: text.to_owned() });
    }
    check_name(name)?;
    Ok((name.to_owned(), ParamText::new(value)))
}

/// Whether a text can name a param: not empty, at most [`MAX_NAME_BYTES`], no control characters, no `=`.
///
/// # Errors
/// Names what is wrong with it.
pub fn check_name(name: &str) -> Result<(), ParamError> {
    if name.is_empty() {
        return Err(ParamError::NoName { text: String::new() });
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(ParamError::LongName { start: name.chars().take(24).collect(), bytes: name.len() });
    }
    match name.chars().find(|&character| character == '=' || character.is_control()) {
        Some(character) => Err(ParamError::BadName { name: name.to_owned(), character }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{ParamError, parse_assignment};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    #[test]
    fn assignments_split_at_the_first_sign() {
        let (name, text) = parse_assignment("model.width=a=b ").unwrap();
        assert_eq!((name.as_str(), text.as_str()), ("model.width", "a=b "));
        assert_eq!(parse_assignment("x=").unwrap().1.as_str(), "");
    }

    #[test]
    fn refusals_show_what_to_type() {
        let message = |text: &str| parse_assignment(text).unwrap_err().to_string();
        assert_eq!(message("lr"), r#""lr" is no param: write name=value, as in `-p lr=0.1`"#);
        assert_eq!(message("=1"), r#""=1" has no name before the `=`: write name=value, as in `-p lr=0.1`"#);
        assert!(message("a\nb=1").contains(r"holds '\n'"));
        let long = format!("{}=1", "é".repeat(126));
        assert!(matches!(parse_assignment(&long), Err(ParamError::LongName { bytes: 252, .. })));
        assert!(parse_assignment(&format!("{}=1", "x".repeat(250))).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_split_or_refused(text in any::<String>()) {
            if let Ok((name, value)) = parse_assignment(&text) {
                let _ = value.typed();
                prop_assert_eq!(format!("{name}={value}"), text);
            }
        }
    }
}
