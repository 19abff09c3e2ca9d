//! One row's repository: where commands are typed, in which environment, by whom.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Output, Part, TestRepo, need};

const BIN: &str = env!("CARGO_BIN_EXE_git-xp");

/// Someone who owns nothing here.
pub const NOBODY: &str = "65534";

/// A repository, and how commands are typed in it.
pub struct Scene {
    /// Unmounted before the folder below it is removed.
    mounts: Vec<Mount>,
    /// The temporary folder; its repository is the row's, or the one that the row's was made from.
    pub repo: TestRepo,
    /// Where commands are typed.
    pub dir: PathBuf,
    env: Vec<(String, OsString)>,
    without: Vec<String>,
    /// How git-xp is started; alone where empty.
    through: Vec<String>,
    /// Who types; the owner of the temporary folder where empty.
    user: Option<&'static str>,
    /// Whether `git gc` can be expected to work.
    pub can_gc: bool,
    /// Whether git fetches objects when they are read.
    pub is_partial: bool,
}

impl Scene {
    /// One commit on `main` with `train.sh`.
    pub fn new() -> Self {
        Self::of(TestRepo::new())
    }

    /// The same of `git init` with options.
    pub fn init(options: &[&str]) -> Self {
        let repo = TestRepo::init(&[&["--initial-branch=main"], options].concat());
        repo.write("train.sh", crate::support::TRAIN);
        repo.commit("Start");
        Self::of(repo)
    }

    /// In the work tree of a repository.
    pub fn of(repo: TestRepo) -> Self {
        let dir = repo.path.clone();
        Self {
            mounts: Vec::new(),
            repo,
            dir,
            env: Vec::new(),
            without: Vec::new(),
            through: Vec::new(),
            user: None,
            can_gc: true,
            is_partial: false,
        }
    }

    /// Typed in another folder, relative to the temporary one.
    pub fn at(mut self, dir: &str) -> Self {
        self.dir = self.repo.outside().join(dir);
        self
    }

    /// With an environment variable.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Without an environment variable.
    pub fn without(mut self, name: &str) -> Self {
        self.without.push(name.to_owned());
        self
    }

    /// With git-xp started by other words: `git -c key=value xp`.
    pub fn through(mut self, words: &[&str]) -> Self {
        self.through = words.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// With a setting of git.
    pub fn set(self, key: &str, value: &str) -> Self {
        self.git(&["config", key, value]);
        self
    }

    /// Whose git fetches objects when they are read.
    pub fn partial(mut self) -> Self {
        self.is_partial = true;
        self
    }

    /// In a state that git refuses to collect garbage in.
    pub fn without_gc(mut self) -> Self {
        self.can_gc = false;
        self
    }

    /// With two runs recorded.
    #[track_caller]
    pub fn recorded(self) -> Self {
        self.xp(&["run", "--seeds", "8,9", "-p", "lr=0.1", "--", "sh", "train.sh", "{lr}", "{seed}"]).ok();
        self
    }

    /// A path in the temporary folder.
    pub fn outside(&self, path: &str) -> PathBuf {
        self.repo.outside().join(path)
    }

    /// A `file://` address of the repository that this scene began with.
    pub fn url(&self) -> String {
        format!("file://{}", self.repo.path.display())
    }

    /// Hand everything over to somebody who is not root, and type as them.
    pub fn typed_by_nobody(mut self) -> Self {
        let owner = format!("{NOBODY}:{NOBODY}");
        let outside = self.repo.outside().to_owned();
        assert!(Command::new("chown").args(["-R", &owner]).arg(&outside).status().expect("chown runs").success());
        self.user = Some(NOBODY);
        self
    }

    /// Mount a file system over a folder of the temporary one and go there.
    pub fn mounted(mut self, mount: Mount) -> Self {
        self.dir.clone_from(&mount.at);
        self.mounts.push(mount);
        self
    }

    /// A command in the row's folder and environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = match self.user {
            None => self.repo.command(program),
            Some(user) => {
                let mut command = self.repo.command("setpriv");
                let (uid, gid) = (format!("--reuid={user}"), format!("--regid={user}"));
                command.args([&uid, &gid, "--clear-groups", "--inh-caps=-all", program]);
                command
            }
        };
        command.current_dir(&self.dir).envs(self.env.iter().map(|(name, value)| (name, value)));
        for name in &self.without {
            command.env_remove(name);
        }
        command
    }

    /// Run git; it must succeed.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        self.try_git(args).ok().trim_end_matches('\n').to_owned()
    }

    /// Run git, whatever comes of it.
    pub fn try_git(&self, args: &[&str]) -> Output {
        self.repo.output(self.command("git").args(args))
    }

    /// Run git-xp.
    pub fn xp(&self, args: &[&str]) -> Output {
        let words: Vec<&str> = self.through.iter().map(String::as_str).chain(args.iter().copied()).collect();
        match self.through.as_slice() {
            [] => self.repo.output(self.command(BIN).args(words)),
            [program, ..] => self.repo.output(self.command(program).args(&words[1..])),
        }
    }

    /// Write a file in the row's folder.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.dir.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("written");
    }

    /// Commit everything.
    #[track_caller]
    pub fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
    }
}

/// A file system that is unmounted in the end.
pub struct Mount {
    at: PathBuf,
    device: Option<String>,
    /// What the device is made of.
    _image: Option<tempfile::NamedTempFile>,
}

impl Mount {
    /// A file system in memory of some mebibytes; `None` where that cannot be had.
    pub fn tmpfs(at: PathBuf, mebibytes: u32) -> Option<Self> {
        need(Part::Root)?;
        fs::create_dir_all(&at).expect("a folder");
        let size = format!("size={mebibytes}m,mode=755");
        succeeds(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(&at));
        Some(Self { at, device: None, _image: None })
    }

    /// exFAT, as on a memory card: no case, no links, no owners, no modes.
    pub fn exfat(at: PathBuf) -> Option<Self> {
        need(Part::Root)?;
        need(Part::Program("mkfs.exfat"))?;
        need(Part::Program("mount.exfat-fuse"))?;
        fs::create_dir_all(&at).expect("a folder");
        let image = tempfile::NamedTempFile::new().expect("an image");
        image.as_file().set_len(24 << 20).expect("an image");
        succeeds(Command::new("mkfs.exfat").arg(image.path()));
        let device =
            Command::new("losetup").args(["--find", "--show"]).arg(image.path()).output().expect("losetup runs");
        let device = String::from_utf8_lossy(&device.stdout).trim().to_owned();
        let mount = Self { at, device: Some(device.clone()), _image: Some(image) };
        succeeds(Command::new("mount.exfat-fuse").arg(&device).arg(&mount.at));
        Some(mount)
    }

    /// From now on nothing can be written there.
    pub fn make_read_only(&self) {
        succeeds(Command::new("mount").args(["-o", "remount,ro"]).arg(&self.at));
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // A test that failed may have left it busy.
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
        if let Some(device) = &self.device {
            let _ = Command::new("losetup").args(["--detach", device]).status();
        }
    }
}

#[track_caller]
fn succeeds(command: &mut Command) {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
