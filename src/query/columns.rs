//! `--columns`: `id,experiment,params.lr,metrics.val_acc.best`.

use std::fmt;

use super::cursor::Cursor;
use super::error::QueryError;
use super::field::{Fields, Name};
use super::names;

/// Columns to show: fields in the order given. One that is named twice is shown once.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    fields: Fields,
}

impl Columns {
    /// Reads fields with commas between them.
    ///
    /// # Errors
    /// Points at what cannot be read.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let mut cursor = Cursor::new(text)?;
        let mut fields = Fields::new(text);
        loop {
            cursor.skip_space();
            let column = cursor.column();
            fields.slot(names::name(&mut cursor)?, column);
            cursor.skip_space();
            if cursor.peek().is_none() {
                return Ok(Self { fields });
            }
            if !cursor.take(",") {
                return Err(cursor.error("a comma or the end is missing here"));
            }
        }
    }

    /// These fields.
    pub fn of(names: impl IntoIterator<Item = Name>) -> Self {
        let mut fields = Fields::default();
        names.into_iter().for_each(|name| _ = fields.slot(name, 1));
        Self { fields }
    }

    /// The fields, in order.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for field in &self.fields {
            write!(f, "{}{field}", if field.slot() == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}
