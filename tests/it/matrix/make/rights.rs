//! Who may do what, and where there is no room.

use std::process::Command;

use super::super::scene::{Mount, Scene};
use crate::support::{Part, need};

fn run(program: &str, args: &[&str], scene: &Scene) {
    let status = Command::new(program).args(args).current_dir(scene.repo.outside()).status();
    assert!(status.expect("it starts").success());
}

pub fn foreign() -> Option<Scene> {
    need(Part::Root)?;
    let scene = Scene::new().recorded();
    run("chown", &["-R", "12345", "repo"], &scene);
    Some(scene.without_gc())
}

pub fn foreign_and_trusted() -> Option<Scene> {
    need(Part::Root)?;
    let scene = Scene::new();
    run("chown", &["-R", "12345", "repo"], &scene);
    let config = scene.outside("global");
    std::fs::write(&config, format!("[safe]\n directory = {}\n", scene.dir.display())).expect("written");
    Some(scene.env("GIT_CONFIG_GLOBAL", config))
}

pub fn all_trusted() -> Option<Scene> {
    need(Part::Root)?;
    let scene = Scene::new();
    run("chown", &["-R", "12345", "repo"], &scene);
    let config = scene.outside("global");
    std::fs::write(&config, "[safe]\n directory = *\n").expect("written");
    Some(scene.env("GIT_CONFIG_GLOBAL", config))
}

fn read_only(folder: &str) -> Option<Scene> {
    need(Part::Root)?;
    let scene = Scene::new().recorded();
    // What was read once is known.
    scene.xp(&["list"]).ok();
    let scene = scene.typed_by_nobody();
    run("chmod", &["-R", "a-w", folder], &scene);
    Some(scene.without_gc())
}

pub fn git_dir() -> Option<Scene> {
    read_only("repo/.git")
}

pub fn objects() -> Option<Scene> {
    read_only("repo/.git/objects")
}

pub fn refs() -> Option<Scene> {
    read_only("repo/.git/refs")
}

pub fn work_tree() -> Option<Scene> {
    need(Part::Root)?;
    let scene = Scene::new().typed_by_nobody();
    run("chmod", &["a-w", "repo/train.sh"], &scene);
    Some(scene)
}

pub fn read_only_file_system() -> Option<Scene> {
    let scene = Scene::new();
    let mount = Mount::tmpfs(scene.outside("disk"), 16)?;
    scene.git(&["clone", "--quiet", "--no-local", ".", "../disk/repo"]);
    let scene = scene.at("disk/repo").recorded();
    mount.make_read_only();
    Some(scene.mounted(mount).at("disk/repo").without_gc())
}

pub fn full_disk() -> Option<Scene> {
    let scene = Scene::new();
    let mount = Mount::tmpfs(scene.outside("disk"), 4)?;
    scene.git(&["clone", "--quiet", "--no-local", ".", "../disk/repo"]);
    let scene = scene.mounted(mount).at("disk/repo").recorded();
    scene.xp(&["list"]).ok();
    let filler = scene.outside("disk/filler");
    // It ends when there is no room any more.
    let status = Command::new("dd")
        .args(["if=/dev/zero", "bs=4k", "status=none"])
        .arg(format!("of={}", filler.display()))
        .stderr(std::process::Stdio::null())
        .status();
    assert!(!status.expect("dd runs").success());
    Some(scene.without_gc())
}
