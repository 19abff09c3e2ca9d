//! Where a repository, its work tree and its git folder may lie.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::super::scene::{Mount, Scene};

pub fn beside_linked() -> Option<Scene> {
    let scene = Scene::new();
    scene.git(&["worktree", "add", "--quiet", "-b", "side", "../side tree"]);
    Some(scene)
}

pub fn linked() -> Option<Scene> {
    beside_linked().map(|scene| scene.at("side tree"))
}

pub fn linked_detached() -> Option<Scene> {
    let scene = Scene::new();
    scene.git(&["worktree", "add", "--quiet", "--detach", "../side tree"]);
    Some(scene.at("side tree"))
}

pub fn worktree_config() -> Option<Scene> {
    let scene = beside_linked()?.set("extensions.worktreeConfig", "true").at("side tree");
    scene.git(&["config", "--worktree", "core.sparseCheckout", "false"]);
    Some(scene)
}

fn with_submodule() -> Scene {
    let scene = Scene::new();
    scene.git(&["clone", "--quiet", ".", "../part"]);
    scene.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../part", "part"]);
    scene.commit("Add a part");
    scene
}

pub fn superproject() -> Option<Scene> {
    Some(with_submodule())
}

pub fn submodule() -> Option<Scene> {
    Some(with_submodule().at("repo/part"))
}

pub fn nested() -> Option<Scene> {
    let scene = Scene::new();
    scene.write(".gitignore", "inner/\n");
    scene.commit("Ignore what lies within");
    scene.git(&["clone", "--quiet", ".", "inner"]);
    Some(scene.at("repo/inner"))
}

pub fn separate_git_dir() -> Option<Scene> {
    Some(Scene::init(&["--separate-git-dir=../elsewhere.git"]))
}

pub fn git_dir_is_a_link() -> Option<Scene> {
    let scene = Scene::new();
    fs::rename(scene.dir.join(".git"), scene.outside("elsewhere.git")).expect("moved");
    std::os::unix::fs::symlink("../elsewhere.git", scene.dir.join(".git")).expect("linked");
    Some(scene)
}

pub fn through_a_link() -> Option<Scene> {
    let scene = Scene::new();
    std::os::unix::fs::symlink("repo", scene.outside("link")).expect("linked");
    Some(scene.at("link"))
}

pub fn bare() -> Option<Scene> {
    let scene = Scene::new().recorded();
    scene.git(&["clone", "--quiet", "--mirror", ".", "../bare.git"]);
    Some(scene.at("bare.git"))
}

pub fn core_bare() -> Option<Scene> {
    Some(Scene::new().recorded().set("core.bare", "true"))
}

pub fn core_worktree() -> Option<Scene> {
    let scene = Scene::new();
    fs::create_dir(scene.outside("tree")).expect("a folder");
    let scene = scene.set("core.worktree", "../../tree").env("GIT_DIR", "").at("tree");
    let git_dir = scene.outside("repo/.git");
    let scene = scene.env("GIT_DIR", git_dir);
    scene.git(&["restore", "."]);
    Some(scene)
}

pub fn core_worktree_gone() -> Option<Scene> {
    Some(Scene::new().recorded().set("core.worktree", "../../gone").without_gc())
}

/// The home folder under git, its git folder bare and elsewhere.
pub fn dotfiles() -> Option<Scene> {
    let scene = Scene::new();
    scene.git(&["clone", "--quiet", "--bare", ".", "../dot.git"]);
    fs::create_dir(scene.outside("home")).expect("a folder");
    let (git_dir, home) = (scene.outside("dot.git"), scene.outside("home"));
    let scene = scene.at("home").env("GIT_DIR", git_dir).env("GIT_WORK_TREE", home);
    scene.git(&["restore", "--staged", "--worktree", "."]);
    Some(scene)
}

pub fn odd_path() -> Option<Scene> {
    let scene = Scene::new();
    let odd = OsStr::from_bytes(b"it's a \"path\" \n \xff $HOME;");
    fs::rename(scene.dir.clone(), scene.repo.outside().join(odd)).expect("moved");
    let mut scene = scene;
    scene.dir = scene.repo.outside().join(odd);
    Some(scene)
}

/// Nearly as deep as Linux allows, a file deeper still.
pub fn long_path() -> Option<Scene> {
    let scene = Scene::new();
    let deep = vec!["d".repeat(200); 9].join("/");
    fs::create_dir_all(scene.outside(&deep)).expect("folders");
    let moved = format!("{deep}/repo");
    fs::rename(scene.outside("repo"), scene.outside(&moved)).expect("moved");
    let scene = scene.at(&moved);
    scene.write(&format!("{}/{}", vec!["f".repeat(200); 8].join("/"), "g".repeat(250)), "deep");
    scene.commit("Deep");
    Some(scene)
}

pub fn caseless() -> Option<Scene> {
    let scene = Scene::new();
    let mount = Mount::exfat(scene.outside("card"))?;
    scene.git(&["clone", "--quiet", ".", "../card/Repo"]);
    let scene = scene.mounted(mount).at("card/Repo");
    assert!(scene.dir.join("TRAIN.SH").exists());
    scene.write("train.SH.old", "old");
    scene.commit("Old");
    Some(scene)
}

/// The same letters in one and in two code points.
pub fn decomposed_names() -> Option<Scene> {
    let scene = Scene::new().set("core.precomposeUnicode", "true");
    scene.write("gro\u{308}\u{df}e.txt", "decomposed");
    scene.write("gr\u{f6}\u{df}e.txt", "composed");
    scene.git(&["switch", "--quiet", "-c", "gro\u{308}\u{df}er"]);
    scene.commit("Names");
    Some(scene)
}

pub fn not_utf8() -> Option<Scene> {
    let scene = Scene::new().set("i18n.commitEncoding", "ISO-8859-1");
    for who in ["AUTHOR", "COMMITTER"] {
        let name = format!("GIT_{who}_NAME");
        let mut command = scene.command("git");
        fs::write(scene.dir.join(OsStr::from_bytes(b"caf\xe9.txt")), "1").expect("written");
        command.args(["commit", "--quiet", "--allow-empty", "-m"]).arg(OsStr::from_bytes(b"Caf\xe9"));
        scene.git(&["add", "--all"]);
        scene.repo.output(command.env(name, OsStr::from_bytes(b"Andr\xe9"))).ok();
    }
    fs::write(scene.dir.join(OsStr::from_bytes(b"na\xefve")), "1").expect("written");
    scene.commit("More");
    Some(
        scene
            .env("GIT_COMMITTER_NAME", OsStr::from_bytes(b"Andr\xe9"))
            .env("GIT_AUTHOR_NAME", OsStr::from_bytes(b"Andr\xe9")),
    )
}
