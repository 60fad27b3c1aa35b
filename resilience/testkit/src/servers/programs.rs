//! Where the programs are.

use std::{
    cmp::Reverse,
    env, fs,
    path::{Path, PathBuf},
};

/// The first `program` on the `PATH`.
pub(super) fn on_path(program: &str) -> Option<PathBuf> {
    search_path().map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// A folder that has all of `programs`: one of the `PATH`, else the newest of PostgreSQL's own.
pub(super) fn postgres_folder(programs: &[&str]) -> Option<PathBuf> {
    let complete = |dir: &PathBuf| programs.iter().all(|program| dir.join(program).is_file());
    search_path().find(complete).or_else(|| versioned_folders().into_iter().find(complete))
}

fn search_path() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

/// Where packagers put PostgreSQL's programs when they keep several versions: newest first.
fn versioned_folders() -> Vec<PathBuf> {
    const PARENTS: [(&str, &str); 4] = [
        ("/usr/lib/postgresql", ""),          // Debian, Ubuntu
        ("/usr", "pgsql-"),                   // PostgreSQL's own packages for Red Hat's systems
        ("/opt/homebrew/opt", "postgresql@"), // Homebrew
        ("/usr/local/opt", "postgresql@"),    // Homebrew on Intel
    ];
    let mut found: Vec<(u32, PathBuf)> = PARENTS
        .iter()
        .flat_map(|(parent, prefix)| versions_in(Path::new(parent), prefix))
        .collect();
    found.sort_by_key(|&(version, _)| Reverse(version));
    found.into_iter().map(|(_, dir)| dir.join("bin")).collect()
}

fn versions_in(parent: &Path, prefix: &str) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let version = |dir: &Path| dir.file_name()?.to_str()?.strip_prefix(prefix)?.parse().ok();
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter_map(|dir| Some((version(&dir)?, dir)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_with_the_prefix_count() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["9", "15", "common", "pgsql-17"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        let mut plain: Vec<u32> = versions_in(parent.path(), "").into_iter().map(|v| v.0).collect();
        plain.sort_unstable();
        assert_eq!(plain, [9, 15]);
        let prefixed = versions_in(parent.path(), "pgsql-");
        assert_eq!(prefixed, [(17, parent.path().join("pgsql-17"))]);
    }

    #[test]
    fn a_missing_program_is_not_found() {
        assert_eq!(on_path("no-such-program-anywhere"), None);
        assert_eq!(postgres_folder(&["no-such-program-anywhere"]), None);
    }
}
