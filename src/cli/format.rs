//! In which form a result is printed.

use clap::{Args, ValueEnum};

/// The options that choose a form.
#[derive(Debug, Clone, Args)]
pub struct FormatArgs {
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// Print JSON; the same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For the terminal, as wide as it is
    Table,
    /// For a pull request
    Markdown,
    /// All columns, exactly as recorded
    Csv,
    /// Everything
    Json,
}

impl FormatArgs {
    /// The form that was chosen.
    pub fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}
