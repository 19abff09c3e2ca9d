//! The table of `docs/architecture.md` is what the code does.

use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn modules_import_only_what_the_architecture_allows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let doc = std::fs::read_to_string(root.join("docs/architecture.md")).expect("the architecture");
    let allowed: BTreeMap<String, Vec<String>> = doc
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let name = cells.first()?.strip_prefix('`')?.strip_suffix('`')?;
            Some((name.to_owned(), cells.last()?.split(',').map(|word| word.trim().to_owned()).collect()))
        })
        .collect();
    assert!(allowed.len() >= 10, "the table was not found");
    let mut wrong = Vec::new();
    for (module, allowed) in &allowed {
        for file in rust_files(&root.join("src").join(module)) {
            let text = std::fs::read_to_string(&file).expect("a source file");
            // Tests inside a module may use what they like.
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for used in code.match_indices("crate::").map(|(at, _)| &code[at + "crate::".len()..]) {
                let used: String = used.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                let is_allowed = used == *module || allowed.iter().any(|name| *name == used || name == "all");
                if !is_allowed && !file.ends_with("tests.rs") && !file.ends_with("samples.rs") {
                    wrong.push(format!("{} uses {used}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let modules = std::fs::read_dir(root.join("src")).expect("src").filter_map(|entry| {
        let entry = entry.expect("an entry");
        entry.file_type().expect("a type").is_dir().then(|| entry.file_name().to_string_lossy().into_owned())
    });
    for module in modules {
        assert!(allowed.contains_key(&module), "{module} is not in the table");
    }
}

fn rust_files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a module folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
