//! How far the loader is: for people who watch, and counted for the summary.

use std::{
    io::Read,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use indicatif::{ProgressBar, ProgressStyle};

/// How often the bar's text changes, in commands.
const REFRESH: u64 = 1000;

/// Counts of one run, and a bar on stderr where that is a terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// After how many commands a line is written.
    report_every: Option<u64>,
    rows: AtomicU64,
    no_tail_number: AtomicU64,
    commands: AtomicU64,
    events: AtomicU64,
    duplicates: AtomicU64,
}

/// What was counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) rows: u64,
    pub(crate) no_tail_number: u64,
    pub(crate) commands: u64,
    pub(crate) events: u64,
    pub(crate) duplicates: u64,
}

impl Progress {
    /// Of an input of `bytes` bytes. The bar shows how many are read, which is little more than is done: the
    /// reader waits for the workers.
    pub(crate) fn new(bytes: u64, report_every: Option<u64>) -> Self {
        let style = ProgressStyle::with_template("{bar:40} {percent:>3} % {msg} {elapsed}");
        let bar = ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let (rows, no_tail_number) = Default::default();
        let (commands, events, duplicates) = Default::default();
        Self { bar, report_every, rows, no_tail_number, commands, events, duplicates }
    }

    /// Follows how much of `input` is read.
    pub(crate) fn watch<R: Read>(&self, input: R) -> impl Read + use<R> {
        self.bar.wrap_read(input)
    }

    pub(crate) fn row(&self) {
        self.rows.fetch_add(1, Relaxed);
    }

    pub(crate) fn no_tail_number(&self) {
        self.no_tail_number.fetch_add(1, Relaxed);
    }

    /// A command is acknowledged.
    pub(crate) fn command(&self, events: u64, duplicate: bool) {
        self.events.fetch_add(events, Relaxed);
        self.duplicates.fetch_add(u64::from(duplicate), Relaxed);
        let commands = self.commands.fetch_add(1, Relaxed) + 1;
        if commands.is_multiple_of(REFRESH) {
            self.bar.set_message(format!("{commands} commands"));
        }
        if self.report_every.is_some_and(|every| commands.is_multiple_of(every)) {
            let Counted { events, duplicates, .. } = self.counted();
            eprintln!("{commands} commands: {events} events, {duplicates} duplicates");
        }
    }

    pub(crate) fn counted(&self) -> Counted {
        Counted {
            rows: self.rows.load(Relaxed),
            no_tail_number: self.no_tail_number.load(Relaxed),
            commands: self.commands.load(Relaxed),
            events: self.events.load(Relaxed),
            duplicates: self.duplicates.load(Relaxed),
        }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
