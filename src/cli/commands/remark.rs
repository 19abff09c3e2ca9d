//! `git xp remark`.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::target;
use crate::record::late;

/// The longest remark, in bytes: longer texts belong into a file of the repository.
const LONGEST: u64 = 1 << 20;

/// What stands between a remark and the explanation below it, as in git.
const SCISSORS: &str = "# ------------------------ >8 ------------------------";

/// Write a remark on a run or an experiment
///
/// It becomes part of the notebook, with who wrote it and when. Without TEXT your editor opens, as `git commit` does it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp remark last 'the loss still falls at the end'
  git xp remark bigger-lr                in your editor
  git xp remark 7kq -F notes.md          from a file; - is standard input")]
pub struct RemarkArgs {
    /// A run's id or the beginning of one, last, last~1, an experiment, a commit with one run
    selector: String,

    /// The remark
    text: Option<String>,

    /// Read the remark from a file
    #[arg(short = 'F', long, value_name = "FILE", conflicts_with = "text")]
    file: Option<PathBuf>,
}

/// Do it.
///
/// # Errors
/// If the selector names nothing, or nothing is said.
pub fn run(cx: &Context, args: &RemarkArgs) -> Result<u8, CliError> {
    cx.repo.check_writable()?;
    // A run that has just ended may be meant.
    cx.seal();
    let records = cx.records_about(&[&args.selector])?;
    let target = target::find(cx, records, &args.selector)?;
    let text = match (&args.text, &args.file) {
        (Some(text), _) => text.clone(),
        (None, Some(file)) => read(file)?,
        (None, None) => above_scissors(&cx.repo.edit("XP_EDITMSG", &template(&target.name))?).to_owned(),
    };
    let text = text.trim_end();
    if text.trim().is_empty() {
        return Err(CliError::new("the remark is empty, so nothing is recorded")
            .hint(format!("git xp remark {} '…'", args.selector)));
    }
    if text.len() as u64 > LONGEST {
        return Err(too_long());
    }
    late::remark((&cx.root, &cx.masker), (target.id, &target.commit), &cx.by(), text)?;
    cx.seal();
    cx.ui.status(&format!("remark on {} recorded", target.name));
    Ok(exit::OK)
}

fn read(file: &Path) -> Result<String, CliError> {
    let broken = |error: std::io::Error| CliError::new(format!("{}: {error}", file.display()));
    let mut bytes = Vec::new();
    let limit = LONGEST + 1;
    if file == Path::new("-") {
        std::io::stdin().take(limit).read_to_end(&mut bytes).map_err(broken)?;
    } else {
        std::fs::File::open(file).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(broken)?;
    }
    if bytes.len() as u64 == limit {
        return Err(too_long());
    }
    String::from_utf8(bytes).map_err(|_| CliError::new(format!("{} is no UTF-8 text", file.display())))
}

fn too_long() -> CliError {
    CliError::new("the remark is over 1 MiB").hint("commit it as a file, and remark which one it is")
}

fn template(name: &str) -> String {
    format!(
        "\n{SCISSORS}\n# Your remark on {name} goes above the line; this and what follows is left out. An empty one is not recorded.\n"
    )
}

fn above_scissors(text: &str) -> &str {
    text.find(SCISSORS).map_or(text, |at| &text[..at])
}
