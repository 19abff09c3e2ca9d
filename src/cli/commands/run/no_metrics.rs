//! Why a run that ended well has no metrics, where the work tree tells.

use crate::cli::context::Context;
use crate::model::metric::is_system;
use crate::model::run::{Run, Status};
use crate::model::text::printable;

/// Say it, with what to do.
pub(super) fn explain(cx: &Context, run: &Run) {
    if run.status == Status::Ok
        && run.metrics.keys().all(|name| is_system(name))
        && let Ok(top) = cx.repo.work_dir()
        && let Some(hint) = reason(&cx.settings.metrics_files, &run.cwd, |path| top.join(path).is_file())
    {
        cx.ui.hint(&hint);
    }
}

/// `files` are metrics files and `cwd` is where the command ran, all from the top of the work tree.
fn reason(files: &[String], cwd: &str, is_there: impl Fn(&str) -> bool) -> Option<String> {
    if let Some(old) = files.iter().find(|file| is_there(file)) {
        return Some(format!("{} was not written by this run, so nothing is taken from it", printable(old)));
    }
    let below = files.iter().filter(|_| !cwd.is_empty()).map(|file| format!("{cwd}/{file}"));
    let elsewhere = below.into_iter().find(|file| is_there(file))?;
    let list: Vec<&str> = files.iter().map(String::as_str).chain([elsewhere.as_str()]).collect();
    Some(format!("{} is no metrics file so far; in .xp.toml, below [metrics]: files = {list:?}", printable(&elsewhere)))
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn files_that_are_old_or_elsewhere_are_named() {
        let files = ["metrics.json".to_owned()];
        let with = |there: &'static str, cwd: &str| reason(&files, cwd, |path| path == there);
        assert_eq!(with("other", "sub"), None);
        assert_eq!(with("sub/metrics.json", ""), None);
        assert!(with("metrics.json", "sub").is_some_and(|text| text.contains("was not written by this run")));
        let hint = with("sub/metrics.json", "sub").expect("a hint");
        assert!(hint.ends_with(r#"files = ["metrics.json", "sub/metrics.json"]"#), "{hint}");
    }
}
