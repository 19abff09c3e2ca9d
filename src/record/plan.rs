//! The digest of a plan: what would be run. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::artifact::objects::digest;
use crate::model::run::Run;

/// `plan` and `condition` of a run: see `docs/format.md`. The condition is the plan without the seed.
pub fn digests(run: &Run, seed_param: Option<&str>, variables: &BTreeMap<String, String>) -> (String, String) {
    let params: BTreeMap<&String, &Value> = run.params.iter().collect();
    let unseeded: BTreeMap<&String, &Value> =
        run.params.iter().filter(|(name, _)| Some(name.as_str()) != seed_param).collect();
    // PYTHONHASHSEED is set from the seed, so it would tell the conditions of two seeds apart.
    let variables: BTreeMap<&String, &String> =
        variables.iter().filter(|(name, _)| *name != "PYTHONHASHSEED").collect();
    // The merged config is in the params, key by key; a digest of its text would hold the seed.
    let text = |params: &BTreeMap<&String, &Value>, seed: Option<i64>| {
        json!([
            "git-xp plan 1",
            run.tree,
            run.command,
            run.cwd,
            run.config.as_ref().map(|c| &c.file),
            params,
            {},
            seed,
            variables
        ])
        .to_string()
    };
    (digest(text(&params, run.seed).as_bytes()), digest(text(&unseeded, None).as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Run, digests};

    #[test]
    fn a_condition_is_a_plan_without_its_seed() {
        let run = |seed: i64| Run {
            tree: "t".into(),
            seed: Some(seed),
            params: BTreeMap::from([("train.seed".to_owned(), seed.into()), ("lr".to_owned(), 0.1.into())]),
            ..Run::default()
        };
        let none = BTreeMap::new();
        let (one, two) = (digests(&run(1), Some("train.seed"), &none), digests(&run(2), Some("train.seed"), &none));
        assert_ne!(one.0, two.0);
        assert_eq!(one.1, two.1);
        assert_eq!(one, digests(&run(1), Some("train.seed"), &none));
    }
}
