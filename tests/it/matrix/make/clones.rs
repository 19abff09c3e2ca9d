//! What a clone may lack, and borrow.

use std::fs;

use super::super::scene::Scene;

/// A repository with two runs, and a `file://` clone of it with options, the record fetched too.
fn cloned(options: &[&str]) -> Scene {
    let scene = Scene::new();
    scene.write("data/one.txt", "1");
    scene.write("other/two.txt", "2");
    scene.commit("More");
    let scene = scene.recorded().set("uploadpack.allowFilter", "true").set("uploadpack.allowAnySHA1InWant", "true");
    scene.git(&[&["clone", "--quiet"], options, &[&scene.url(), "../clone"]].concat());
    let is_partial = options.iter().any(|option| option.starts_with("--filter"));
    if is_partial { scene.at("clone").partial() } else { scene.at("clone") }
}

fn with_record(scene: Scene) -> Scene {
    scene.git(&["fetch", "--quiet", "origin", "refs/xp/*:refs/xp/*", "refs/notes/xp:refs/notes/xp"]);
    scene
}

/// The remote does not answer any more.
fn offline(scene: Scene) -> Scene {
    fs::rename(scene.outside("repo"), scene.outside("gone")).expect("moved");
    scene
}

pub fn shallow() -> Option<Scene> {
    let scene = with_record(cloned(&["--depth=1"]));
    assert_eq!(scene.git(&["rev-parse", "--is-shallow-repository"]), "true");
    Some(scene)
}

pub fn no_blobs() -> Option<Scene> {
    Some(with_record(cloned(&["--filter=blob:none"])))
}

pub fn no_trees() -> Option<Scene> {
    Some(with_record(cloned(&["--filter=tree:0"])))
}

/// Its own runs need nothing of what it lacks.
pub fn no_blobs_offline() -> Option<Scene> {
    Some(offline(cloned(&["--filter=blob:none"])))
}

pub fn no_blobs_sparse() -> Option<Scene> {
    let scene = cloned(&["--filter=blob:none", "--sparse"]);
    scene.git(&["sparse-checkout", "set", "--cone", "data"]);
    Some(with_record(scene))
}

pub fn shared() -> Option<Scene> {
    let scene = Scene::new().recorded();
    scene.git(&["clone", "--quiet", "--shared", ".", "../clone"]);
    Some(with_record(scene.at("clone")))
}

pub fn reference() -> Option<Scene> {
    let scene = Scene::new().recorded();
    scene.git(&["clone", "--quiet", "--reference", ".", &scene.url(), "../clone"]);
    Some(with_record(scene.at("clone")))
}

pub fn cone() -> Option<Scene> {
    sparse(&["--cone", "--no-sparse-index", "data"])
}

pub fn no_cone() -> Option<Scene> {
    sparse(&["--no-cone", "/*", "!/other/"])
}

pub fn sparse_index() -> Option<Scene> {
    sparse(&["--cone", "--sparse-index", "data"])
}

fn sparse(options: &[&str]) -> Option<Scene> {
    let scene = with_record(cloned(&[]));
    scene.git(&[&["sparse-checkout", "set"], options].concat());
    assert!(!scene.dir.join("other").exists());
    Some(scene)
}

pub fn replaced() -> Option<Scene> {
    let scene = Scene::new();
    let old = scene.git(&["rev-parse", "HEAD"]);
    scene.write("more.txt", "more");
    scene.commit("More");
    let new = scene.git(&["rev-parse", "HEAD"]);
    scene.commit("Even more");
    scene.git(&["replace", &new, &old]);
    Some(scene)
}

/// HEAD's own commit, and a blob that is checked out, are others than they seem.
pub fn replaced_head() -> Option<Scene> {
    let scene = Scene::new();
    scene.commit("More");
    scene.git(&["replace", "--graft", "HEAD"]);
    Some(scene)
}

pub fn grafts() -> Option<Scene> {
    let scene = Scene::new();
    (0..3).for_each(|_| scene.commit("More"));
    let graft = scene.git(&["rev-parse", "HEAD", "HEAD~3"]).replace('\n', " ");
    scene.write(".git/info/grafts", format!("{graft}\n"));
    Some(scene)
}

pub fn mirror_of_refs() -> Option<Scene> {
    let scene = Scene::new().recorded();
    scene.git(&["clone", "--quiet", "--no-local", ".", "../clone"]);
    let scene = scene.at("clone");
    // A remote's refs under names that git-xp does not use, hundreds of them.
    scene.git(&["fetch", "--quiet", "origin", "+refs/*:refs/mirror/*"]);
    Some(with_record(scene))
}
