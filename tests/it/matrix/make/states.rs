//! What may be under way.

use super::super::scene::Scene;
use crate::support::TestRepo;

pub fn detached() -> Option<Scene> {
    let scene = Scene::new();
    scene.git(&["switch", "--quiet", "--detach"]);
    Some(scene)
}

pub fn unborn() -> Option<Scene> {
    Some(Scene::of(TestRepo::empty()))
}

pub fn orphan() -> Option<Scene> {
    let scene = Scene::new();
    scene.git(&["checkout", "--quiet", "--orphan", "fresh"]);
    Some(scene)
}

/// Two branches that disagree about a line.
fn split() -> Scene {
    let scene = Scene::new();
    scene.write("line.txt", "one\n");
    scene.commit("One");
    scene.git(&["switch", "--quiet", "-c", "other"]);
    scene.write("line.txt", "two\n");
    scene.commit("Two");
    scene.git(&["switch", "--quiet", "main"]);
    scene.write("line.txt", "three\n");
    scene.commit("Three");
    scene
}

/// The conflict is settled as HEAD has it, and what was begun is not ended.
fn settled(scene: Scene, args: &[&str]) -> Option<Scene> {
    scene.try_git(args);
    scene.git(&["checkout", "--quiet", "HEAD", "--", "line.txt"]);
    Some(scene)
}

pub fn merge() -> Option<Scene> {
    settled(split(), &["merge", "--quiet", "other"])
}

pub fn cherry_pick() -> Option<Scene> {
    settled(split(), &["cherry-pick", "other"])
}

pub fn revert() -> Option<Scene> {
    let scene = split();
    scene.write("line.txt", "four\n");
    scene.commit("Four");
    settled(scene, &["revert", "--no-edit", "HEAD~1"])
}

pub fn rebase() -> Option<Scene> {
    settled(split(), &["rebase", "--quiet", "other"])
}

pub fn rebase_by_patches() -> Option<Scene> {
    settled(split(), &["rebase", "--quiet", "--apply", "other"])
}

pub fn am() -> Option<Scene> {
    let scene = split();
    let patch = scene.outside("patch").display().to_string();
    scene.git(&["format-patch", "--quiet", "-1", "other", "--output", &patch]);
    scene.try_git(&["am", "--quiet", &patch]);
    assert!(scene.dir.join(".git/rebase-apply/applying").exists());
    Some(scene)
}

pub fn bisect() -> Option<Scene> {
    let scene = Scene::new();
    (0..4).for_each(|_| scene.commit("More"));
    scene.git(&["bisect", "start", "HEAD", "HEAD~4"]);
    Some(scene)
}

/// In conflict: the tree cannot be what any commit says.
pub fn conflict() -> Option<Scene> {
    let scene = split().recorded();
    scene.try_git(&["merge", "--quiet", "other"]);
    Some(scene)
}

pub fn stashed() -> Option<Scene> {
    let scene = Scene::new();
    for text in ["one", "two"] {
        scene.write("train.sh", text);
        scene.write("untracked.txt", text);
        scene.git(&["stash", "push", "--quiet", "--include-untracked"]);
    }
    Some(scene)
}

/// Staged, changed again, new, and untracked, which a rule excuses here: none of it may be lost or staged.
pub fn dirty() -> Option<Scene> {
    let scene = Scene::new();
    scene.write("staged.txt", "one");
    scene.write("gone.txt", "one");
    scene.commit("Files");
    scene.write("staged.txt", "two");
    scene.git(&["add", "staged.txt"]);
    scene.write("staged.txt", "three");
    scene.write("new.txt", "four");
    scene.git(&["add", "--intent-to-add", "new.txt"]);
    scene.write("untracked.txt", "five");
    std::fs::remove_file(scene.dir.join("gone.txt")).expect("removed");
    Some(scene.set("xp.rules.clean", "snapshot"))
}

/// Bits that say that a file is not to be looked at.
pub fn assumed_unchanged() -> Option<Scene> {
    let scene = Scene::new();
    scene.write("a.txt", "one");
    scene.write("b.txt", "one");
    scene.commit("Files");
    scene.git(&["update-index", "--assume-unchanged", "a.txt"]);
    scene.git(&["update-index", "--skip-worktree", "b.txt"]);
    scene.write("a.txt", "two");
    std::fs::remove_file(scene.dir.join("b.txt")).expect("removed");
    Some(scene)
}

pub fn index_locked() -> Option<Scene> {
    let scene = Scene::new();
    scene.write(".git/index.lock", "");
    Some(scene)
}

pub fn packed_refs_locked() -> Option<Scene> {
    let scene = Scene::new().recorded();
    scene.git(&["pack-refs", "--all"]);
    scene.write(".git/packed-refs.lock", "");
    Some(scene.without_gc())
}

pub fn config_locked() -> Option<Scene> {
    let scene = Scene::new();
    scene.write(".git/config.lock", "");
    Some(scene)
}
