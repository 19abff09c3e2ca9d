//! How git may keep objects, refs and the index.

use std::io::Write;

use super::super::scene::Scene;
use crate::support::TestRepo;

pub fn sha1() -> Option<Scene> {
    Some(Scene::new())
}

pub fn sha256() -> Option<Scene> {
    known(&["--object-format=sha256"])
}

pub fn reftable() -> Option<Scene> {
    known(&["--ref-format=reftable"])
}

pub fn sha256_reftable() -> Option<Scene> {
    known(&["--object-format=sha256", "--ref-format=reftable"])
}

/// Of `git init` with options, if this git knows them.
fn known(options: &[&str]) -> Option<Scene> {
    let probe = TestRepo::empty();
    if probe.try_git(&[&["init", "--quiet"], options, &["../probe"]].concat()).code != 0 {
        let _ = writeln!(std::io::stderr(), "LEFT OUT: this git knows no {options:?}");
        return None;
    }
    Some(Scene::init(options))
}

pub fn packed_refs() -> Option<Scene> {
    let scene = Scene::new().recorded();
    scene.git(&["tag", "-a", "-m", "A tag", "v1"]);
    scene.git(&["pack-refs", "--all"]);
    Some(scene)
}

pub fn bitmap() -> Option<Scene> {
    let scene = Scene::new().recorded().set("core.multiPackIndex", "true");
    scene.git(&["repack", "--quiet", "-d"]);
    scene.commit("More");
    scene.git(&["repack", "--quiet", "-d"]);
    scene.git(&["multi-pack-index", "write", "--bitmap"]);
    Some(scene)
}

pub fn commit_graph() -> Option<Scene> {
    let scene = Scene::new().recorded().set("fetch.writeCommitGraph", "true").set("core.commitGraph", "true");
    (0..3).for_each(|_| scene.commit("More"));
    scene.git(&["commit-graph", "write", "--reachable", "--split", "--changed-paths"]);
    Some(scene)
}

pub fn index_4() -> Option<Scene> {
    let scene = Scene::new().set("index.version", "4");
    scene.git(&["update-index", "--index-version", "4"]);
    Some(scene)
}

pub fn split_index() -> Option<Scene> {
    let scene = Scene::new().set("core.splitIndex", "true");
    scene.git(&["update-index", "--split-index"]);
    Some(scene)
}

pub fn untracked_cache() -> Option<Scene> {
    let scene = Scene::new().set("core.untrackedCache", "true");
    scene.git(&["update-index", "--untracked-cache"]);
    Some(scene)
}

pub fn many_files() -> Option<Scene> {
    let scene = Scene::new().set("feature.manyFiles", "true");
    scene.write("more.txt", "more");
    scene.commit("More");
    Some(scene)
}

pub fn fsmonitor() -> Option<Scene> {
    let scene = Scene::new();
    // It says, as it may, that anything could have changed.
    scene.write(".git/hooks/monitor", "#!/bin/sh\nprintf 'token\\0/\\0'\n");
    let hook = scene.dir.join(".git/hooks/monitor");
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    let scene = scene.set("core.fsmonitor", ".git/hooks/monitor").set("core.fsmonitorHookVersion", "2");
    scene.git(&["update-index", "--fsmonitor"]);
    Some(scene)
}

pub fn unknown_extension() -> Option<Scene> {
    Some(Scene::new().recorded().set("core.repositoryFormatVersion", "1").set("extensions.fromTheFuture", "true"))
}

pub fn unknown_version() -> Option<Scene> {
    Some(Scene::new().recorded().set("core.repositoryFormatVersion", "99"))
}
