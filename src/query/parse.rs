//! Reads a filter, by recursive descent; `docs/query.md` has the grammar.

use super::calendar::Calendar;
use super::cursor::{Cursor, is_bare};
use super::error::{QueryError, shown};
use super::expression::{Comparison, Is, Node, Predicate, Query, TextWord};
use super::field::{Fields, Name};
use super::names;
use super::operand;
use super::suggest::nearest;

/// How deep parentheses and `not` may be nested.
const MAX_DEPTH: usize = 100;

/// Longer signs first.
const COMPARISONS: [(&str, Comparison); 11] = [
    ("==", Comparison::Eq),
    ("!=", Comparison::Ne),
    ("<>", Comparison::Ne),
    ("<=", Comparison::Le),
    (">=", Comparison::Ge),
    ("=", Comparison::Eq),
    ("<", Comparison::Lt),
    (">", Comparison::Gt),
    ("≠", Comparison::Ne),
    ("≤", Comparison::Le),
    ("≥", Comparison::Ge),
];

const EXAMPLE: &str = "as in metrics.val_acc > 0.9";

pub(super) fn query(text: &str, calendar: &Calendar) -> Result<Query, QueryError> {
    let mut parser = Parser { cursor: Cursor::new(text)?, fields: Fields::new(text), calendar, depth: 0 };
    let root = parser.any()?;
    parser.cursor.skip_space();
    match parser.cursor.peek() {
        None => Ok(Query { fields: parser.fields, root }),
        Some(')') => Err(parser.cursor.error("there is no opening parenthesis for this one")),
        Some(_) => Err(parser.not_joined()),
    }
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    fields: Fields,
    calendar: &'a Calendar,
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Node, QueryError> {
        let mut parts = vec![self.all()?];
        while self.cursor.take_word("or") {
            parts.push(self.all()?);
        }
        Ok(joined(parts, Node::Any))
    }

    fn all(&mut self) -> Result<Node, QueryError> {
        let mut parts = vec![self.one()?];
        while self.cursor.take_word("and") {
            parts.push(self.one()?);
        }
        Ok(joined(parts, Node::All))
    }

    /// A test, one in parentheses, or the opposite of one.
    fn one(&mut self) -> Result<Node, QueryError> {
        self.cursor.skip_space();
        let column = self.cursor.column();
        if self.depth > MAX_DEPTH {
            return Err(self.cursor.error(format!("more than {MAX_DEPTH} parentheses or nots inside one another")));
        }
        if self.cursor.take_word("not") {
            self.depth += 1;
            let part = self.one()?;
            self.depth -= 1;
            return Ok(Node::Not(Box::new(part)));
        }
        if !self.cursor.take("(") {
            return self.test();
        }
        self.depth += 1;
        let inside = self.any()?;
        self.depth -= 1;
        self.cursor.skip_space();
        match self.cursor.peek() {
            Some(')') => self.cursor.take(")"),
            None => return Err(self.cursor.error_at(column, "this parenthesis is not closed")),
            Some(_) => return Err(self.not_joined()),
        };
        Ok(inside)
    }

    fn test(&mut self) -> Result<Node, QueryError> {
        let column = self.cursor.column();
        match self.cursor.peek() {
            None => return Err(self.cursor.error("a condition is missing here").hint(EXAMPLE)),
            Some('!') => return Err(self.cursor.error("! is not known here").hint("write not")),
            Some('-' | '+') => return Err(self.no_name()),
            Some(c) if !is_bare(c) || c.is_numeric() => return Err(self.no_name()),
            Some(_) => {}
        }
        let name = names::name(&mut self.cursor)?;
        let predicate = self.predicate(&name)?;
        Ok(Node::Test { slot: self.fields.slot(name, column), predicate })
    }

    fn predicate(&mut self, name: &Name) -> Result<Predicate, QueryError> {
        self.cursor.skip_space();
        if let Some((_, comparison)) = COMPARISONS.iter().find(|(sign, _)| self.cursor.take(sign)) {
            if matches!(self.cursor.peek(), Some('=' | '<' | '>' | '!' | '~')) {
                return Err(self.cursor.error("one of = != < <= > >= ends here"));
            }
            return Ok(Predicate::Compare(*comparison, operand::literal(&mut self.cursor, name, self.calendar)?));
        }
        if self.cursor.take_word("is") {
            return self.is();
        }
        let before = self.cursor.column();
        let negated = self.cursor.take_word("not");
        if self.cursor.take_word("in") {
            return Ok(Predicate::In { negated, list: operand::list(&mut self.cursor, name, self.calendar)? });
        }
        self.cursor.skip_space();
        let column = self.cursor.column();
        if let Some(word) = TextWord::ALL.into_iter().find(|word| self.cursor.take_word(word.as_str())) {
            if !name.kind().has_text() {
                let message = format!("{} is for texts, and {name} is {}", word.as_str(), name.kind().in_words());
                return Err(self.cursor.error_at(column, message));
            }
            return Ok(Predicate::Like { negated, text: operand::text(&mut self.cursor, name, word)? });
        }
        if negated {
            return Err(self
                .cursor
                .error_at(before, "not stands before a condition, or before in, like, ilike, glob or contains"));
        }
        match (self.cursor.peek(), self.cursor.peek_word().as_str()) {
            (None | Some(')'), _) | (_, "and" | "or") => Ok(Predicate::Set),
            _ => Err(self.no_comparison(name)),
        }
    }

    /// What comes after `is`.
    fn is(&mut self) -> Result<Predicate, QueryError> {
        let negated = self.cursor.take_word("not");
        match Is::ALL.into_iter().find(|what| self.cursor.take_word(what.as_str())) {
            Some(what) => Ok(Predicate::Is { negated, what }),
            None => Err(self.cursor.error("null, nan, true or false comes after is")),
        }
    }

    /// The error where the name of a field should be.
    fn no_name(&self) -> QueryError {
        self.cursor.error("a condition starts with the name of a field").hint(EXAMPLE)
    }

    /// The error where something stands between two conditions that does not join them.
    fn not_joined(&self) -> QueryError {
        let error = self.cursor.error("and, or or the end is missing here");
        match (self.cursor.peek(), nearest(&self.cursor.peek_word(), ["and", "or"])) {
            (_, Some(word)) => error.hint(format!("did you mean {word}?")),
            (Some('&'), _) => error.hint("write and"),
            (Some('|'), _) => error.hint("write or"),
            _ => error,
        }
    }

    /// The error where something stands behind a name that is no comparison.
    fn no_comparison(&self, name: &Name) -> QueryError {
        const WORDS: [&str; 9] = ["and", "or", "not", "in", "is", "like", "ilike", "glob", "contains"];
        let word = self.cursor.peek_word();
        if word.is_empty() {
            let error = self.cursor.error(format!("no comparison of {name} is known that starts so"));
            return match self.cursor.peek() {
                Some('&' | '|') => self.not_joined(),
                Some('~') => error.hint("patterns are written like '%text%' or glob '*text*'"),
                _ => error.hint("one of = != < <= > >= in, like, ilike, glob, contains, is"),
            };
        }
        let error = self.cursor.error(format!("{} is no comparison", shown(&word)));
        match (word.as_str(), nearest(&word, WORDS)) {
            ("between", _) => error.hint(format!("write {name} >= 1 and {name} <= 2")),
            (_, Some(meant)) => error.hint(format!("did you mean {meant}?")),
            _ => error.hint("one of = != < <= > >= in, like, ilike, glob, contains, is"),
        }
    }
}

/// Several parts joined; one part is itself.
fn joined(mut parts: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            parts.extend(last);
            join(parts)
        }
    }
}
