//! The event store.

mod again;
mod append;
mod bucket;
mod heads;
mod last_bucket;
mod page_size;
mod read;
mod snapshot;
mod tables;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use es_core::{
    feed::InProcess,
    snapshot::Snapshot,
    store::{
        AppendError, BoxError, Commit, EventStore, HeadPage, Limits, Page, ReadError, StreamId, Version,
    },
};
use scylla::client::session::Session;

use crate::{
    CassandraRepository, ConnectError, Replication, Report, Server,
    schema::{self, Settings},
    session::{Builder, Connection},
};
use bucket::Buckets;
use last_bucket::LastBuckets;
use tables::Tables;

/// A durable event store on Apache Cassandra or ScyllaDB.
///
/// Each append is one `INSERT .. IF NOT EXISTS`. When the driver cannot say what became of it (a timeout, a broken
/// connection), the store reads that place serially: our commit there means stored, another's means certainly not
/// stored, and nothing there means that the same row is inserted again, which is safe. Only when the time for that
/// ([`Builder::settle_within`]) runs out is the outcome reported as unknown.
///
/// With `commitlog_sync: batch` or `group` on every node nothing acknowledged is lost. With `periodic`, Cassandra's
/// default, a node forgets what it stored and promised since its last sync when it loses power, and that of its last
/// moments when its process is killed: nothing is lost while the other replicas are a majority, and with a single one
/// it is.
///
/// Clones are the same store. Its own feed brings listeners what this process appends, and nothing else: it is for
/// trying things out, and for one process alone. Commits of many processes reach listeners through CDC, Debezium and
/// Kafka.
#[derive(Clone)]
pub struct CassandraEventStore(Arc<Inner>);

struct Inner {
    session: Arc<Session>,
    keyspace: String,
    server: Server,
    create: Option<Replication>,
    settings: Settings,
    buckets: Buckets,
    last_buckets: LastBuckets,
    request_timeout: Duration,
    settle_within: Duration,
    feed: InProcess,
    tables: RwLock<HashMap<String, Arc<Tables>>>,
    /// Whoever prepares tables holds it.
    preparing: tokio::sync::Mutex<()>,
}

impl CassandraEventStore {
    /// Begins a connection to the cluster that these nodes belong to, each `host:port`.
    pub fn builder(hosts: impl IntoIterator<Item = impl Into<String>>) -> Builder {
        Builder::new(hosts)
    }

    pub(crate) async fn open(
        session: Arc<Session>,
        builder: Builder,
        server: Server,
        settings: Settings,
    ) -> Result<Self, ConnectError> {
        let store = Self(Arc::new(Inner {
            session,
            keyspace: builder.keyspace,
            server,
            create: builder.create,
            settings,
            buckets: Buckets::of(settings.bucket_size),
            last_buckets: LastBuckets::default(),
            request_timeout: builder.request_timeout,
            settle_within: builder.settle_within,
            feed: InProcess::new(),
            tables: RwLock::default(),
            preparing: tokio::sync::Mutex::default(),
        }));
        for category in &builder.categories {
            let tables = store.0.prepare(category).await?;
            store.0.add_tables(category, tables);
        }
        Ok(store)
    }

    /// What the servers run with, and what that means; asks every node.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Statement`] when the keyspace cannot be looked at. A node that does not answer is in the report.
    pub async fn report(&self) -> Result<Report, ConnectError> {
        Report::of(&self.0.session, &self.0.server, &self.0.keyspace).await
    }

    /// Opens a repository in `keyspace`, over the connections of this store. A missing keyspace is created if this
    /// store was opened with [`Builder::create_if_missing`], and so are tables.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn repository(&self, keyspace: impl Into<String>) -> Result<CassandraRepository, ConnectError> {
        let Inner { session, server, create, request_timeout, settle_within, .. } = &*self.0;
        let connection = Connection {
            session: session.clone(),
            server: server.clone(),
            create: create.clone(),
            request_timeout: *request_timeout,
            settle_within: *settle_within,
        };
        let keyspace = keyspace.into();
        schema::check_name(&keyspace)?;
        CassandraRepository::open(connection, keyspace).await
    }

    /// How many events make a partition in this store.
    pub fn bucket_size(&self) -> u64 {
        self.0.settings.bucket_size
    }
}

impl Inner {
    /// The prepared statements of a category; at its first use its tables are checked.
    async fn tables(&self, category: &str) -> Result<Arc<Tables>, BoxError> {
        if let Some(tables) = self.known_tables(category) {
            return Ok(tables);
        }
        // Apart, because every request would carry the room that this needs.
        Box::pin(async {
            let _one_at_a_time = self.preparing.lock().await;
            if let Some(tables) = self.known_tables(category) {
                return Ok(tables);
            }
            schema::check_name(category)?;
            let (flavour, create) = (self.server.flavour, self.create.is_some());
            schema::ensure_category(&self.session, &self.keyspace, category, flavour, create).await?;
            let tables = self.prepare(category).await?;
            self.add_tables(category, tables.clone());
            Ok(tables)
        })
        .await
    }

    fn known_tables(&self, category: &str) -> Option<Arc<Tables>> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner).get(category).cloned()
    }

    fn add_tables(&self, category: &str, tables: Arc<Tables>) {
        let mut all = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(category.to_owned(), tables);
    }

    async fn prepare(&self, category: &str) -> Result<Arc<Tables>, ConnectError> {
        let tables =
            Tables::prepare(&self.session, &self.keyspace, category, &self.settings, self.request_timeout);
        Ok(Arc::new(tables.await?))
    }

    async fn tables_to_read(&self, category: &str) -> Result<Arc<Tables>, ReadError> {
        self.tables(category).await.map_err(ReadError::Unavailable)
    }
}

impl EventStore for CassandraEventStore {
    type Feed = InProcess;

    fn limits(&self) -> Limits {
        let limits = Limits::default();
        // At most a bucket, so that no bucket of a stream is without a commit.
        Limits { commit_events: limits.commit_events.min(self.0.settings.bucket_size), ..limits }
    }

    async fn append(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        self.limits().check(&commit)?;
        self.0.append(&commit).await?;
        self.0.feed.publish(&commit);
        Ok(())
    }

    async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        self.0.again(|| self.0.read(stream, from, limit)).await
    }

    async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        self.0.again(|| self.0.head(stream)).await
    }

    async fn heads(&self, category: &str, after: Option<&str>, limit: usize) -> Result<HeadPage, ReadError> {
        self.0.again(|| self.0.heads(category, after, limit)).await
    }

    fn parts(&self, _: &str, most: usize) -> Vec<Option<String>> {
        heads::parts(most)
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), ReadError> {
        self.0.save_snapshot(snapshot).await
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: u64,
    ) -> Result<Option<Snapshot>, ReadError> {
        self.0.again(|| self.0.load_snapshot(stream, fingerprint)).await
    }

    fn feed(&self) -> Option<InProcess> {
        Some(self.0.feed.clone())
    }
}

impl fmt::Debug for CassandraEventStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CassandraEventStore")
            .field("keyspace", &self.0.keyspace)
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> ReadError {
    ReadError::Unavailable(Box::new(error))
}
