//! `{name}` in a command. Only names that are known are replaced, so that the braces of JSON and awk stay.

use std::collections::{BTreeMap, BTreeSet};

/// Replaces each `{name}` whose name is known by its text, once: what was put in is not looked at again.
///
/// Returns the new words and the names that were used. The longest name wins where several fit.
#[must_use]
pub fn substitute(argv: &[String], known: &BTreeMap<String, String>) -> (Vec<String>, BTreeSet<String>) {
    let mut used = BTreeSet::new();
    let words = argv.iter().map(|word| substitute_word(word, known, &mut used)).collect();
    (words, used)
}

/// The names in braces that look like placeholders: letters, digits, `_ - . /`, not starting with a digit.
///
/// Meant for messages about names that are not known; JSON, awk and shell text yields none, or few.
#[must_use]
pub fn placeholders(argv: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for word in argv {
        for (at, _) in word.match_indices('{') {
            let rest = &word[at + 1..];
            let length = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')));
            let Some(length) = length.filter(|&length| rest[length..].starts_with('}')) else { continue };
            // `${HOME}` is the shell's.
            let is_shell = word[..at].ends_with('$');
            let name = &rest[..length];
            if !is_shell && name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                found.insert(name.to_owned());
            }
        }
    }
    found
}

fn substitute_word(word: &str, known: &BTreeMap<String, String>, used: &mut BTreeSet<String>) -> String {
    let mut result = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(at) = rest.find('{') {
        let inside = &rest[at + 1..];
        let fits = |name: &str| inside.strip_prefix(name).is_some_and(|after| after.starts_with('}'));
        let found = known.iter().filter(|(name, _)| fits(name)).max_by_key(|(name, _)| name.len());
        result.push_str(&rest[..at]);
        if let Some((name, text)) = found {
            result.push_str(text);
            used.insert(name.clone());
            rest = &inside[name.len() + 1..];
        } else {
            result.push('{');
            rest = inside;
        }
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::{placeholders, substitute};
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use std::collections::BTreeMap;

    fn words(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    fn known(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect()
    }

    #[test]
    fn only_known_names_are_replaced() {
        let argv = words(&[
            "--lr={lr}",
            "{lr}{seed}",
            "{ \"lr\": {lr} }",
            "awk '{print $1}'",
            "{unknown}",
            "{",
            "{}",
            "{{lr}}",
        ]);
        let (argv, used) = substitute(&argv, &known(&[("lr", "1e-3"), ("seed", "{lr}"), ("other", "x")]));
        let expected =
            ["--lr=1e-3", "1e-3{lr}", "{ \"lr\": 1e-3 }", "awk '{print $1}'", "{unknown}", "{", "{}", "{1e-3}"];
        assert_eq!(argv, expected);
        assert_eq!(used.into_iter().collect::<Vec<_>>(), ["lr", "seed"]);
    }

    #[test]
    fn names_with_braces_and_dots_work() {
        let (argv, _) = substitute(&words(&["{a}b}", "{m.w}"]), &known(&[("a", "1"), ("a}b", "2"), ("m.w", "3")]));
        assert_eq!(argv, ["2", "3"]);
    }

    #[test]
    fn placeholders_look_like_names() {
        let argv = words(&["--lr={lr}", "{model.width}", "{\"a\":{}}", "{print $1}", "${HOME}", "{1}", "{seed", "{µ}"]);
        assert_eq!(placeholders(&argv).into_iter().collect::<Vec<_>>(), ["lr", "model.width", "µ"]);
    }

    proptest! {
        #[test]
        fn nothing_changes_without_known_names(argv in vec(r"\PC{0,20}", 0..4)) {
            let (after, used) = substitute(&argv, &BTreeMap::new());
            prop_assert_eq!(after, argv);
            prop_assert_eq!(used.len(), 0);
        }

        #[test]
        fn any_braces_are_handled(argv in vec("[{}aé]{0,12}", 0..4), known in btree_map("[{}aé]{1,3}", "[{}a]{0,3}", 0..4)) {
            let (after, used) = substitute(&argv, &known);
            prop_assert_eq!(after.len(), argv.len());
            prop_assert!(!used.is_empty() || after == argv);
            let _ = placeholders(&argv);
        }
    }
}
