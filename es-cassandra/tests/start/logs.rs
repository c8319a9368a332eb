//! What is logged.

use std::{
    fmt::{Debug, Write},
    sync::{Arc, LazyLock, Mutex},
};

use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::DefaultGuard,
};

/// Keeps every event of warning or above as `field=value` text.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

/// While a process has one subscriber only, the thread that comes to a line first decides for all threads whether
/// anybody wants it, by the subscriber of its own: a test that runs beside this one would silence the line.
static OTHERS: LazyLock<[Dispatch; 2]> = LazyLock::new(|| [(); 2].map(|()| Dispatch::new(Lines::default())));

/// What `future` comes to, and what it logs on this thread, where a test's runtime runs everything.
pub async fn of<T>(future: impl Future<Output = T>) -> (T, Vec<String>) {
    LazyLock::force(&OTHERS);
    let lines = Lines::default();
    let guard: DefaultGuard = tracing::subscriber::set_default(lines.clone());
    let output = future.await;
    drop(guard);
    let said = lines.0.lock().unwrap().clone();
    (output, said)
}
