//! The documentation says what the program does.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The reference of all commands, from clap.
fn reference() -> String {
    let mut out = String::from(
        "# Commands\n\nMade from the program's own help by `GIT_XP_UPDATE_DOCS=1 cargo test --test it docs`; a test compares the two.\n",
    );
    let command = git_xp::cli::command();
    section(&mut out, command.clone(), "git xp");
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        section(&mut out, sub.clone(), &format!("git xp {}", sub.get_name()));
    }
    out
}

fn section(out: &mut String, command: clap::Command, name: &str) {
    let help = command.bin_name(name).term_width(100).disable_help_subcommand(true).render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    let _ = write!(out, "\n## {name}\n\n```text\n{}\n```\n", help.join("\n").trim_end());
}

#[test]
fn the_command_reference_is_up_to_date() {
    let path = root().join("docs/cli.md");
    let wanted = reference();
    if std::env::var_os("GIT_XP_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/cli.md is out of date: GIT_XP_UPDATE_DOCS=1 cargo test --test it docs");
}

#[test]
fn the_table_of_repositories_is_up_to_date() {
    const BEGIN: &str = "<!-- The rows of tests/it/matrix/rows.rs. -->\n";
    const END: &str = "<!-- End of the rows. -->\n";
    let path = root().join("docs/repositories.md");
    let text = std::fs::read_to_string(&path).expect("the page about repositories");
    let (before, rest) = text.split_once(BEGIN).expect("where the rows begin");
    let (_, after) = rest.split_once(END).expect("where the rows end");
    let wanted = format!("{before}{BEGIN}{}{END}{after}", crate::matrix::table());
    if std::env::var_os("GIT_XP_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("written");
    }
    let found = std::fs::read_to_string(&path).expect("the page about repositories");
    assert!(found == wanted, "docs/repositories.md is out of date: GIT_XP_UPDATE_DOCS=1 cargo test --test it docs");
}

#[test]
fn links_lead_somewhere() {
    let mut files = vec![root().join("README.md")];
    collect(&root().join("docs"), &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a document");
        for (at, _) in text.match_indices("](") {
            let target: String = text[at + 2..].chars().take_while(|c| *c != ')').collect();
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.contains(' ') {
                continue;
            }
            let path = file.parent().expect("a folder").join(target);
            assert!(path.exists(), "{}: {target} does not exist", file.display());
        }
    }
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("docs") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
}

#[test]
fn the_facts_of_the_format_are_facts() {
    let text = std::fs::read_to_string(root().join("docs/format.md")).expect("the format");
    let mut seen = 0;
    for line in text.lines().filter(|line| line.starts_with("{\"xp\"") && !line.contains("\"kind\":\"more\"")) {
        // The examples leave out the middle of ids with an ellipsis.
        let line = line
            .replace("\"id\":\"…\"", "\"id\":\"3v9e6w0q8r2t4y1m5c7x\"")
            .replace("\"time\":\"…\"", "\"time\":\"2026-11-21T09:14:02.118Z\"");
        let line = line.replace("\"from\":\"…\",", "");
        git_xp::model::fact::Fact::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"));
        seen += 1;
    }
    assert!(seen >= 6, "only {seen} examples were found");
}

#[test]
fn the_lines_of_the_journal_are_read() {
    let text = std::fs::read_to_string(root().join("docs/journal.md")).expect("the journal");
    let mut seen = 0;
    for line in
        text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).filter(|line| line.starts_with('{'))
    {
        let mut repaired = Vec::new();
        let parsed = git_xp::store::line::parse(line.as_bytes(), &mut repaired);
        assert!(matches!(parsed, Ok(Some(_))), "{line}: {parsed:?}");
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn the_attributes_of_a_query_are_up_to_date() {
    const HEAD: &str = "| attribute | is | also read | meaning |\n|---|---|---|---|\n";
    let path = root().join("docs/query.md");
    let text = std::fs::read_to_string(&path).expect("the query language");
    let (before, rest) = text.split_once(HEAD).expect("the table of attributes");
    let rows: usize = rest.split_inclusive('\n').take_while(|line| line.starts_with('|')).map(str::len).sum();
    let after = &rest[rows..];
    let mut table = String::new();
    for entry in &git_xp::query::ATTRIBUTES {
        let aliases: Vec<String> = entry.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        let (name, kind) = (entry.name, entry.kind.in_words());
        let _ = writeln!(table, "| `{name}` | {kind} | {} | {} |", aliases.join(", "), entry.meaning);
    }
    let wanted = format!("{before}{HEAD}{table}{after}");
    if std::env::var_os("GIT_XP_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("written");
    }
    let found = std::fs::read_to_string(&path).expect("the query language");
    assert!(found == wanted, "docs/query.md is out of date: GIT_XP_UPDATE_DOCS=1 cargo test --test it docs");
}

#[test]
fn the_examples_of_the_query_language_are_read() {
    let text = std::fs::read_to_string(root().join("docs/query.md")).expect("the query language");
    let quoted = |option: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.split_once(&format!("{option} \""))?.1.rsplit_once('"'));
        // As the shell takes them.
        lines.map(|(quoted, _)| quoted.replace("\\`", "`")).collect()
    };
    let filters = quoted("--where");
    assert_eq!(filters.len(), 10);
    for filter in filters {
        git_xp::query::Query::parse(&filter).unwrap_or_else(|error| panic!("{error}"));
    }
    for order in quoted("--sort") {
        git_xp::query::Order::parse(&order).unwrap_or_else(|error| panic!("{error}"));
    }
    for columns in quoted("--columns") {
        git_xp::query::Columns::parse(&columns).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn the_rules_of_masking_are_up_to_date() {
    use git_xp::capture::secrets::{names, rules};
    const HEAD: &str = "| rule | masks | source |\n|---|---|---|\n";
    let path = root().join("docs/security.md");
    let text = std::fs::read_to_string(&path).expect("the security page");
    let (before, rest) = text.split_once(HEAD).expect("the table of rules");
    let (_, after) = rest.split_once("## Forgetting").expect("what follows the rules");
    let mut table = String::new();
    for rule in rules::RULES {
        let _ = writeln!(table, "| `{}` | {} | {} |", rule.name, rule.what, rule.source);
    }
    let _ = writeln!(table, "| `{}` | what a pattern of `.xp.toml` finds | `.xp.toml` |", rules::PATTERN);
    let list = |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let _ = writeln!(
        table,
        "\nA name is that of a secret if it has one of the words {}; or one of {} before `key` or `keys`; or ends in `pwd`, `pw` (a \
         layer's, such as `conv_pw`, aside) or `token`. `apiKey`, `API_KEY`, `api.key` and `--api-key` are the same name. It is not if its last word says that the value only speaks of a secret: {}. Nor, since a token is a piece of text too, if the word before `token` is one of {}. In texts, the value of a \
         token, and of a bare `pw`, has to have digits and letters, at least eight of them. Texts are searched for {}, and the name around what is found is judged so.\n",
        list(&names::SECRET_WORDS),
        list(&names::KEY_WORDS),
        list(&names::HARMLESS_ENDINGS),
        list(&names::TEXT_WORDS),
        list(&names::roots().collect::<Vec<_>>()),
    );
    let wanted = format!("{before}{HEAD}{table}## Forgetting{after}");
    if std::env::var_os("GIT_XP_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("written");
    }
    let found = std::fs::read_to_string(&path).expect("the security page");
    assert!(found == wanted, "docs/security.md is out of date: GIT_XP_UPDATE_DOCS=1 cargo test --test it docs");
}

/// The page about settings, from the program's own table of them.
fn settings_page() -> String {
    use git_xp::settings::reference::{ENVIRONMENT, FOR_COMMANDS, GIT_CONFIG, Variable, entries, new_file};
    let mut out = String::from(
        "# Settings\n\nMade from `src/settings/reference.rs` by `GIT_XP_UPDATE_DOCS=1 cargo test --test it docs`; a test compares the two.\n\n\
         `.xp.toml` at the top of the repository holds for everybody; `git xp init` writes one. `git config xp.<table>.<key>` beats it, and options\n\
         beat both; but a rule that the file lists under `locked` can only be tightened. A list in git's config is made with `git config --add`.\n\n\
         A name that git-xp does not know is a warning, so that an older git-xp works in a newer repository. A value that cannot be is an error that\n\
         names the place and what may stand there, so that no rule is weaker than it was meant.\n\n## `.xp.toml`\n",
    );
    let mut table = "";
    for entry in entries() {
        if entry.table != table {
            table = entry.table;
            let _ = write!(out, "\n### `[{table}]`\n\n| key | default | example | meaning |\n|---|---|---|---|\n");
        }
        let code = |text: &str| format!("`{}`", text.replace('|', "\\|"));
        let default = entry.default.as_deref().map_or_else(|| "none".to_owned(), code);
        let about = entry.about.replace("docs/", "").replace("(capture.md)", "([capture.md](capture.md))");
        let about = about.replace("(security.md)", "([security.md](security.md))");
        let only = if entry.in_git_config { "" } else { " Not read from git's config." };
        let _ = writeln!(out, "| `{}` | {default} | {} | {about}{only} |", entry.key, code(entry.example));
    }
    let list = |out: &mut String, title: &str, variables: &[Variable]| {
        let _ = write!(out, "\n## {title}\n\n| name | meaning |\n|---|---|\n");
        for (name, meaning) in variables {
            let _ = writeln!(out, "| `{name}` | {meaning} |");
        }
    };
    list(&mut out, "Git's config alone", &GIT_CONFIG);
    list(&mut out, "Environment", &ENVIRONMENT);
    list(&mut out, "Environment of a run's command", &FOR_COMMANDS);
    let _ = write!(
        out,
        "\n## A new file\n\nWhat `git xp init` writes where it finds nothing to guess from:\n\n```toml\n{}```\n",
        new_file(&std::collections::BTreeMap::new())
    );
    out
}

#[test]
fn the_page_about_settings_is_up_to_date() {
    let path = root().join("docs/config.md");
    let wanted = settings_page();
    if std::env::var_os("GIT_XP_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/config.md is out of date: GIT_XP_UPDATE_DOCS=1 cargo test --test it docs");
}

/// Every variable that the program reads or sets stands on the page about settings, and none that it does not know.
#[test]
fn the_variables_of_the_environment_are_named() {
    use git_xp::settings::reference::{ENVIRONMENT, FOR_COMMANDS};
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut used = std::collections::BTreeSet::new();
    for file in files.iter().filter(|file| !file.ends_with("settings/reference.rs")) {
        let text = std::fs::read_to_string(file).expect("a source");
        for word in text.split('"').filter(|word| word.starts_with("GIT_XP_")) {
            if word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') {
                used.insert(word.to_owned());
            }
        }
    }
    let named = ENVIRONMENT.iter().chain(&FOR_COMMANDS).map(|(name, _)| (*name).to_owned());
    let named: std::collections::BTreeSet<String> = named.filter(|name| name.starts_with("GIT_XP_")).collect();
    assert_eq!(named, used);
}

fn sources(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("src") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
