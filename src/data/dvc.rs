//! The files in which DVC keeps the hashes of data: `NAME.dvc` and `dvc.lock`. Pure.
//!
//! Only what a pin needs is read. Format: <https://dvc.org/doc/user-guide/project-structure/dvc-files>.

use serde_json::{Map, Value};

use crate::capture::config;

/// What DVC says of a file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Out {
    /// Where it lies, relative to the folder of the file that says so, `/` separated.
    pub path: String,
    /// The name of a hash, a colon, the hash: `md5:….dir` for a folder.
    pub digest: String,
    /// Bytes.
    pub size: Option<u64>,
    /// How many files a folder has.
    pub files: Option<u64>,
}

impl Out {
    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.digest.ends_with(".dir") || self.files.is_some()
    }
}

/// Read a `.dvc` file.
///
/// # Errors
/// Says why there is nothing to pin.
pub fn parse_file(bytes: &[u8]) -> Result<Vec<Out>, String> {
    let map = parse(bytes)?;
    let folder = map.get("wdir").and_then(Value::as_str).unwrap_or_default();
    let outs = map.get("outs").and_then(Value::as_array).ok_or("it names no `outs`")?;
    let outs: Vec<Out> = outs.iter().filter_map(|item| out(item, folder)).collect();
    if outs.is_empty() { Err("it has no hash of its data yet".to_owned()) } else { Ok(outs) }
}

/// What a `dvc.lock` says of a path, relative to its folder: as an output of a stage, or else as what a stage depends on.
///
/// # Errors
/// If it cannot be read.
pub fn find_in_lock(bytes: &[u8], path: &str) -> Result<Option<Out>, String> {
    let map = parse(bytes)?;
    // Before its version 2.0, the stages stood at the top.
    let stages = match map.get("stages") {
        Some(Value::Object(stages)) => stages,
        _ if map.contains_key("schema") => return Ok(None),
        _ => &map,
    };
    let wanted = normal(path);
    let find = |list: &str| {
        let lists = stages.values().filter_map(|stage| stage.get(list)?.as_array());
        lists.flatten().filter_map(|item| out(item, "")).find(|out| out.path == wanted)
    };
    Ok(find("outs").or_else(|| find("deps")))
}

fn parse(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    config::parse("dvc.yaml", bytes).map_err(|error| error.to_string())
}

fn out(item: &Value, folder: &str) -> Option<Out> {
    let map = item.as_object()?;
    let path = map.get("path")?.as_str()?;
    let named = map.get("hash").and_then(Value::as_str);
    let (name, hash) = named
        .into_iter()
        .chain(["md5", "etag", "checksum", "version_id"])
        .find_map(|name| Some((name, map.get(name)?.as_str()?)))?;
    let is_fine =
        |text: &str| !text.is_empty() && text.len() <= 200 && !text.chars().any(crate::model::text::is_unsafe);
    if !is_fine(hash) || !is_fine(name) {
        return None;
    }
    let number = |key: &str| map.get(key).and_then(Value::as_u64);
    Some(Out {
        path: normal(&if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }),
        digest: format!("{name}:{hash}"),
        size: number("size"),
        files: number("nfiles"),
    })
}

/// A path without `.` parts, empty parts and backslashes; `..` takes the part before it away.
pub(super) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let path = path.replace('\\', "/");
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let start = if path.starts_with('/') { "/" } else { "" };
    format!("{start}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{find_in_lock, normal, parse_file};

    /// As DVC 3 writes it.
    const FOLDER: &str =
        "outs:\n- md5: 196a322c107c2572335158503c64bfba.dir\n  size: 24\n  nfiles: 2\n  hash: md5\n  path: train\n";

    /// As DVC 3 writes it after `dvc repro`.
    const LOCK: &str = "schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py
    deps:
    - path: data/raw.csv
      hash: md5
      md5: 0cc175b9c0f1b6a831c399e269772661
      size: 1
    - path: prepare.py
      hash: md5
      md5: 92eb5ffee6ae2fec3ad71c777531578f
      size: 1
    params:
      params.yaml:
        prepare.split: 0.2
    outs:
    - path: data/prepared
      hash: md5
      md5: 4a8a08f09d37b73795649038408b5f33.dir
      size: 20
      nfiles: 2
";

    #[test]
    fn a_dvc_file_is_read() {
        let outs = parse_file(FOLDER.as_bytes()).expect("read");
        let out = &outs[0];
        assert_eq!((out.path.as_str(), out.size, out.files), ("train", Some(24), Some(2)));
        assert_eq!(out.digest, "md5:196a322c107c2572335158503c64bfba.dir");
        assert!(out.is_folder());
        // DVC 2 names no hash.
        let old =
            parse_file(b"outs:\n- md5: d8e8fca2dc0f896fd7cb4cb0031ba249\n  size: 5\n  path: a.csv\n").expect("read");
        assert_eq!((old[0].digest.as_str(), old[0].is_folder()), ("md5:d8e8fca2dc0f896fd7cb4cb0031ba249", false));
        let import = "md5: 1\nfrozen: true\nwdir: ..\ndeps:\n- path: https://example.org/a\n  checksum: '\"x\"'\nouts:\n- etag: '\"33a64df5\"'\n  size: 3\n  path: data/a\n";
        let out = &parse_file(import.as_bytes()).expect("read")[0];
        assert_eq!((out.path.as_str(), out.digest.as_str()), ("../data/a", "etag:\"33a64df5\""));
        for wrong in ["", "outs: 3\n", "outs:\n- path: a\n", "outs:\n- md5: ''\n  path: a\n", "\u{0}"] {
            assert!(parse_file(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn entries_of_a_lock_are_found() {
        let find = |path: &str| find_in_lock(LOCK.as_bytes(), path).expect("read").map(|out| out.digest);
        assert_eq!(find("data/prepared").as_deref(), Some("md5:4a8a08f09d37b73795649038408b5f33.dir"));
        assert_eq!(find("./data//prepared/").as_deref(), Some("md5:4a8a08f09d37b73795649038408b5f33.dir"));
        assert_eq!(find("data/raw.csv").as_deref(), Some("md5:0cc175b9c0f1b6a831c399e269772661"));
        assert_eq!(find("data"), None);
        assert_eq!(find_in_lock(b"schema: '2.0'\n", "x"), Ok(None));
    }

    #[test]
    fn paths_become_normal() {
        for (path, wanted) in
            [("a/./b//", "a/b"), ("../a/../b", "../b"), ("/a/../..", "/.."), ("a\\b", "a/b"), ("", "")]
        {
            assert_eq!(normal(path), wanted);
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>(), lines in "(outs:\n|stages:\n|  a:\n|- md5: [0-9a-f.]{0,6}\n|  path: [a/.]{0,4}\n|  size: -?[0-9]{1,22}\n){0,8}") {
            let _ = (parse_file(&bytes), find_in_lock(&bytes, "a"));
            let _ = (parse_file(lines.as_bytes()), find_in_lock(lines.as_bytes(), "a"));
        }
    }
}
