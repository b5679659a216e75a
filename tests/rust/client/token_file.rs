//! The token file: one whole file at any time, one holder of its lock, and nothing lost to what stood there before.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use xmedia::client::auth::oauth2::Secret;
use xmedia::client::auth::token_file::{Found, StoredTokens, TokenFile, chain_hash, from_epoch};
use xmedia::system::private_file::{FileLock, Replacement};

fn tokens(serial: u64) -> StoredTokens {
    StoredTokens {
        client_id: Some("app".into()),
        origin: Some("https://api.x.com".into()),
        user_id: Some("42".into()),
        chain: vec![chain_hash("app", "refresh-0")],
        serial,
        access_token: Secret::new(format!("access-{serial}")),
        refresh_token: Secret::new(format!("refresh-{serial}")),
        expires_at: Some(from_epoch(1_800_000_000.5)),
        scope: Some(vec!["media.write".into(), "offline.access".into()]),
        revoked: false,
    }
}

fn place() -> (tempfile::TempDir, PathBuf, TokenFile) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.json");
    let file = TokenFile::new(&path).unwrap();
    (directory, path, file)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(work)
}

fn save(file: &TokenFile, stored: &StoredTokens) {
    block_on(async { file.lock().await.unwrap().replace(stored).await.unwrap() });
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn serial_of(found: &Found) -> Option<u64> {
    if let Found::Tokens(stored, _) = found { Some(stored.serial) } else { None }
}

#[test]
fn what_is_saved_is_read_again_and_only_the_owner_can_read_it() {
    let (directory, path, file) = place();
    save(&file, &tokens(3));
    let Found::Tokens(stored, None) = file.read().unwrap() else { panic!("no tokens") };
    assert_eq!((&*stored.access_token, &*stored.refresh_token), (&"access-3".to_owned(), &"refresh-3".to_owned()));
    assert_eq!((stored.client_id.as_deref(), stored.user_id.as_deref()), (Some("app"), Some("42")));
    assert_eq!((stored.expires_at, stored.scope), (tokens(3).expires_at, tokens(3).scope));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(names(directory.path()), ["tokens.json", "tokens.json.lock"]);
    assert!(!fs::read_to_string(&path).unwrap().contains("refresh-0"));
}

#[test]
fn a_file_of_0_1_0_is_read() {
    let (_directory, path, file) = place();
    let hash = chain_hash("app", "refresh-0");
    let text = format!(r#"{{"origins": ["{hash}"], "access_token": "a", "refresh_token": "r", "expires_at": 12.5}}"#);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let Found::Tokens(stored, None) = file.read().unwrap() else { panic!("no tokens") };
    assert_eq!((stored.serial, stored.client_id.is_none()), (0, true));
    assert!(
        stored.contains("app", "refresh-0") && stored.contains("app", "r") && !stored.contains("other", "refresh-0")
    );
}

#[test]
fn what_holds_no_tokens_says_why() {
    let (_directory, path, file) = place();
    assert!(matches!(file.read().unwrap(), Found::Nothing));
    for content in ["", "{", "[]", "{}", r#"{"version": "3"}"#, r#"{"version": 2, "access_token": "a"}"#] {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(file.read().unwrap(), Found::Unusable(_)), "{content}");
    }
    fs::write(&path, r#"{"version": 3}"#).unwrap();
    assert!(matches!(file.read().unwrap(), Found::Newer(_)));
}

#[test]
fn a_file_that_others_can_read_is_read_all_the_same() {
    let (_directory, path, file) = place();
    save(&file, &tokens(3));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let Found::Tokens(stored, Some(why)) = file.read().unwrap() else { panic!("no tokens") };
    assert_eq!(stored.serial, 3);
    assert!(why.contains("mode 0640") && why.contains("chmod 600"), "{why}");
}

#[test]
fn an_ended_login_counts_as_none_and_leaves_no_token() {
    let (_directory, path, file) = place();
    block_on(async { file.lock().await.unwrap().mark_revoked(tokens(3)).await.unwrap() });
    assert!(matches!(file.read().unwrap(), Found::Nothing));
    let text = fs::read_to_string(path).unwrap();
    assert!(!text.contains("access-3") && !text.contains("refresh-3"), "{text}");
}

#[test]
fn tokens_that_a_killed_process_could_not_rename_are_found() {
    let (directory, path, file) = place();
    save(&file, &tokens(3));
    // Copied with its mode, then written over.
    fs::copy(&path, Replacement::name_for(&path)).unwrap();
    let newer = fs::read_to_string(&path).unwrap().replace("\"serial\": 3", "\"serial\": 4");
    fs::write(Replacement::name_for(&path), newer).unwrap();
    let found = block_on(async { file.lock().await.unwrap().read().await.unwrap() });
    assert_eq!((serial_of(&found), serial_of(&file.read().unwrap())), (Some(4), Some(4)));
    assert_eq!(names(directory.path()), ["tokens.json", "tokens.json.lock"]);
}

#[test]
fn what_a_killed_process_left_half_written_is_not_taken() {
    let (_directory, path, file) = place();
    save(&file, &tokens(3));
    fs::write(Replacement::name_for(&path), " ".repeat(4096)).unwrap();
    let found = block_on(async { file.lock().await.unwrap().read().await.unwrap() });
    assert_eq!(serial_of(&found), Some(3));
}

#[test]
fn room_that_was_taken_and_not_used_is_given_back() {
    let (directory, _path, file) = place();
    block_on(async { drop(file.lock().await.unwrap().reserve().await.unwrap()) });
    assert_eq!(names(directory.path()), ["tokens.json.lock"]);
}

#[test]
fn one_holder_at_a_time_in_one_process() {
    let (_directory, _path, file) = place();
    block_on(async {
        let first = file.lock().await.unwrap();
        let waiting = tokio::time::timeout(Duration::from_millis(30), file.lock()).await;
        assert!(waiting.is_err());
        drop(first);
        file.lock().await.unwrap();
    });
}

#[test]
fn a_waiter_that_gave_up_does_not_take_the_lock_off() {
    let (_directory, path, file) = place();
    block_on(async {
        let first = file.lock().await.unwrap();
        let waiting = tokio::time::timeout(Duration::from_millis(30), file.lock()).await;
        assert!(waiting.is_err());
        // Another process asks: a lock of the same process would not be seen by it.
        let asked = std::process::Command::new("python3")
            .args(["-c", "import fcntl,sys; f=open(sys.argv[1],'r+'); fcntl.lockf(f, fcntl.LOCK_EX|fcntl.LOCK_NB)"])
            .arg(format!("{}.lock", path.display()))
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(!asked.success());
        drop(first);
    });
}

#[test]
fn a_lock_file_that_is_removed_with_its_lock_is_made_again() {
    let (directory, _path, _file) = place();
    let path = directory.path().join("x.lock");
    block_on(async {
        drop(FileLock::acquire(path.clone()).await.unwrap().removing_file());
        assert!(!path.exists());
        let _second = FileLock::try_acquire(path.clone()).await.unwrap().unwrap();
        assert!(path.exists());
    });
}

#[test]
fn a_link_in_the_place_of_the_lock_is_not_followed() {
    let (directory, _path, file) = place();
    std::os::unix::fs::symlink(directory.path().join("victim"), directory.path().join("tokens.json.lock")).unwrap();
    assert!(block_on(file.lock()).is_err());
    assert!(!directory.path().join("victim").exists());
}

#[test]
fn two_names_of_one_file_are_one() {
    let (directory, path, file) = place();
    let link = directory.path().join("link.json");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert_eq!(TokenFile::new(&link).unwrap(), file);
}
