//! Reads the name of a field.

use super::attribute::{ATTRIBUTES, Attribute};
use super::cursor::{Cursor, is_bare};
use super::error::{QueryError, shown};
use super::field::{Metric, Name, Part};
use super::suggest::nearest;

/// What stands before the dot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Above {
    Metrics,
    Params,
    Tags,
    Attributes,
}

/// MLflow's spellings are read too.
const ABOVE: [(&str, Above); 11] = [
    ("metrics", Above::Metrics),
    ("params", Above::Params),
    ("tags", Above::Tags),
    ("metric", Above::Metrics),
    ("param", Above::Params),
    ("parameter", Above::Params),
    ("parameters", Above::Params),
    ("tag", Above::Tags),
    ("attribute", Above::Attributes),
    ("attributes", Above::Attributes),
    ("attr", Above::Attributes),
];

/// Reads the name that comes next.
pub(super) fn name(cursor: &mut Cursor<'_>) -> Result<Name, QueryError> {
    let column = cursor.column();
    let run = cursor.take_run(is_bare);
    if run.is_empty() {
        return Err(cursor
            .error("the name of a field is missing here")
            .hint("as in started, metrics.val_acc, params.lr"));
    }
    let Some((above, rest)) = run.split_once('.') else { return attribute(cursor, &run, column) };
    let Some(kind) = find(above) else {
        let error = cursor.error_at(column, format!("{} is no name of a field", shown(&run)));
        let meant = nearest(above, ABOVE.iter().map(|(name, _)| *name));
        return Err(error.hint(match meant {
            Some(meant) => format!("did you mean {meant}.{rest}?"),
            None => format!("a metric is written metrics.{run}, a param params.{run}"),
        }));
    };
    if kind == Above::Attributes {
        return attribute(cursor, rest, column + above.chars().count() + 1);
    }
    // In quotes a name may be empty: JSON allows such keys.
    if rest.is_empty() && !matches!(cursor.peek(), Some('`' | '"')) {
        return Err(cursor.error(format!("a name is missing after {}.", above.to_lowercase())));
    }
    let (whole, bare_from) = rest_of_name(cursor, rest)?;
    Ok(match kind {
        Above::Metrics => {
            // Only a part that is not in quotes counts as one, and something must stand before it.
            let split = Part::split(&whole).filter(|(end, _)| *end >= bare_from);
            Name::Metric(Metric { whole: whole.into(), split })
        }
        Above::Params => Name::Param(whole.into()),
        _ => Name::Tag(whole.into()),
    })
}

/// What follows the first dot: bare characters and quoted parts, joined by dots. Also returns where the last bare part
/// starts, in bytes.
fn rest_of_name(cursor: &mut Cursor<'_>, start: &str) -> Result<(String, usize), QueryError> {
    let mut name = start.to_owned();
    let mut bare_from = 0;
    while matches!(cursor.peek(), Some('`' | '"')) && (name.is_empty() || name[bare_from..].ends_with('.')) {
        name.push_str(&cursor.take_quoted()?);
        bare_from = name.len();
        if cursor.peek() == Some('.') {
            name.push_str(&cursor.take_run(is_bare));
        }
    }
    Ok((name, bare_from))
}

fn attribute(cursor: &Cursor<'_>, name: &str, column: usize) -> Result<Name, QueryError> {
    if let Some(attribute) = Attribute::find(name) {
        return Ok(Name::Attribute(attribute));
    }
    if find(name).is_some() {
        let name = name.to_lowercase();
        return Err(cursor.error_at(column, format!("{name} needs a name behind it, as in {name}.NAME")));
    }
    let error = cursor.error_at(column, format!("{} is no attribute", shown(name)));
    let known = ATTRIBUTES.iter().flat_map(|entry| entry.aliases.iter().chain([&entry.name])).copied();
    Err(error.hint(match nearest(name, known) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("a metric is written metrics.{name}, a param params.{name}"),
    }))
}

fn find(above: &str) -> Option<Above> {
    ABOVE.iter().find(|(name, _)| name.eq_ignore_ascii_case(above)).map(|(_, above)| *above)
}
