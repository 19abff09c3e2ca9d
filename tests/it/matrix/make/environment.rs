//! What the environment may say.

use super::super::scene::Scene;
use crate::support::{Part, need};

pub fn git_dir_and_work_tree() -> Option<Scene> {
    let scene = Scene::new();
    let git_dir = scene.dir.join(".git");
    let work_tree = scene.dir.clone();
    Some(scene.env("GIT_DIR", git_dir).env("GIT_WORK_TREE", work_tree))
}

pub fn git_dir_relative() -> Option<Scene> {
    Some(Scene::new().env("GIT_DIR", ".git"))
}

pub fn git_dir_wrong() -> Option<Scene> {
    Some(Scene::new().env("GIT_DIR", "/nowhere/.git").without_gc())
}

/// All rules are off, which only this says.
pub fn git_c() -> Option<Scene> {
    let scene = Scene::new().set("xp.rules.seed", "warn").set("alias.xp", "!exit 77");
    scene.write("dirt.txt", "not committed");
    Some(scene.through(&["git", "-c", "xp.rules.clean=off", "-c", "user.name=it's me", "xp"]))
}

pub fn config_count() -> Option<Scene> {
    let scene = Scene::new();
    scene.write("dirt.txt", "not committed");
    let scene = scene.env("GIT_CONFIG_COUNT", "2").env("GIT_CONFIG_KEY_0", "xp.rules.clean");
    Some(scene.env("GIT_CONFIG_VALUE_0", "off").env("GIT_CONFIG_KEY_1", "core.abbrev").env("GIT_CONFIG_VALUE_1", "40"))
}

pub fn config_global() -> Option<Scene> {
    let scene = Scene::new();
    scene.write("dirt.txt", "not committed");
    let (config, more) = (scene.outside("global"), scene.outside("more"));
    std::fs::write(&more, "[xp \"rules\"]\n clean = off\n").expect("written");
    std::fs::write(&config, "[includeIf \"gitdir:repo/\"]\n path = more\n").expect("written");
    Some(scene.env("GIT_CONFIG_GLOBAL", config))
}

pub fn config_broken() -> Option<Scene> {
    let scene = Scene::new();
    scene.write(".git/config", "[core\nbroken");
    Some(scene.without_gc())
}

pub fn index_file() -> Option<Scene> {
    let scene = Scene::new();
    let other = scene.outside("other/index");
    std::fs::create_dir(scene.outside("other")).expect("a folder");
    let scene = scene.env("GIT_INDEX_FILE", other);
    scene.git(&["read-tree", "HEAD"]);
    scene.git(&["update-index", "--refresh"]);
    Some(scene)
}

pub fn object_directory() -> Option<Scene> {
    let scene = Scene::new();
    let elsewhere = scene.outside("objects");
    std::fs::rename(scene.dir.join(".git/objects"), &elsewhere).expect("moved");
    std::fs::create_dir(scene.dir.join(".git/objects")).expect("a folder");
    Some(scene.env("GIT_OBJECT_DIRECTORY", elsewhere).without_gc())
}

/// As in a hook of a push: what is new lies apart.
pub fn alternate_objects() -> Option<Scene> {
    let scene = Scene::new();
    let elsewhere = scene.outside("objects");
    std::fs::rename(scene.dir.join(".git/objects"), &elsewhere).expect("moved");
    std::fs::create_dir(scene.dir.join(".git/objects")).expect("a folder");
    Some(scene.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", elsewhere).without_gc())
}

pub fn namespace() -> Option<Scene> {
    Some(Scene::new().env("GIT_NAMESPACE", "theirs"))
}

pub fn ceiling() -> Option<Scene> {
    let scene = Scene::new();
    let ceiling = scene.outside("repo");
    let scene = scene.env("GIT_CEILING_DIRECTORIES", ceiling);
    std::fs::create_dir(scene.outside("repo/sub")).expect("a folder");
    Some(scene.at("repo/sub").without_gc())
}

pub fn literal_pathspecs() -> Option<Scene> {
    Some(Scene::new().env("GIT_LITERAL_PATHSPECS", "1").env("GIT_OPTIONAL_LOCKS", "1").env("GIT_TRACE", "0"))
}

pub fn traced() -> Option<Scene> {
    Some(Scene::new().env("GIT_TRACE", "1").env("GIT_TRACE2", "1"))
}

pub fn translated() -> Option<Scene> {
    Some(Scene::new().env("LANGUAGE", "de").env("LC_ALL", "de_DE.UTF-8"))
}

/// The oldest git that is promised to work in Debian 12.
pub fn old_git() -> Option<Scene> {
    let folder = need(Part::OldGit)?;
    let scene = Scene::new();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.into()).chain(std::env::split_paths(&path));
    let scene = scene.env("PATH", std::env::join_paths(folders).expect("a PATH"));
    assert!(scene.git(&["--version"]).contains(" 2.39."));
    Some(scene)
}

pub fn no_git() -> Option<Scene> {
    let scene = Scene::new().recorded();
    let empty = scene.outside("empty");
    std::fs::create_dir(&empty).expect("a folder");
    Some(scene.env("PATH", empty).without_gc())
}
