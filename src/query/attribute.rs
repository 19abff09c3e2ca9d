//! The attributes: one table for the parser, `--columns`, `--sort`, completions and `docs/query.md`.

/// What can be asked of every run or experiment; metrics, params and tags have names of the user's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "ATTRIBUTES says what each means")]
pub enum Attribute {
    Id,
    Experiment,
    Branch,
    State,
    Hypothesis,
    Baseline,
    Runs,
    Commit,
    Tree,
    Dirty,
    Status,
    Exit,
    Signal,
    Seed,
    Started,
    Ended,
    Seconds,
    CpuSeconds,
    PeakMemory,
    Age,
    Command,
    Cwd,
    Host,
    By,
    Manual,
    Withdrawn,
    Tags,
    Remarks,
    Plan,
    Condition,
    Environment,
}

/// What the values of a field are, and so what they can be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// An id or digest in lower case: equal to each of its beginnings.
    Hash,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A number.
    Number,
    /// Seconds; `'10m'` and `'2h'` are read too.
    Duration,
    /// A moment.
    Time,
    /// True or false.
    Bool,
    /// Several texts: a comparison holds if it holds for one of them.
    Texts,
    /// Whatever was recorded: params and tags.
    Any,
}

/// A row of [`ATTRIBUTES`].
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The attribute.
    pub attribute: Attribute,
    /// Its name, in lower case.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Other names that are read.
    pub aliases: &'static [&'static str],
    /// What it says, in a few words.
    pub meaning: &'static str,
}

const STATES: &[&str] = &["open", "concluded", "merged", "withdrawn", "deleted", "remote"];
const STATUSES: &[&str] = &["ok", "failed", "killed", "crashed", "unknown"];

/// All attributes, in the order of [`Attribute`].
pub const ATTRIBUTES: [Entry; 31] = [
    entry(
        Attribute::Id,
        "id",
        Kind::Hash,
        &["run", "run_id"],
        "id of the run, or of the experiment where those are listed",
    ),
    entry(Attribute::Experiment, "experiment", Kind::Text, &["name"], "name of the experiment"),
    entry(Attribute::Branch, "branch", Kind::Text, &[], "branch, without `refs/heads/`"),
    entry(Attribute::State, "state", Kind::Choice(STATES), &[], "what became of the experiment"),
    entry(Attribute::Hypothesis, "hypothesis", Kind::Text, &[], "the hypothesis as a sentence"),
    entry(
        Attribute::Baseline,
        "baseline",
        Kind::Text,
        &[],
        "what the experiment is compared with, as typed at its start",
    ),
    entry(Attribute::Runs, "runs", Kind::Number, &[], "how many runs the experiment has"),
    entry(Attribute::Commit, "commit", Kind::Hash, &[], "the commit that was checked out"),
    entry(Attribute::Tree, "tree", Kind::Hash, &[], "the tree that was run"),
    entry(Attribute::Dirty, "dirty", Kind::Bool, &[], "whether the work tree differed from the commit"),
    entry(Attribute::Status, "status", Kind::Choice(STATUSES), &[], "how the run ended"),
    entry(Attribute::Exit, "exit", Kind::Number, &["exit_code"], "the exit code"),
    entry(Attribute::Signal, "signal", Kind::Number, &[], "the signal that ended it"),
    entry(Attribute::Seed, "seed", Kind::Number, &[], "the seed"),
    entry(Attribute::Started, "started", Kind::Time, &["start", "start_time"], "when it started"),
    entry(Attribute::Ended, "ended", Kind::Time, &["end", "end_time"], "when it ended"),
    entry(Attribute::Seconds, "seconds", Kind::Duration, &["duration"], "how long it took"),
    entry(Attribute::CpuSeconds, "cpu_seconds", Kind::Duration, &[], "CPU time of the command and its descendants"),
    entry(
        Attribute::PeakMemory,
        "peak_memory",
        Kind::Number,
        &[],
        "largest resident memory of one of its processes, in bytes",
    ),
    entry(Attribute::Age, "age", Kind::Duration, &[], "how long ago it started"),
    entry(Attribute::Command, "command", Kind::Text, &[], "the command as typed"),
    entry(Attribute::Cwd, "cwd", Kind::Text, &[], "folder below the work tree"),
    entry(Attribute::Host, "host", Kind::Text, &["hostname"], "host name"),
    entry(Attribute::By, "by", Kind::Text, &["author", "user", "user_id"], "who recorded it, `Name <email>`"),
    entry(Attribute::Manual, "manual", Kind::Bool, &[], "whether `log-metric` and `finish` made it"),
    entry(Attribute::Withdrawn, "withdrawn", Kind::Bool, &[], "whether it was withdrawn"),
    entry(Attribute::Tags, "tags", Kind::Texts, &["tag"], "its tags"),
    entry(Attribute::Remarks, "remarks", Kind::Texts, &["remark"], "the remarks on it"),
    entry(Attribute::Plan, "plan", Kind::Hash, &[], "digest of what was to be run, `sha256:…`"),
    entry(Attribute::Condition, "condition", Kind::Hash, &[], "the same without the seed"),
    entry(Attribute::Environment, "environment", Kind::Hash, &[], "digest of the recorded environment"),
];

impl Attribute {
    /// The attribute of this name or alias, in any case.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        let is = |known: &&str| known.eq_ignore_ascii_case(name);
        ATTRIBUTES.iter().find(|entry| is(&entry.name) || entry.aliases.iter().any(is)).map(|e| e.attribute)
    }

    /// Its row in [`ATTRIBUTES`].
    #[must_use]
    pub fn entry(self) -> &'static Entry {
        // In the order of the variants, see the test.
        &ATTRIBUTES[self as usize]
    }
}

impl Kind {
    /// What such values are, in words that follow "is": `a number`, `one of ok, failed`.
    #[must_use]
    pub fn in_words(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Hash => "an id: its beginning is enough".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Number => "a number".to_owned(),
            Self::Duration => "a duration in seconds".to_owned(),
            Self::Time => "a time".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Texts => "a list of texts".to_owned(),
            Self::Any => "any value".to_owned(),
        }
    }

    /// Whether `like`, `glob` and `contains` apply.
    pub(super) fn has_text(self) -> bool {
        matches!(self, Self::Text | Self::Hash | Self::Choice(_) | Self::Texts | Self::Any)
    }
}

const fn entry(
    attribute: Attribute,
    name: &'static str,
    kind: Kind,
    aliases: &'static [&'static str],
    meaning: &'static str,
) -> Entry {
    Entry { attribute, name, kind, aliases, meaning }
}

#[cfg(test)]
mod tests {
    use super::{ATTRIBUTES, Attribute};

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        for (index, entry) in ATTRIBUTES.iter().enumerate() {
            assert_eq!(entry.attribute as usize, index, "{}", entry.name);
            assert_eq!(entry.attribute.entry().name, entry.name);
        }
    }

    #[test]
    fn every_name_means_one_attribute() {
        for entry in &ATTRIBUTES {
            for name in entry.aliases.iter().chain([&entry.name]) {
                assert_eq!(Attribute::find(name), Some(entry.attribute), "{name}");
                assert_eq!(*name, name.to_lowercase());
            }
        }
        assert_eq!(Attribute::find("STARTED"), Some(Attribute::Started));
        assert_eq!(Attribute::find("sta"), None);
    }
}
