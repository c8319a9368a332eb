//! A subscriber that keeps the spans called `es.project`.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::DefaultGuard,
};

#[derive(Clone, Default)]
pub struct Spans(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

/// While a process has one subscriber only, the thread that comes to a span first decides for all threads whether
/// anybody wants it, by the subscriber of its own: a test that runs beside this one would silence the span.
static OTHERS: LazyLock<[Dispatch; 2]> = LazyLock::new(|| [(); 2].map(|()| Dispatch::new(Spans::default())));

impl Spans {
    /// Those of this thread, until the guard is dropped.
    pub fn kept() -> (Self, DefaultGuard) {
        LazyLock::force(&OTHERS);
        let spans = Self::default();
        let guard = tracing::subscriber::set_default(spans.clone());
        (spans, guard)
    }

    /// Their fields.
    pub fn fields(&self) -> Vec<BTreeMap<String, String>> {
        self.0.lock().unwrap().clone()
    }
}

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

static NEXT: AtomicU64 = AtomicU64::new(1);

impl Subscriber for Spans {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        if attributes.metadata().name() == "es.project" {
            assert!(attributes.is_root());
            let mut fields = BTreeMap::new();
            attributes.record(&mut Fields(&mut fields));
            self.0.lock().unwrap().push(fields);
        }
        Id::from_u64(NEXT.fetch_add(1, Ordering::SeqCst))
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
