//! `git xp tag`.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::target::{self, Target};
use crate::model::tag;
use crate::model::text::printable;
use crate::record::late;

/// Tag a run or an experiment, take tags away, or list them
///
/// A tag is one word. Who tagged what, and when, is recorded; a tag that is taken away stays in the notebook.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp tag last keep
  git xp tag bigger-lr paper figure-3     an experiment, two tags
  git xp tag bigger-lr                    lists its tags
  git xp tag -d last keep                 takes one away")]
pub struct TagArgs {
    /// A run's id or the beginning of one, last, last~1, an experiment, a commit with one run
    selector: String,

    /// The tags; without any the tags there are are listed
    #[arg(value_name = "TAG")]
    tags: Vec<String>,

    /// Take the tags away
    #[arg(short, long, requires = "tags")]
    delete: bool,

    /// List as JSON
    #[arg(long, conflicts_with_all = ["tags", "delete"])]
    json: bool,
}

/// Do it.
///
/// # Errors
/// If the selector names nothing, a tag is none, or one to be taken away is not there.
pub fn run(cx: &Context, args: &TagArgs) -> Result<u8, CliError> {
    args.tags.iter().try_for_each(|text| tag::check(text).map_err(|error| CliError::usage(error.to_string())))?;
    if !args.tags.is_empty() {
        cx.repo.check_writable()?;
        // A run that has just ended may be meant.
        cx.seal();
    }
    let records = cx.records_about(&[&args.selector])?;
    let target = target::find(cx, records, &args.selector)?;
    let tags = tag::tags(&target.initial_tags, &target.about);
    if args.tags.is_empty() {
        list(cx, &target, &tags, args.json);
    } else if args.delete {
        remove(cx, args, &target, &tags)?;
    } else {
        add(cx, args, &target, &tags)?;
    }
    Ok(exit::OK)
}

fn list(cx: &Context, target: &Target, tags: &BTreeSet<String>, as_json: bool) {
    if as_json {
        let facts = target.about.iter().filter(|(header, _)| header.kind == "tag");
        let facts = facts.map(|(header, about)| {
            json!({"id": header.id, "time": header.time, "by": header.by, "added": about.tags, "removed": about.removed})
        });
        let facts: Vec<_> = facts.collect();
        cx.ui.print_json(
            &json!({"version": 1, "id": target.id, "tags": tags, "initial": target.initial_tags, "facts": facts}),
        );
    } else if tags.is_empty() {
        cx.ui.status(&format!("{} has no tags", target.name));
    } else {
        cx.ui.print(&tags.iter().map(|tag| printable(tag) + "\n").collect::<String>());
    }
}

fn add(cx: &Context, args: &TagArgs, target: &Target, tags: &BTreeSet<String>) -> Result<(), CliError> {
    let new: Vec<String> = wanted(args).into_iter().filter(|tag| !tags.contains(tag)).collect();
    if new.is_empty() {
        cx.ui.status(&format!("{} has {} already", target.name, args.tags.join(" ")));
        return Ok(());
    }
    late::tag((&cx.root, &cx.masker), (target.id, &target.commit), &cx.by(), &new, &[])?;
    cx.seal();
    cx.ui.status(&format!("{} tagged {}", target.name, new.join(" ")));
    Ok(())
}

fn remove(cx: &Context, args: &TagArgs, target: &Target, tags: &BTreeSet<String>) -> Result<(), CliError> {
    let gone = wanted(args);
    if let Some(missing) = gone.iter().find(|tag| !tags.contains(*tag)) {
        let error = CliError::new(format!("{} has no tag '{missing}'", target.name));
        let there = tags.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        return Err(if there.is_empty() { error.hint("it has none") } else { error.hint(format!("it has: {there}")) });
    }
    late::tag((&cx.root, &cx.masker), (target.id, &target.commit), &cx.by(), &[], &gone)?;
    cx.seal();
    cx.ui.status(&format!("{} is no longer tagged {}", target.name, gone.join(" ")));
    Ok(())
}

/// The tags as typed, each once.
fn wanted(args: &TagArgs) -> Vec<String> {
    let mut seen = BTreeSet::new();
    args.tags.iter().filter(|tag| seen.insert(tag.as_str())).cloned().collect()
}
