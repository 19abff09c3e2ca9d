//! Names that differ from known ones only in case or punctuation: one thing would become two columns of a table. Pure.

use std::collections::{HashMap, HashSet};

/// Names that are known, of one kind: params or metrics.
#[derive(Debug, Default, Clone)]
pub struct Known {
    names: HashSet<String>,
    /// By normal form the first name that had it.
    by_form: HashMap<String, String>,
}

impl Known {
    /// These names.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known = Self::default();
        names.into_iter().for_each(|name| known.add(name));
        known
    }

    /// The names that are new and differ from a known one only in case or punctuation, each with that one. From now on they are known.
    pub fn notice<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> Vec<(&'a str, String)> {
        let mut found = Vec::new();
        for name in names {
            if self.names.contains(name) {
                continue;
            }
            let form = form(name);
            // A single letter in upper and lower case is two things: n and N, k and K.
            if form.chars().nth(1).is_some()
                && let Some(other) = self.by_form.get(&form)
            {
                found.push((name, other.clone()));
            }
            self.add(name);
        }
        found
    }

    fn add(&mut self, name: &str) {
        self.by_form.entry(form(name)).or_insert_with(|| name.to_owned());
        self.names.insert(name.to_owned());
    }
}

/// The name in lower case, without what separates words. Between digits a separator tells numbers apart: `top1.5` is not `top15`.
fn form(name: &str) -> String {
    let is_separator = |c: char| c.is_whitespace() || matches!(c, '_' | '-' | '.' | '/' | '\\' | ':');
    let mut form = String::with_capacity(name.len());
    let mut is_apart = false;
    for c in name.chars() {
        if is_separator(c) {
            is_apart = true;
            continue;
        }
        if is_apart && c.is_ascii_digit() && form.ends_with(|last: char| last.is_ascii_digit()) {
            form.push('_');
        }
        is_apart = false;
        form.extend(c.to_lowercase());
    }
    form
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Known, form};

    fn noticed<'a>(known: &[&'a str], names: &[&'a str]) -> Vec<(&'a str, String)> {
        Known::new(known.iter().copied()).notice(names.iter().copied())
    }

    #[test]
    fn one_name_in_other_clothes_is_noticed_once() {
        let mut known = Known::new(["val_acc"]);
        for name in ["val-acc", "ValAcc", "val/acc", "VAL.ACC", "val acc"] {
            assert_eq!(known.notice([name]), [(name, "val_acc".to_owned())]);
            assert!(known.notice([name]).is_empty(), "only once");
        }
        assert_eq!(noticed(&[], &["lr", "LR"]), [("LR", "lr".to_owned())]);
    }

    #[test]
    fn other_names_are_other_names() {
        assert!(
            noticed(&["n", "top15", "acc@1", "loss", "layers.1.0"], &["N", "top1.5", "acc@10", "loss+"]).is_empty()
        );
        assert!(noticed(&["layers.1.0"], &["layers.10", "layers.1.1"]).is_empty());
        assert!(noticed(&["val_acc"], &["val_acc", "val_acc2", "acc"]).is_empty());
    }

    proptest! {
        #[test]
        fn a_form_has_one_form(name in any::<String>(), other in "[a-zA-Z0-9_./-]{0,12}") {
            assert_eq!(form(&form(&name)), form(&name));
            // Digits that were apart stay apart, by the mark that is a separator itself.
            assert_eq!(form(&form(&other)), form(&other));
            let mut known = Known::new([name.as_str()]);
            assert!(known.notice([name.as_str()]).is_empty());
        }
    }
}
