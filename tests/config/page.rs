//! `docs/configuration.md` says what there is.

use event_sourcing::config::{Config, reference};

const PAGE: &str = include_str!("../../docs/configuration.md");

#[test]
fn the_page_lists_every_setting_as_the_code_has_it() {
    let table: Vec<_> = PAGE.lines().filter(|line| line.starts_with('|')).collect();
    let code = reference();
    assert_eq!(table, code.lines().collect::<Vec<_>>(), "put this into docs/configuration.md:\n{code}");
}

#[test]
fn the_files_of_the_page_are_read() {
    let files: Vec<_> = PAGE.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(files.len() > 1, "{files:?}");
    for file in files {
        let config = Config::from_text(file).unwrap_or_else(|error| panic!("{error}\n{file}"));
        #[cfg(feature = "pipeline")]
        config.check().unwrap_or_else(|error| panic!("{error}\n{file}"));
        let _ = config;
    }
}
