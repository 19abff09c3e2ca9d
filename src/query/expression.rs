//! A query: its expression and how it is printed.

use std::fmt;

use super::calendar::Calendar;
use super::cursor::write_quoted;
use super::error::QueryError;
use super::evaluate::Truth;
use super::field::Fields;
use super::literal::Literal;
use super::membership::Membership;
use super::parse;
use super::pattern::Pattern;
use super::value::Row;

/// A filter, ready to be asked.
///
/// Two queries are equal if they test the same, however they are written; of times, the text and the moment it stands for
/// must be equal.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub(super) fields: Fields,
    pub(super) root: Node,
}

impl Query {
    /// Reads a filter, with times in the reader's time zone.
    ///
    /// # Errors
    /// Points at what cannot be read.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        Self::parse_at(text, &Calendar::local())
    }

    /// Reads a filter with times as of another moment.
    ///
    /// # Errors
    /// Points at what cannot be read.
    pub fn parse_at(text: &str, calendar: &Calendar) -> Result<Self, QueryError> {
        parse::query(text, calendar)
    }

    /// The fields it uses.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Whether it holds for a row; not if that is unknown.
    pub fn matches(&self, row: &impl Row) -> bool {
        self.root.truth(&self.fields, row) == Truth::True
    }
}

/// A part of an expression. Depth is limited by the parser.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Test { slot: usize, predicate: Predicate },
}

/// What is asked of one field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Predicate {
    /// Set, and not false.
    Set,
    Compare(Comparison, Literal),
    In {
        negated: bool,
        list: Membership,
    },
    Like {
        negated: bool,
        text: Text,
    },
    Is {
        negated: bool,
        what: Is,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// What a text is held against, as typed and ready to be matched.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    pub(super) word: TextWord,
    pub(super) typed: Box<str>,
    /// None for `contains`.
    pub(super) pattern: Option<Pattern>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextWord {
    Like,
    Ilike,
    Glob,
    Contains,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Is {
    Null,
    Nan,
    True,
    False,
}

impl Comparison {
    fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }
}

impl TextWord {
    pub(super) const ALL: [Self; 4] = [Self::Like, Self::Ilike, Self::Glob, Self::Contains];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Ilike => "ilike",
            Self::Glob => "glob",
            Self::Contains => "contains",
        }
    }
}

impl Is {
    pub(super) const ALL: [Self; 4] = [Self::Null, Self::Nan, Self::True, Self::False];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Nan => "nan",
            Self::True => "true",
            Self::False => "false",
        }
    }
}

impl fmt::Display for Query {
    /// The canonical text, which reads back as an equal query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.write(f, &self.fields)
    }
}

impl Node {
    fn write(&self, f: &mut fmt::Formatter<'_>, fields: &Fields) -> fmt::Result {
        match self {
            Self::All(parts) => write_joined(f, fields, parts, " and "),
            Self::Any(parts) => write_joined(f, fields, parts, " or "),
            Self::Not(part) => {
                f.write_str("not ")?;
                part.write_inside(f, fields)
            }
            Self::Test { slot, predicate } => {
                write!(f, "{}{predicate}", fields.at(*slot))
            }
        }
    }

    /// In parentheses where it is part of something else.
    fn write_inside(&self, f: &mut fmt::Formatter<'_>, fields: &Fields) -> fmt::Result {
        if matches!(self, Self::All(_) | Self::Any(_)) {
            f.write_str("(")?;
            self.write(f, fields)?;
            f.write_str(")")
        } else {
            self.write(f, fields)
        }
    }
}

fn write_joined(f: &mut fmt::Formatter<'_>, fields: &Fields, parts: &[Node], word: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { word })?;
        // `and` binds tighter than `or`.
        if word == " or " && matches!(part, Node::All(_)) {
            part.write(f, fields)?;
        } else {
            part.write_inside(f, fields)?;
        }
    }
    Ok(())
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = |negated: &bool| if *negated { "not " } else { "" };
        match self {
            Self::Set => Ok(()),
            Self::Compare(comparison, literal) => write!(f, " {} {literal}", comparison.as_str()),
            Self::In { negated, list } => write!(f, " {}in {list}", not(negated)),
            Self::Like { negated, text } => {
                write!(f, " {}{} ", not(negated), text.word.as_str())?;
                write_quoted(f, &text.typed, '\'')
            }
            Self::Is { negated, what } => write!(f, " is {}{}", not(negated), what.as_str()),
        }
    }
}
