//! Reads the values that fields are compared with.

use super::calendar::Calendar;
use super::cursor::{Cursor, is_bare};
use super::error::{QueryError, shown};
use super::expression::{Text, TextWord};
use super::field::Name;
use super::literal::{Form, Literal, Typed};
use super::membership::Membership;
use super::numeric::Numeric;
use super::pattern::Pattern;

/// A value for this field.
pub(super) fn literal(cursor: &mut Cursor<'_>, name: &Name, calendar: &Calendar) -> Result<Literal, QueryError> {
    cursor.skip_space();
    let column = cursor.column();
    let typed = typed(cursor, name)?;
    let text = shown(&typed.text);
    Literal::new(name.kind(), typed, calendar).map_err(|(wanted, hint)| {
        cursor.error_at(column, format!("{text} is no value of {name}, which is {wanted}")).hint_if(hint)
    })
}

/// Values in parentheses.
pub(super) fn list(cursor: &mut Cursor<'_>, name: &Name, calendar: &Calendar) -> Result<Membership, QueryError> {
    cursor.skip_space();
    if !cursor.take("(") {
        return Err(cursor.error("a list in parentheses comes after in").hint(format!("write {name} in (1, 2)")));
    }
    let mut items = Vec::new();
    loop {
        items.push(literal(cursor, name, calendar)?);
        cursor.skip_space();
        if cursor.take(")") {
            return Ok(Membership::new(items));
        }
        if !cursor.take(",") {
            return Err(cursor.error("a comma or the closing parenthesis of the list is missing here"));
        }
    }
}

/// What comes after `like`, `glob` and `contains`.
pub(super) fn text(cursor: &mut Cursor<'_>, name: &Name, word: TextWord) -> Result<Text, QueryError> {
    cursor.skip_space();
    let column = cursor.column();
    let typed = typed(cursor, name)?.text;
    let pattern = match word {
        TextWord::Like => Some(Pattern::like(&typed, false)),
        TextWord::Ilike => Some(Pattern::like(&typed, true)),
        TextWord::Glob => Some(Pattern::glob(&typed).map_err(|message| cursor.error_at(column, message))?),
        TextWord::Contains => None,
    };
    Ok(Text { word, typed: typed.into(), pattern })
}

fn typed(cursor: &mut Cursor<'_>, name: &Name) -> Result<Typed, QueryError> {
    let column = cursor.column();
    match cursor.peek() {
        Some('\'' | '"') => return Ok(Typed { text: cursor.take_quoted()?, form: Form::Quoted }),
        Some('‘' | '’' | '“' | '”' | '`') => {
            return Err(cursor.error("a text stands in straight quotes").hint("write 'text' or \"text\""));
        }
        _ => {}
    }
    let word = cursor.take_run(|c| is_bare(c) || c == '+');
    let form = match word.to_lowercase().as_str() {
        "" => return Err(cursor.error_at(column, "a value is missing here").hint("write a number or 'text'")),
        "null" | "none" => {
            let error = cursor.error_at(column, format!("nothing compares with {word}"));
            return Err(error.hint(format!("write {name} is null, or {name} is not null")));
        }
        "true" => Form::Bool(true),
        "false" => Form::Bool(false),
        _ => match Numeric::parse(&word) {
            Some(number) => Form::Number(number.into_owned()),
            None => {
                let error = cursor.error_at(column, format!("{} is no number", shown(&word)));
                return Err(error.hint(format!("a text stands in quotes, as in {}", shown(&word))));
            }
        },
    };
    Ok(Typed { text: word, form })
}
