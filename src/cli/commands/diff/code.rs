//! How the trees differ that two runs ran.

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::diff::CodeChanges;
use crate::git::Oid;
use crate::render::difference::patch;
use crate::store::details::Details;

/// How the code differs; `None` if it does not. What is not here, or cannot be compared, is said and no error: everything else can be shown.
pub(super) fn changes(cx: &Context, a: &Details, b: &Details) -> Option<CodeChanges> {
    match trees(cx, a, b) {
        Ok([a, b]) if a == b => None,
        Ok([a, b]) => Some(match cx.repo.compare_trees(a, b) {
            Ok(files) => CodeChanges::Files(files),
            Err(error) => CodeChanges::Unreadable(error.to_string()),
        }),
        Err(_) if a.run.tree == b.run.tree => None,
        Err(missing) => Some(CodeChanges::Missing(missing)),
    }
}

/// Print the patch from one tree to the other: bytes that `git apply` takes, or on a terminal coloured and safe.
///
/// # Errors
/// If one of the trees is not here.
pub(super) fn print_patch(cx: &Context, a: &Details, b: &Details) -> Result<(), CliError> {
    let [a, b] = trees(cx, a, b).map_err(|missing| {
        CliError::new(format!("the code is not here: tree {}", missing.join(", tree ")))
            .hint("fetch it from where the run was made: git fetch --all")
    })?;
    let bytes = cx.repo.patch(a, b)?;
    if cx.ui.is_terminal {
        cx.ui.print(&patch(&String::from_utf8_lossy(&bytes), cx.ui.colour));
    } else {
        cx.ui.print_foreign(&bytes);
    }
    if bytes.is_empty() {
        cx.ui.status("both ran the same code");
    }
    Ok(())
}

/// The trees that were run, or the ids of those that are not here.
fn trees(cx: &Context, a: &Details, b: &Details) -> Result<[Oid; 2], Vec<String>> {
    let find = |details: &Details| {
        let tree = cx.repo.parse_oid(&details.run.tree);
        // git knows the empty tree without having it.
        tree.filter(|tree| *tree == cx.repo.empty_tree() || cx.repo.has_object(*tree))
    };
    match (find(a), find(b)) {
        (Some(a), Some(b)) => Ok([a, b]),
        (here_a, here_b) => {
            let missing = [(a, here_a), (b, here_b)].into_iter().filter(|(_, here)| here.is_none());
            let mut missing: Vec<String> = missing.map(|(details, _)| details.run.tree.clone()).collect();
            missing.dedup();
            Err(missing)
        }
    }
}
