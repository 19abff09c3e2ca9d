//! The table. A row: its name, what it is, how it is made, what is expected there, and what the documentation says of it.

use super::make::{clones, environment, filters, formats, places, rights, settings, states};
use super::scene::Scene;
use super::steps::{self, Expected, Outcome};

/// A kind of repository.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The name of its test.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Makes one; nothing where a part is missing here.
    pub make: fn() -> Option<Scene>,
    /// What is to be expected.
    pub expected: Expected,
    /// What a user should know.
    pub remark: &'static str,
}

/// Rows that belong together, under a heading.
pub type Group = (&'static str, &'static [Row]);

const WORKS: Expected = Expected::WORKS;

/// Where git cannot tell what the work tree is, with these words.
const fn no_git_status(words: &'static str) -> Expected {
    Expected { status: Outcome::Refused(words), ..Expected::no_work_tree(words) }
}

macro_rules! matrix {
    ($($heading:literal { $($name:ident: $title:literal, $make:path, $expected:expr, $remark:literal;)* })*) => {
        /// The whole matrix.
        pub const GROUPS: &[Group] = &[$(($heading, &[$(
            Row { name: stringify!($name), title: $title, make: $make, expected: $expected, remark: $remark },
        )*]),)*];
        $($(#[test]
        fn $name() {
            steps::walk(&Row { name: stringify!($name), title: $title, make: $make, expected: $expected, remark: $remark });
        })*)*
    };
}

matrix! {
    "Objects, refs, index" {
        sha1: "SHA-1, refs in files", formats::sha1, WORKS, "";
        sha256: "SHA-256", formats::sha256, WORKS, "";
        reftable: "refs in a reftable", formats::reftable, WORKS, "git 2.45 or newer; refs are read and written by `git`";
        sha256_reftable: "SHA-256 and reftable", formats::sha256_reftable, WORKS, "";
        packed_refs: "packed refs", formats::packed_refs, WORKS, "";
        bitmap: "multi-pack index with bitmap", formats::bitmap, WORKS, "";
        commit_graph: "split commit graph, `fetch.writeCommitGraph`", formats::commit_graph, WORKS, "";
        index_4: "index version 4", formats::index_4, WORKS, "";
        split_index: "`core.splitIndex`", formats::split_index, WORKS, "";
        untracked_cache: "`core.untrackedCache`", formats::untracked_cache, WORKS, "";
        many_files: "`feature.manyFiles`", formats::many_files, WORKS, "";
        fsmonitor: "`core.fsmonitor`", formats::fsmonitor, WORKS, "";
        unknown_extension: "an unknown `extensions.…`", formats::unknown_extension, Expected::refused("extension"), "as git does";
        unknown_version: "a format newer than git knows", formats::unknown_version, Expected::refused("version"), "as git does";
    }
    "Work trees and git folders" {
        beside_linked: "main work tree beside a linked one", places::beside_linked, WORKS, "";
        linked: "linked work tree", places::linked, WORKS, "its own manual run, the same record";
        linked_detached: "linked work tree, detached HEAD", places::linked_detached, WORKS, "";
        worktree_config: "`extensions.worktreeConfig`", places::worktree_config, WORKS, "";
        superproject: "superproject", places::superproject, WORKS, "";
        submodule: "inside a submodule", places::submodule, WORKS, "a record of its own, apart from the superproject's";
        nested: "a repository in an ignored folder of another", places::nested, WORKS, "";
        separate_git_dir: "`--separate-git-dir`", places::separate_git_dir, WORKS, "";
        git_dir_is_a_link: "`.git` is a symbolic link", places::git_dir_is_a_link, WORKS, "";
        through_a_link: "entered through a symbolic link", places::through_a_link, WORKS, "";
        bare: "bare repository", places::bare, Expected::no_work_tree("is a bare repository"), "remarks and tags can be given";
        core_bare: "`core.bare=true` beside a work tree", places::core_bare, Expected::no_work_tree("core.bare"), "the hint says how to mend it";
        core_worktree: "`core.worktree`", places::core_worktree, WORKS, "";
        core_worktree_gone: "`core.worktree` names no folder", places::core_worktree_gone, Expected::refused("core.worktree"), "as git does";
        dotfiles: "bare git folder with `GIT_WORK_TREE`", places::dotfiles, WORKS, "";
        odd_path: "path with spaces, quotes, a line break, bytes that are no UTF-8", places::odd_path, WORKS, "";
        long_path: "very long paths", places::long_path, WORKS, "";
        caseless: "file system without case, links and modes (exFAT)", places::caseless, WORKS, "";
        decomposed_names: "names in NFC and NFD", places::decomposed_names, WORKS, "";
        not_utf8: "paths, authors and messages that are no UTF-8", places::not_utf8, WORKS, "shown with `�`";
    }
    "Clones" {
        shallow: "shallow clone", clones::shallow, WORKS, "it stays shallow";
        no_blobs: "partial clone, `blob:none`", clones::no_blobs, WORKS, "facts that are not here are fetched when they are read";
        no_trees: "partial clone, `tree:0`", clones::no_trees, WORKS, "the same";
        no_blobs_offline: "partial clone, its remote gone", clones::no_blobs_offline, WORKS, "what is not here is named";
        no_blobs_sparse: "partial and sparse clone", clones::no_blobs_sparse, WORKS, "";
        shared: "alternates, `clone --shared`", clones::shared, WORKS, "";
        reference: "alternates, `clone --reference`", clones::reference, WORKS, "";
        cone: "sparse checkout, cone", clones::cone, WORKS, "";
        no_cone: "sparse checkout, patterns", clones::no_cone, WORKS, "";
        sparse_index: "sparse index", clones::sparse_index, WORKS, "";
        replaced: "replace refs", clones::replaced, WORKS, "";
        replaced_head: "HEAD itself replaced", clones::replaced_head, WORKS, "";
        grafts: "`.git/info/grafts`", clones::grafts, WORKS, "";
        mirror_of_refs: "all refs of another repository", clones::mirror_of_refs, WORKS, "";
    }
    "Environment" {
        git_dir_and_work_tree: "`GIT_DIR`, `GIT_WORK_TREE`", environment::git_dir_and_work_tree, WORKS, "";
        git_dir_relative: "`GIT_DIR` alone", environment::git_dir_relative, WORKS, "";
        git_dir_wrong: "`GIT_DIR` names no repository", environment::git_dir_wrong, Expected::refused("GIT_DIR"), "";
        git_c: "`git -c xp.…=… xp`, an alias `xp`", environment::git_c, WORKS, "the program counts, not the alias";
        config_count: "`GIT_CONFIG_COUNT`", environment::config_count, WORKS, "";
        config_global: "`GIT_CONFIG_GLOBAL`, `includeIf`", environment::config_global, WORKS, "";
        config_broken: "a config that cannot be read", environment::config_broken, Expected::refused("config"), "";
        index_file: "`GIT_INDEX_FILE`", environment::index_file, WORKS, "";
        object_directory: "`GIT_OBJECT_DIRECTORY`", environment::object_directory, Expected::refused("GIT_OBJECT_DIRECTORY"), "";
        alternate_objects: "`GIT_ALTERNATE_OBJECT_DIRECTORIES`", environment::alternate_objects, Expected::refused("GIT_ALTERNATE_OBJECT_DIRECTORIES"), "as in a `pre-receive` hook";
        namespace: "`GIT_NAMESPACE`", environment::namespace, WORKS, "only what goes over the wire has a namespace";
        ceiling: "`GIT_CEILING_DIRECTORIES` below the repository", environment::ceiling, Expected::refused("is not inside a git repository"), "";
        literal_pathspecs: "`GIT_LITERAL_PATHSPECS`, `GIT_OPTIONAL_LOCKS`", environment::literal_pathspecs, WORKS, "";
        traced: "`GIT_TRACE`, `GIT_TRACE2`", environment::traced, WORKS, "";
        translated: "another language", environment::translated, WORKS, "";
        old_git: "git 2.39", environment::old_git, WORKS, "";
        no_git: "no program `git` in PATH", environment::no_git, no_git_status("git could not be started"), "reading does without, unless refs are in a reftable";
    }
    "Under way" {
        detached: "detached HEAD", states::detached, WORKS, "a run belongs to no branch, or to the one that `--experiment` names";
        unborn: "no commit yet", states::unborn, Expected::empty("has no commit yet"), "";
        orphan: "no commit yet on this branch", states::orphan, Expected::empty("has no commit yet"), "";
        merge: "merge in progress", states::merge, Expected::no_start("a merge is in progress"), "";
        cherry_pick: "cherry-pick in progress", states::cherry_pick, Expected::no_start("a cherry-pick is in progress"), "";
        revert: "revert in progress", states::revert, Expected::no_start("a revert is in progress"), "";
        rebase: "rebase in progress", states::rebase, Expected::no_start("a rebase is in progress"), "runs belong to the branch that is rebased";
        rebase_by_patches: "rebase in progress, `--apply`", states::rebase_by_patches, Expected::no_start("a rebase is in progress"), "";
        am: "`git am` in progress", states::am, Expected::no_start("an am is in progress"), "";
        bisect: "bisect in progress", states::bisect, Expected::no_start("a bisect is in progress"), "";
        conflict: "files in conflict", states::conflict, Expected { run: Outcome::Refused("is in conflict"), ..Expected::no_start("a merge is in progress") }, "a run by hand stores them as they are";
        stashed: "a stash", states::stashed, WORKS, "";
        dirty: "staged, changed, new and deleted files", states::dirty, WORKS, "the rule `clean` says what becomes of them; here `snapshot`";
        assumed_unchanged: "`--assume-unchanged`, `--skip-worktree`", states::assumed_unchanged, WORKS, "git does not look at those files, nor does git-xp";
        index_locked: "`index.lock` held", states::index_locked, Expected::no_start("index.lock"), "";
        packed_refs_locked: "`packed-refs.lock` held", states::packed_refs_locked, WORKS, "";
        config_locked: "`config.lock` held", states::config_locked, WORKS, "";
    }
    "Rights and room" {
        foreign: "another user's repository", rights::foreign, Expected::refused("belongs to another user"), "as git does; the hint names `safe.directory`";
        foreign_and_trusted: "the same, in `safe.directory`", rights::foreign_and_trusted, WORKS, "";
        all_trusted: "`safe.directory=*`", rights::all_trusted, WORKS, "";
        read_only_git_dir: "read-only `.git`", rights::git_dir, Expected::reads("cannot be written"), "";
        read_only_objects: "read-only `.git/objects`", rights::objects, Expected::reads("cannot be written"), "";
        read_only_refs: "read-only `.git/refs`", rights::refs, Expected::reads("cannot be written"), "";
        read_only_work_tree: "read-only files", rights::work_tree, WORKS, "";
        read_only_file_system: "read-only file system", rights::read_only_file_system, Expected::reads("cannot be written"), "";
        full_disk: "full disk", rights::full_disk, Expected::reads("No space left"), "";
    }
    "Filters" {
        lfs: "Git LFS", filters::lfs, WORKS, "";
        lfs_pointers: "Git LFS, pointers checked out", filters::lfs_pointers, WORKS, "";
        git_crypt: "git-crypt", filters::git_crypt, WORKS, "";
        git_crypt_locked: "git-crypt, locked", filters::git_crypt_locked, WORKS, "";
        missing_required: "a required filter whose program is missing", filters::missing_required, no_git_status("filter '"), "git cannot read the work tree";
        missing_optional: "a filter whose program is missing", filters::missing_optional, WORKS, "";
        line_ends: "`core.autocrlf`, `ident`, `working-tree-encoding`", filters::line_ends, WORKS, "";
        attributes_file: "`core.attributesFile`, `textconv`", filters::attributes_file, WORKS, "";
    }
    "Settings of git" {
        untracked_hidden: "`status.showUntrackedFiles=no` and others of `status`", settings::untracked_hidden, WORKS, "untracked files count all the same";
        coloured: "`color.ui=always`, `core.quotePath`", settings::coloured, WORKS, "";
        diffs: "`diff.external`, `diff.noprefix` and others of `diff`", settings::diffs, WORKS, "";
        logs: "`log.showSignature`, `core.notesRef` and others of `log`", settings::logs, WORKS, "";
        pager: "`core.pager`, `core.editor` that fail", settings::pager, WORKS, "";
        unsigned: "`commit.gpgSign` without a key", settings::unsigned, WORKS, "sealed unsigned, with a warning";
        hooks: "`core.hooksPath` with hooks that refuse", settings::hooks, WORKS, "only `xp-pre-run` is run";
        refs: "`core.logAllRefUpdates`, `core.abbrev` and others of refs", settings::refs, WORKS, "";
        extensions: "`extensions.…` in the user's own config", settings::extensions, WORKS, "no effect, as in git";
        nobody: "`user.useConfigOnly` and nobody configured", settings::nobody, WORKS, "";
        files: "`core.fileMode`, `core.symlinks`, `core.ignoreCase` and others of files", settings::files, WORKS, "";
    }
}
