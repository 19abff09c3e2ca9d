//! The digest of a plan: what would be run. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::artifact::digest;
use crate::model::run::Run;

/// `plan` and `condition` of a run: see `docs/format.md`. The condition is the plan without the seed.
pub fn digests(run: &Run, seed_param: Option<&str>, variables: &BTreeMap<String, String>) -> (String, String) {
    let params: BTreeMap<&String, &Value> = run.params.iter().collect();
    // Where the same data lies makes no other plan.
    let data: BTreeMap<&String, &str> = run.data.iter().map(|(name, pin)| (name, pin.identity())).collect();
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
            data,
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
    use crate::model::data::DataPin;

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

    #[test]
    fn other_data_is_another_plan_and_no_data_changes_no_digest() {
        let of = |data: &[(&str, &str, &str)]| {
            let pin = |path: &str, digest: &str| DataPin {
                path: Some(path.to_owned()),
                digest: Some(digest.to_owned()),
                ..DataPin::default()
            };
            let data = data.iter().map(|(name, path, digest)| ((*name).to_owned(), pin(path, digest))).collect();
            digests(&Run { data, ..Run::default() }, None, &BTreeMap::new())
        };
        let one = of(&[("train", "a", "sha256:1")]);
        assert_eq!(one, of(&[("train", "b", "sha256:1")]));
        let others = [of(&[("train", "a", "sha256:2")]), of(&[("test", "a", "sha256:1")]), of(&[])];
        assert!(others.iter().all(|other| other.0 != one.0 && other.1 != one.1));
        // As it was before there were pins.
        let text = r#"["git-xp plan 1","",[],"",null,{},{},null,{}]"#;
        assert_eq!(of(&[]).0, crate::artifact::digest(text.as_bytes()));
    }
}
