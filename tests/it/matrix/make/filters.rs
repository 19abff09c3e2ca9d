//! Programs that git puts between work tree and objects.

use super::super::scene::Scene;
use crate::support::{Part, need};

pub fn lfs() -> Option<Scene> {
    need(Part::Program("git-lfs"))?;
    let scene = Scene::new();
    scene.git(&["lfs", "install", "--local"]);
    scene.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    scene.write("model.bin", "a model\n");
    scene.commit("A model");
    assert!(scene.git(&["show", "HEAD:model.bin"]).starts_with("version https://git-lfs"));
    Some(scene)
}

/// The pointer is checked out, as in CI: nobody has fetched the file, and the filter is not configured.
pub fn lfs_pointers() -> Option<Scene> {
    let scene = Scene::new();
    scene.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 9\n", "a".repeat(64));
    scene.write("model.bin", pointer);
    scene.commit("A model");
    Some(scene)
}

pub fn git_crypt() -> Option<Scene> {
    need(Part::Program("git-crypt"))?;
    let scene = Scene::new();
    scene.repo.output(scene.command("git-crypt").arg("init")).ok();
    scene.write(".gitattributes", "*.key filter=git-crypt diff=git-crypt\n");
    scene.write("api.key", "very secret\n");
    scene.commit("A key");
    assert!(!scene.git(&["ls-files", "api.key"]).is_empty());
    let stored = scene.command("git").args(["cat-file", "blob", "HEAD:api.key"]).output().expect("git runs").stdout;
    assert!(stored.starts_with(b"\0GITCRYPT"));
    Some(scene)
}

pub fn git_crypt_locked() -> Option<Scene> {
    let scene = git_crypt()?;
    scene.repo.output(scene.command("git-crypt").args(["lock", "--force"])).ok();
    Some(scene)
}

/// git has to run the filter, because the file is as new as the index, and cannot.
fn missing(required: &str) -> Scene {
    let scene = Scene::new().recorded();
    scene.write(".gitattributes", "*.bin filter=gone\n");
    scene.write("model.bin", "a model\n");
    scene.commit("A model");
    let scene = scene.set("filter.gone.clean", "no-such-program %f").set("filter.gone.smudge", "no-such-program %f");
    let scene = scene.set("filter.gone.required", required);
    scene.write("model.bin", "a model\n");
    scene
}

pub fn missing_required() -> Option<Scene> {
    Some(missing("true"))
}

pub fn missing_optional() -> Option<Scene> {
    Some(missing("false"))
}

pub fn line_ends() -> Option<Scene> {
    let scene = Scene::new().set("core.autocrlf", "true").set("core.safecrlf", "false");
    scene.write("dos.txt", "a\r\nb\r\n");
    scene.write(".gitattributes", "*.sh eol=lf\n*.txt ident text\n*.wide text working-tree-encoding=UTF-16LE-BOM\n");
    scene.write("a.wide", b"\xff\xfea\0\n\0");
    scene.commit("Lines");
    Some(scene)
}

pub fn attributes_file() -> Option<Scene> {
    let scene = Scene::new();
    let attributes = scene.outside("attributes");
    std::fs::write(&attributes, "* diff=odd\n*.sh text eol=crlf\n").expect("written");
    let scene = scene.set("core.attributesFile", &attributes.display().to_string()).set("diff.odd.textconv", "exit 9;");
    Some(scene.set("diff.odd.command", "exit 9;"))
}
