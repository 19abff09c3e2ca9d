//! What a mistyped name was probably meant to be.

use std::cmp::Reverse;

/// The name most like an unknown one: equal but for case, else few edits away, else one that holds it.
pub(super) fn nearest<'n>(unknown: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    // Longer texts are no typing errors, and comparing costs the product of the lengths.
    let length = Some(unknown.chars().count()).filter(|length| (1..=64).contains(length))?;
    let unknown = unknown.to_lowercase();
    let allowed = (length / 3).max(1);
    let distance = |name: &str| -> Option<usize> {
        if name.len() > 4 * 64 {
            return None;
        }
        let name = name.to_lowercase();
        let edits = strsim::osa_distance(&unknown, &name);
        // Of a single letter, one edit leaves nothing.
        if edits <= allowed && edits < length {
            return Some(edits);
        }
        (length >= 3 && name.contains(&unknown)).then_some(allowed + 1)
    };
    let start = |name: &str| unknown.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
    // Beginnings are seldom mistyped.
    known
        .into_iter()
        .filter_map(|name| Some((distance(name)?, Reverse(start(name)), name)))
        .min()
        .map(|(_, _, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn typing_errors_are_understood() {
        let names = ["lr", "val_acc", "val_loss", "batch_size", "a"];
        for (typed, meant) in [
            ("rl", Some("lr")),
            ("LR", Some("lr")),
            ("val_ac", Some("val_acc")),
            ("loss", Some("val_loss")),
            ("b", None),
            ("x", None),
            ("", None),
            ("dropout", None),
            ("a", Some("a")),
        ] {
            assert_eq!(nearest(typed, names), meant, "{typed}");
        }
    }
}
