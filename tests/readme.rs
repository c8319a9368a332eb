//! The bank of the readme does what it says there.

use std::process::Command;

/// Says that this process is the bank.
const IS_BANK: &str = "ES_TEST_README_BANK";

/// The page's own code, as it is laid out there.
#[allow(missing_docs, dead_code, reason = "it is laid out for a page")]
mod bank {
    include!("../docs/bank.rs");

    #[test]
    fn in_a_process_of_its_own() {
        if std::env::var_os(super::IS_BANK).is_some() {
            main().unwrap();
        }
    }
}

#[test]
fn the_page_shows_this_code() {
    let page = include_str!("../README.md");
    assert!(page.contains(include_str!("../docs/bank.rs")), "copy docs/bank.rs into README.md");
}

/// Its file is in the folder that it runs in.
#[test]
fn the_bank_runs() {
    let folder = tempfile::tempdir().unwrap();
    let mut bank = Command::new(std::env::current_exe().unwrap());
    bank.args(["--exact", "readme::bank::in_a_process_of_its_own"]);
    let output = bank.env(IS_BANK, "1").current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(folder.path().join("bank.db").is_file());
}
