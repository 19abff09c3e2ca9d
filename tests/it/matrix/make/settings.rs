//! Settings of git that make it say other things than usual.

use super::super::scene::Scene;

fn with(settings: &[(&str, &str)]) -> Option<Scene> {
    let scene = Scene::new();
    Some(settings.iter().fold(scene, |scene, (key, value)| scene.set(key, value)))
}

pub fn untracked_hidden() -> Option<Scene> {
    with(&[
        ("status.showUntrackedFiles", "no"),
        ("status.short", "true"),
        ("status.branch", "true"),
        ("status.showStash", "true"),
    ])
}

pub fn coloured() -> Option<Scene> {
    with(&[
        ("color.ui", "always"),
        ("color.status", "always"),
        ("color.diff", "always"),
        ("column.ui", "always"),
        ("core.quotePath", "true"),
    ])
}

pub fn diffs() -> Option<Scene> {
    with(&[
        ("diff.external", "exit 9;"),
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.renames", "copies"),
        ("diff.relative", "true"),
        ("diff.ignoreSubmodules", "all"),
        ("diff.wordRegex", "."),
        ("diff.algorithm", "histogram"),
        ("diff.context", "0"),
        ("diff.interHunkContext", "9"),
        ("diff.orderFile", "/dev/null"),
        ("diff.submodule", "log"),
    ])
}

pub fn logs() -> Option<Scene> {
    with(&[
        ("log.showSignature", "true"),
        ("log.date", "relative"),
        ("log.decorate", "full"),
        ("format.pretty", "oneline"),
        ("notes.displayRef", "refs/notes/*"),
        ("core.notesRef", "refs/notes/mine"),
        ("log.mailmap", "false"),
    ])
}

pub fn pager() -> Option<Scene> {
    let scene = with(&[
        ("core.pager", "exit 9;"),
        ("pager.status", "true"),
        ("core.editor", "exit 9;"),
        ("core.askPass", "exit 9;"),
    ])?;
    Some(scene.env("GIT_PAGER", "exit 9;").env("PAGER", "exit 9;"))
}

pub fn unsigned() -> Option<Scene> {
    let scene =
        with(&[("commit.gpgSign", "true"), ("tag.gpgSign", "true"), ("user.signingKey", "nobody@example.org")])?;
    Some(scene)
}

pub fn hooks() -> Option<Scene> {
    let scene = Scene::new();
    for hook in ["pre-commit", "commit-msg", "post-commit", "pre-receive", "update"] {
        scene.write(&format!("../hooks/{hook}"), "#!/bin/sh\nexit 9\n");
        let path = scene.outside("hooks").join(hook);
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    }
    let hooks = scene.outside("hooks").display().to_string();
    Some(scene.set("core.hooksPath", &hooks))
}

pub fn refs() -> Option<Scene> {
    with(&[
        ("core.logAllRefUpdates", "always"),
        ("transfer.hideRefs", "refs/xp"),
        ("core.abbrev", "4"),
        ("core.warnAmbiguousRefs", "true"),
        ("gc.reflogExpire", "now"),
        ("gc.writeCommitGraph", "false"),
        ("checkout.defaultRemote", "nowhere"),
        ("branch.autoSetupMerge", "always"),
        ("branch.autoSetupRebase", "always"),
        ("push.default", "nothing"),
    ])
}

pub fn nobody() -> Option<Scene> {
    let scene = with(&[("user.useConfigOnly", "true")])?;
    let names = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];
    Some(names.iter().fold(scene, |scene, name| scene.without(name)))
}

/// Whoever writes a format into their own config has no effect with git.
pub fn extensions() -> Option<Scene> {
    let scene = Scene::new().set("core.repositoryFormatVersion", "1");
    let config = scene.outside("global");
    std::fs::write(&config, "[extensions]\n fromTheFuture = true\n").expect("written");
    Some(scene.env("GIT_CONFIG_GLOBAL", config))
}

pub fn files() -> Option<Scene> {
    with(&[
        ("core.fileMode", "false"),
        ("core.symlinks", "false"),
        ("core.ignoreCase", "true"),
        ("core.trustctime", "false"),
        ("core.checkStat", "minimal"),
        ("core.preloadIndex", "false"),
        ("core.sharedRepository", "0660"),
        ("core.compression", "0"),
        ("core.fsync", "all"),
        ("core.bigFileThreshold", "1"),
    ])
}
