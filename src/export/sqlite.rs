//! SQLite: all tables in one database, params and metrics with a row each.

use std::path::Path;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Statement, params_from_iter};
use serde_json::Value;

use super::cell::{Cell, Field, Kind};
use super::form::as_number;
use super::row::{ExperimentRow, Exporter, PointRow, RunRow};
use super::said::tags;
use super::{ExportError, experiments, run_fields};
use crate::model::number::Number;

/// The version of the tables, in `PRAGMA user_version`.
pub const USER_VERSION: i32 = 1;

/// The tables beside `runs` and `experiments`. Columns without a type hold what is put in: any type would turn long integers into doubles.
const TABLES: &str = "
CREATE TABLE params (run TEXT NOT NULL REFERENCES runs (id), name TEXT NOT NULL, type TEXT NOT NULL, value,
  PRIMARY KEY (run, name)) WITHOUT ROWID;
CREATE TABLE metrics (run TEXT NOT NULL REFERENCES runs (id), name TEXT NOT NULL, final, step INTEGER, min, max, best, count INTEGER, mean REAL,
  PRIMARY KEY (run, name)) WITHOUT ROWID;
CREATE TABLE tags (run TEXT NOT NULL REFERENCES runs (id), tag TEXT NOT NULL, PRIMARY KEY (run, tag)) WITHOUT ROWID;
";

const SERIES: &str = "
CREATE TABLE series (run TEXT NOT NULL REFERENCES runs (id), metric TEXT NOT NULL, step INTEGER, seconds REAL, value, late TEXT);
";

/// Made last: an index is sorted once instead of with every row.
const INDEXES: &str = "
CREATE INDEX runs_by_experiment ON runs (experiment);
CREATE INDEX runs_by_commit ON runs (\"commit\");
CREATE INDEX params_by_name ON params (name, value);
CREATE INDEX metrics_by_name ON metrics (name, final);
CREATE INDEX tags_by_tag ON tags (tag);
";

const SERIES_INDEX: &str = "CREATE INDEX series_by_run ON series (run, metric, step);";

/// A new database.
pub struct Database(Connection);

impl Database {
    /// Make a database of an empty or new file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn create(path: &Path) -> Result<Self, ExportError> {
        let db = Connection::open(path)?;
        // The file has its name only when it is whole, so a journal could bring back nothing.
        db.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;")?;
        db.pragma_update(None, "user_version", USER_VERSION)?;
        Ok(Self(db))
    }

    /// Write into it; with a table `series` if points are to come.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn exporter(&self, with_series: bool) -> Result<Box<dyn Exporter + '_>, ExportError> {
        let db = &self.0;
        db.execute_batch("BEGIN")?;
        db.execute_batch(&create("experiments", &experiments::FIELDS))?;
        db.execute_batch(&create("runs", &run_fields::FIELDS))?;
        db.execute_batch(TABLES)?;
        if with_series {
            db.execute_batch(SERIES)?;
        }
        let insert = |table: &str, columns: usize| {
            let marks = vec!["?"; columns].join(",");
            db.prepare(&format!("INSERT INTO {table} VALUES ({marks})"))
        };
        Ok(Box::new(Sqlite {
            db,
            experiment: insert("experiments", experiments::FIELDS.len())?,
            run: insert("runs", run_fields::FIELDS.len())?,
            param: insert("params", 4)?,
            metric: insert("metrics", 9)?,
            tag: insert("tags", 2)?,
            point: if with_series { Some(insert("series", 6)?) } else { None },
        }))
    }
}

/// Writes into a database, in one transaction.
struct Sqlite<'db> {
    db: &'db Connection,
    experiment: Statement<'db>,
    run: Statement<'db>,
    param: Statement<'db>,
    metric: Statement<'db>,
    tag: Statement<'db>,
    point: Option<Statement<'db>>,
}

impl Exporter for Sqlite<'_> {
    fn experiment(&mut self, row: &ExperimentRow) -> Result<(), ExportError> {
        self.experiment.execute(params_from_iter(experiments::FIELDS.iter().map(|field| sql((field.cell)(row)))))?;
        Ok(())
    }

    fn run(&mut self, row: &RunRow) -> Result<(), ExportError> {
        self.run.execute(params_from_iter(run_fields::FIELDS.iter().map(|field| sql((field.cell)(row)))))?;
        let id = row.header.id.as_str();
        for (name, value) in &row.run.params {
            let (kind, value) = param(value);
            self.param.execute((id, name, kind, value))?;
        }
        for (name, summary) in &row.run.metrics {
            let number = |number: &Option<Number>| number.as_ref().map(measured);
            let (last, step) = (measured(&summary.r#final), summary.step);
            let count = i64::try_from(summary.count).ok();
            let best = number(&summary.best);
            let mean = summary.mean.as_ref().map(Number::as_f64);
            let (min, max) = (number(&summary.min), number(&summary.max));
            self.metric.execute((id, name, last, step, min, max, best, count, mean))?;
        }
        for tag in tags(&[], &row.about) {
            self.tag.execute((id, tag))?;
        }
        Ok(())
    }

    fn point(&mut self, row: &PointRow<'_>) -> Result<(), ExportError> {
        if let Some(point) = &mut self.point {
            point.execute((row.run, row.metric, row.step, row.seconds, measured(row.value), row.late))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        self.db.execute_batch(INDEXES)?;
        if self.point.is_some() {
            self.db.execute_batch(SERIES_INDEX)?;
        }
        Ok(self.db.execute_batch("COMMIT")?)
    }
}

fn create<R>(table: &str, fields: &[Field<R>]) -> String {
    let columns = fields.iter().map(|field| {
        let kind = match field.kind {
            Kind::Text | Kind::Json | Kind::Time => "TEXT",
            Kind::Integer | Kind::Boolean => "INTEGER",
            Kind::Float => "REAL",
        };
        let key = if field.name == "id" { " PRIMARY KEY NOT NULL" } else { "" };
        format!("\"{}\" {kind}{key}", field.name)
    });
    format!("CREATE TABLE {table} ({})", columns.collect::<Vec<_>>().join(", "))
}

fn sql(cell: Cell<'_>) -> Sql {
    match cell {
        Cell::Null => Sql::Null,
        Cell::Text(text) => Sql::Text(text.into_owned()),
        Cell::Integer(value) => Sql::Integer(value),
        Cell::Float(value) => float(value),
        Cell::Boolean(value) => Sql::Integer(value.into()),
        Cell::Time(time) => Sql::Text(time.to_string()),
    }
}

/// SQLite has infinities, and takes NaN for null.
fn float(value: f64) -> Sql {
    if value.is_nan() { Sql::Text("NaN".to_owned()) } else { Sql::Real(value) }
}

/// A metric's value: a double where that is exact, else an integer, else its digits.
fn measured(number: &Number) -> Sql {
    if number.is_exact() { float(number.as_f64()) } else { integer(&number.to_string()) }
}

fn integer(digits: &str) -> Sql {
    digits.parse().map_or_else(|_| Sql::Text(digits.to_owned()), Sql::Integer)
}

/// A param's value, and what it is: SQLite has no booleans, and not every number.
fn param(value: &Value) -> (&'static str, Sql) {
    match (value, as_number(value)) {
        (_, Some(Number::Float(value))) => ("float", float(value)),
        (_, Some(number)) => ("integer", integer(&number.to_string())),
        (Value::Null, None) => ("null", Sql::Null),
        (Value::Bool(value), None) => ("boolean", Sql::Integer((*value).into())),
        (Value::String(text), None) => ("text", Sql::Text(text.clone())),
        (value, None) => ("json", Sql::Text(value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use rusqlite::Connection;
    use rusqlite::types::Value as Sql;
    use serde_json::json;

    use super::{Database, Number, PointRow, measured};
    use crate::export::row::RunRow;

    #[test]
    fn values_keep_their_type_and_their_digits() {
        let fact = json!({"xp": "1.0", "kind": "run", "id": "77777777777777777777", "time": "2026-11-21T00:00:00.001Z", "commit": "c0ffee",
            "params": {"a": 1, "b": 0.5, "c": "9007199254740993", "d": "123456789012345678901234567890", "e": "NaN",
                "f": true, "g": null, "h": [1, "x"], "i": "1", "j": ""},
            "metrics": {"acc": {"final": 1, "min": "-Infinity", "max": "9007199254740993", "count": 3}}});
        let row = RunRow::read("refs/xp/runs/2026-11", fact.to_string().into_bytes(), Vec::new()).expect("a run");
        let database = Database(Connection::open_in_memory().expect("memory"));
        let mut exporter = database.exporter(true).expect("tables");
        exporter.run(&row).expect("written");
        let value = Number::Float(f64::NAN);
        let point = PointRow {
            run: "77777777777777777777",
            experiment: None,
            seed: None,
            late: None,
            metric: "acc",
            step: Some(1),
            seconds: None,
            value: &value,
        };
        exporter.point(&point).expect("written");
        exporter.finish().expect("written");
        let mut params = database.0.prepare("SELECT type, value FROM params ORDER BY name").expect("a table");
        let found: Vec<(String, Sql)> = params
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("rows")
            .map(|row| row.expect("a row"))
            .collect();
        let text = |text: &str| Sql::Text(text.to_owned());
        let wanted = [
            ("integer", Sql::Integer(1)),
            ("float", Sql::Real(0.5)),
            ("integer", Sql::Integer(9_007_199_254_740_993)),
            ("integer", text("123456789012345678901234567890")),
            ("float", text("NaN")),
            ("boolean", Sql::Integer(1)),
            ("null", Sql::Null),
            ("json", text("[1,\"x\"]")),
            ("text", text("1")),
            ("text", text("")),
        ];
        assert_eq!(found, wanted.map(|(kind, value)| (kind.to_owned(), value)));
        let metric: (Sql, Sql, Sql, Sql) = database
            .0
            .query_row("SELECT final, min, max, best FROM metrics", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .expect("a row");
        let max = Sql::Integer(9_007_199_254_740_993);
        assert_eq!(metric, (Sql::Real(1.0), Sql::Real(f64::NEG_INFINITY), max, Sql::Null));
        let point: Sql = database.0.query_row("SELECT value FROM series", [], |row| row.get(0)).expect("a row");
        assert_eq!(point, text("NaN"));
    }

    proptest! {
        #[test]
        fn any_number_is_the_same_in_a_database(float in any::<f64>(), long in any::<i128>()) {
            let db = Connection::open_in_memory().expect("memory");
            db.execute_batch("CREATE TABLE t (value)").expect("a table");
            for number in [Number::Float(float), Number::parse(&long.to_string()).expect("a number")] {
                db.execute("INSERT INTO t VALUES (?)", [measured(&number)]).expect("written");
                let found: Sql = db.query_row("SELECT value FROM t WHERE rowid = last_insert_rowid()", [], |row| row.get(0)).expect("a row");
                let found = match found {
                    Sql::Real(value) => Number::Float(value),
                    Sql::Integer(value) => Number::Digits(value.to_string().into()),
                    Sql::Text(text) => Number::parse(&text).expect("a number"),
                    other => panic!("{other:?}"),
                };
                assert!(found.is_identical(&number) || found.to_string() == number.to_string(), "{found} {number}");
            }
        }
    }
}
