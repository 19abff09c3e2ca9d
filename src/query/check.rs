//! Whether the metrics, params and tags in a query exist: a typing error must not look like an empty result.

use std::collections::BTreeSet;

use super::error::{QueryError, shown};
use super::field::{Field, Fields, Metric, Name};
use super::suggest::nearest;

/// The names that some run has.
#[derive(Debug, Clone, Default)]
pub struct Known<'a> {
    /// Metrics.
    pub metrics: BTreeSet<&'a str>,
    /// Params.
    pub params: BTreeSet<&'a str>,
    /// Tags.
    pub tags: BTreeSet<&'a str>,
}

/// How many names an error lists.
const LISTED: usize = 8;

/// Hold the fields of a query, order or list of columns against the names that exist.
///
/// # Errors
/// Points at the first name that no run has, with the name that was probably meant, or with some that exist.
pub fn check(fields: &Fields, known: &Known<'_>) -> Result<(), QueryError> {
    for field in fields {
        let (kind, name, names) = match field.name() {
            Name::Attribute(_) => continue,
            Name::Metric(metric) => ("metric", metric.resolve(|name| known.metrics.contains(name)).0, &known.metrics),
            Name::Param(name) => ("param", &**name, &known.params),
            Name::Tag(name) => ("tag", &**name, &known.tags),
        };
        if !names.contains(name) {
            let error = QueryError::new(&fields.text, field.column(), format!("no run has the {kind} {}", shown(name)));
            return Err(error.hint(hint(field, kind, name, names, known)));
        }
    }
    Ok(())
}

fn hint(field: &Field, kind: &str, name: &str, names: &BTreeSet<&str>, known: &Known<'_>) -> String {
    if let Some(other) = elsewhere(field.name(), name, known) {
        return format!("did you mean {other}?");
    }
    if let Some(meant) = nearest(name, names.iter().copied()) {
        return format!("did you mean {}?", renamed(field.name(), meant));
    }
    let some: Vec<String> = names.iter().take(LISTED).map(|name| shown(name)).collect();
    match names.len() {
        0 => format!("no run has any {kind} yet"),
        count if count > LISTED => format!("there are {}, … ({count} in all)", some.join(", ")),
        _ => format!("there are {}", some.join(", ")),
    }
}

/// The field of the same name that does exist: a param where a metric was asked for, or the other way round.
fn elsewhere(asked: &Name, name: &str, known: &Known<'_>) -> Option<Name> {
    [
        (&known.metrics, Name::metric(name)),
        (&known.params, Name::Param(name.into())),
        (&known.tags, Name::Tag(name.into())),
    ]
    .into_iter()
    .find(|(names, other)| other != asked && names.contains(name))
    .map(|(_, other)| other)
}

/// The same field with another name.
fn renamed(field: &Name, meant: &str) -> Name {
    match field {
        Name::Param(_) => Name::Param(meant.into()),
        Name::Tag(_) => Name::Tag(meant.into()),
        Name::Metric(Metric { split: Some((_, part)), .. }) => Name::Metric(Metric {
            whole: format!("{meant}.{}", part.as_str()).into(),
            split: Some((meant.len(), *part)),
        }),
        Name::Metric(_) | Name::Attribute(_) => Name::metric(meant),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Columns, Query};
    use super::{Known, check};

    fn known() -> Known<'static> {
        Known {
            metrics: ["val_acc", "val_loss", "x.best"].into(),
            params: ["lr", "model.layers", "batch size"].into(),
            tags: ["keep"].into(),
        }
    }

    fn message(query: &str) -> String {
        let error = check(Query::parse(query).expect("a query").fields(), &known()).expect_err("an unknown name");
        error.to_string().lines().next().expect("a line").to_owned()
    }

    #[test]
    fn names_that_exist_pass() {
        let query = "metrics.val_acc.best > 0 and metrics.x.best > 0 and metrics.x.best.max > 0 and params.`batch size` = 1 \
                     and params.model.layers = 3 and tags.keep and status = 'ok'";
        assert_eq!(check(Query::parse(query).expect("a query").fields(), &known()), Ok(()));
    }

    #[test]
    fn others_are_named_with_a_suggestion() {
        for (query, expected) in [
            (
                "seed = 1 and metrics.val_ac > 0",
                "column 14: no run has the metric 'val_ac'; did you mean metrics.val_acc?",
            ),
            (
                "metrics.vall_acc.best > 0",
                "column 1: no run has the metric 'vall_acc'; did you mean metrics.val_acc.best?",
            ),
            ("params.batchsize = 1", "column 1: no run has the param 'batchsize'; did you mean params.`batch size`?"),
            ("metrics.lr = 1", "column 1: no run has the metric 'lr'; did you mean params.lr?"),
            ("params.keep", "column 1: no run has the param 'keep'; did you mean tags.keep?"),
            ("tags.wrong", "column 1: no run has the tag 'wrong'; there are 'keep'"),
            ("metrics.x > 1", "column 1: no run has the metric 'x'; there are 'val_acc', 'val_loss', 'x.best'"),
        ] {
            assert_eq!(message(query), expected);
        }
        let columns = Columns::parse("id, metrics.a").expect("columns");
        let error = check(columns.fields(), &Known::default()).expect_err("no metric");
        assert_eq!(error.suggestion(), Some("no run has any metric yet"));
        assert_eq!(error.column(), 5);
    }
}
