//! `git xp fsck`.

use clap::Args;
use serde_json::json;

use super::forget;
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::git::refs::Edit;
use crate::model::text::printable;
use crate::record::pending::{self, Sealed};
use crate::render::number::plural;
use crate::store::audit::{Audit, audit};
use crate::store::forget::rewrite::{self, Wish};
use crate::store::seal;

/// Check that ledgers, notes, kept code and what is under way agree
///
/// The exit code is 1 if something is not as it should be (and, with --repair, could not be mended).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp fsck
  git xp fsck --repair      seals what was left behind, rebuilds notes from the ledger and the ledger from notes")]
pub struct FsckArgs {
    /// Mend what can be mended
    #[arg(long)]
    repair: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Do it.
///
/// # Errors
/// If the repository cannot be read, or refuses to be written.
pub fn run(cx: &Context, args: &FsckArgs) -> Result<u8, CliError> {
    let mut repaired = 0;
    let mut found = audit(&cx.repo, &cx.root)?;
    if args.repair && found.findings.iter().any(|finding| finding.repairable) {
        let before = found.findings.len();
        repair(cx, &found)?;
        found = audit(&cx.repo, &cx.root)?;
        // What was brought back may need its note; one more round settles it.
        if found.findings.iter().any(|finding| finding.repairable) {
            repair(cx, &found)?;
            found = audit(&cx.repo, &cx.root)?;
        }
        repaired = before.saturating_sub(found.findings.len());
    }
    if args.json {
        cx.ui
            .print_json(&json!({"version": 1, "facts": found.facts, "repaired": repaired, "findings": found.findings}));
    } else {
        print(cx, &found, repaired, args.repair);
    }
    Ok(if found.findings.is_empty() { exit::OK } else { exit::FOUND })
}

fn print(cx: &Context, found: &Audit, repaired: usize, was_repair: bool) {
    let lines = found.findings.iter().map(|f| format!("{}: {}: {}\n", f.kind, printable(&f.at), printable(&f.text)));
    cx.ui.print(&lines.collect::<String>());
    if repaired > 0 {
        cx.ui.print(&format!("{} repaired\n", plural(repaired, "finding")));
    }
    if found.findings.is_empty() {
        cx.ui.print(&format!("{} in order\n", plural(found.facts, "fact")));
    } else if !was_repair && found.findings.iter().any(|finding| finding.repairable) {
        cx.ui.hint("git xp fsck --repair");
    }
}

fn repair(cx: &Context, found: &Audit) -> Result<(), CliError> {
    if found.findings.iter().any(|finding| finding.kind == "notes") {
        // Nothing can be sealed beside notes that cannot be read.
        seal::replace_notes(&cx.repo, &found.notes)?;
    }
    let mut sealed = Sealed::default();
    pending::close_orphans(&cx.repo, &cx.root, &|metric| cx.direction(metric), &cx.masker, true, &mut sealed);
    pending::seal_all(&cx.repo, &cx.root, &mut sealed)?;
    for (id, problem) in &sealed.problems {
        cx.ui.warning(&format!("{id} cannot be sealed: {problem}"));
    }
    if found.findings.iter().any(|finding| finding.kind == "forgotten") {
        forget::clean_up(cx, &rewrite::forget(&cx.repo, &Wish { tombstones: &[], drops_line: &|_| false })?)?;
    }
    seal::seal(&cx.repo, &found.lost)?;
    for (month, commits) in &found.unkept {
        seal::keep_code(&cx.repo, month, commits)?;
    }
    if !found.notes.is_empty() {
        seal::replace_notes(&cx.repo, &found.notes)?;
    }
    for (name, oid) in &found.stale_pins {
        seal::transact_patiently(&cx.repo, &[Edit::delete(name, *oid)])?;
    }
    Ok(())
}
