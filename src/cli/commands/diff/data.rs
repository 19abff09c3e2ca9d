//! How the files of the folders differ that two runs pinned.

use crate::cli::commands::run::manifest_name;
use crate::cli::context::Context;
use crate::cli::files;
use crate::data::compare::compare;
use crate::model::data::FolderChanges;
use crate::store::details::Details;

/// The folders that both runs pinned under one name, and whose lists of files differ. A list that is not here, or was too long to be stored, says
/// nothing: the digests say that something differs.
pub(super) fn changes(cx: &Context, a: &Details, b: &Details) -> Vec<FolderChanges> {
    let names = a.run.data.keys().filter(|name| b.run.data.contains_key(*name));
    let changes = names.filter_map(|name| {
        let path = manifest_name(name);
        let (one, two) = (a.files.get(&path)?, b.files.get(&path)?);
        if one == two {
            return None;
        }
        compare(name, &files::read(cx, *one).ok()?, &files::read(cx, *two).ok()?)
    });
    changes.collect()
}
