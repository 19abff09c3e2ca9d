//! What values may be. Each check answers with what to write instead.

use std::time::Duration;

use crate::model::duration;

/// A value that cannot be, with what to write instead.
pub(super) type Checked = Result<(), &'static str>;

/// A path or pattern below the root of the work tree: relative, no `..`, no control characters.
pub(super) fn path(text: &str) -> Checked {
    let drive = matches!(text.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    let absolute = text.starts_with(['/', '\\']) || drive || text.starts_with('~');
    let leaves = text.split(['/', '\\']).any(|part| part == "..");
    if text.is_empty() || absolute || leaves || text.chars().any(char::is_control) {
        return Err("a path relative to the root of the repository, without `..`");
    }
    Ok(())
}

/// A path or URI of data. It may lie outside of the repository, as data often does.
pub(super) fn pin(text: &str) -> Checked {
    let is_fine = !text.trim().is_empty() && !text.chars().any(char::is_control);
    if is_fine { Ok(()) } else { Err(super::key::DATA_ALLOWED) }
}

/// A place of artifacts. It may lie anywhere; a secret has no place in it.
pub(super) fn remote(text: &str) -> Checked {
    let has_password = text.split_once("://").is_some_and(|(scheme, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        scheme.starts_with("http") && authority.split_once('@').is_some_and(|(user, _)| user.contains(':'))
    });
    if has_password {
        return Err("a place without a password in it: git's credential helpers keep those");
    }
    let is_fine = !text.trim().is_empty() && !text.starts_with('-') && !text.chars().any(char::is_control);
    if is_fine { Ok(()) } else { Err(super::key::ARTIFACTS_ALLOWED) }
}

/// The name of a pin.
pub(super) fn pin_name(text: &str) -> Checked {
    crate::model::data::check_name(text)
}

/// What a branch's name can start with, by the rules of `git check-ref-format`.
pub(super) fn prefix(text: &str) -> Checked {
    let bad = |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    let component_ok = |part: &str| !part.starts_with('.') && !part.ends_with('.') && !part.ends_with(".lock");
    let parts = text.strip_suffix('/').unwrap_or(text);
    let fine = !text.is_empty()
        && text.len() <= 100
        && !text.starts_with(['-', '/'])
        && !text.contains(bad)
        && !text.contains("..")
        && !text.contains("@{")
        && parts.split('/').all(|part| !part.is_empty() && component_ok(part));
    if fine { Ok(()) } else { Err("what the name of a branch can start with, as in \"exp/\"") }
}

/// A revision: git decides whether it exists, here only what could be taken for an option is refused.
pub(super) fn revision(text: &str) -> Checked {
    if text.trim().is_empty() || text.starts_with('-') || text.chars().any(char::is_control) {
        return Err("a branch, tag or commit, as in \"main\"");
    }
    Ok(())
}

/// The name of an environment variable, or the beginning of several with a `*`: not so short that it takes nearly all.
pub(super) fn variable(text: &str) -> Checked {
    let name = text.strip_suffix('*').unwrap_or(text);
    let is_wide = name.len() < text.len() && name.len() < 3;
    if name.is_empty()
        || is_wide
        || name.contains(|c: char| matches!(c, '=' | '*') || c.is_control() || c.is_whitespace())
    {
        return Err("names of environment variables, as in \"CUDA_VISIBLE_DEVICES\" or \"NCCL_*\"");
    }
    Ok(())
}

/// What [`interval`] takes.
pub(super) const INTERVAL: &str = "a duration from 0.1s to one day, as in \"10s\", or \"off\"";

/// How often something is done: `None` for `off`. What is shorter would cost more than it tells.
pub(super) fn interval(text: &str) -> Result<Option<Duration>, &'static str> {
    if text == "off" {
        return Ok(None);
    }
    let seconds = duration::parse(text).filter(|seconds| (0.1..=86_400.0).contains(seconds)).ok_or(INTERVAL)?;
    Ok(Some(Duration::from_secs_f64(seconds)))
}

/// The name of a param.
pub(super) fn param(text: &str) -> Checked {
    crate::model::param::check_name(text).map_err(|_| "the key of a config, as in \"train.seed\"")
}

/// True or false, in the words of git's config.
pub(super) fn flag(text: &str) -> Result<bool, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" | "" => Ok(false),
        _ => Err("true or false"),
    }
}

/// A place as messages show it: what stands before its host may be a secret.
pub(super) fn shown_place(text: &str) -> String {
    match text.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, rest)) => shown(&format!("{scheme}://…@{rest}")),
        None => shown(text),
    }
}

/// A value as messages show it: quoted, escaped, and not too long.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{:?}", format!("{short}…")) } else { format!("{text:?}") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{interval, path, prefix, revision, variable};

    #[test]
    fn intervals_are_neither_short_nor_long() {
        assert_eq!(interval("off"), Ok(None));
        for (text, millis) in [("10s", 10_000), ("0.1", 100), ("100ms", 100), ("2 min", 120_000), ("1d", 86_400_000)] {
            assert_eq!(interval(text), Ok(Some(Duration::from_millis(millis))), "{text}");
        }
        for bad in ["", "0", "0.05s", "99ms", "-1s", "2d", "9999999999999999w", "on", "NaN", "inf"] {
            assert!(interval(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_stay_inside() {
        for good in ["metrics.json", "data/**", "a..b", "*.py", ".cache/", "ä ö"] {
            assert_eq!(path(good), Ok(()), "{good}");
        }
        for bad in ["", "/etc", "../x", "a/../b", "a\\..\\b", "C:\\x", "c:x", "\\\\host", "a\nb", "~/x"] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn prefixes_can_start_branches() {
        for good in ["exp/", "exp-", "team/exp/", "é/"] {
            assert_eq!(prefix(good), Ok(()), "{good}");
        }
        for bad in ["", "/", "-x", "a b", "a//", "a..b", ".x/", "x.lock/", "x@{", "a~", "refs/*", "a\u{7f}"] {
            assert!(prefix(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(revision("origin/main"), Ok(()));
        assert!(revision("--exec=x").is_err());
        assert!(["NCCL_*", "ABC*"].into_iter().all(|text| variable(text).is_ok()));
        assert!(["A=B", "*", "AB*", "*A", "A*B*", ""].into_iter().all(|text| variable(text).is_err()));
    }
}
