use std::{fmt, sync::Arc, time::Duration};

use scylla::client::session::Session;

use super::{Connection, connect};
use crate::{
    CassandraEventStore, CassandraRepository, ConnectError, Flavour, Replication, Report, report,
    schema::{self, Table},
};

/// How a [`CassandraEventStore`] is reached and opened. Made by [`CassandraEventStore::builder`].
#[derive(Clone)]
pub struct Builder {
    pub(super) hosts: Vec<String>,
    pub(crate) keyspace: String,
    pub(super) credentials: Option<(String, String)>,
    #[cfg(feature = "rustls")]
    pub(super) tls: Option<super::Tls>,
    pub(crate) categories: Vec<String>,
    pub(crate) create: Option<Replication>,
    pub(crate) bucket_size: Option<u64>,
    pub(crate) request_timeout: Duration,
    pub(crate) settle_within: Duration,
}

impl Builder {
    pub(crate) fn new(hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            hosts: hosts.into_iter().map(Into::into).collect(),
            keyspace: String::new(),
            credentials: None,
            #[cfg(feature = "rustls")]
            tls: None,
            categories: Vec::new(),
            create: None,
            bucket_size: None,
            request_timeout: Duration::from_secs(2),
            settle_within: Duration::from_secs(10),
        }
    }

    /// The keyspace that holds the store's tables.
    #[must_use]
    pub fn keyspace(mut self, name: impl Into<String>) -> Self {
        self.keyspace = name.into();
        self
    }

    /// A category that will be used: its tables are checked at start. One that is not named is checked when it
    /// is first used.
    #[must_use]
    pub fn category(mut self, name: impl Into<String>) -> Self {
        self.categories.push(name.into());
        self
    }

    /// Who to log in as.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some((name.into(), password.into()));
        self
    }

    /// Encrypts the connections.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn tls(mut self, tls: super::Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Creates what is missing: the keyspace, with that replication, and tables. What is there is checked and left as
    /// it is. Of several processes that start on an empty cluster, let one do it: Cassandra can end up with two
    /// versions of a table that two nodes create at the same time.
    #[must_use]
    pub fn create_if_missing(mut self, replication: Replication) -> Self {
        self.create = Some(replication);
        self
    }

    /// How many events make a partition, for a store that is made now, 10,000 unless this says otherwise. One
    /// that is there keeps what it was made with, and the log says so.
    #[must_use]
    pub fn bucket_size(mut self, events: u64) -> Self {
        // What is stored is a `bigint`.
        self.bucket_size = Some(events.clamp(1, i64::MAX.cast_unsigned()));
        self
    }

    /// How long one request may take, 2 s unless this says otherwise. A write that takes longer is settled, a
    /// read tried again.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// How long to find out what became of a write before its outcome is reported as unknown, 10 s unless this
    /// says otherwise. So long, too, is a read tried again that ran out of time.
    #[must_use]
    pub fn settle_within(mut self, budget: Duration) -> Self {
        self.settle_within = budget;
        self
    }

    /// What creates the keyspace and the store's tables on Apache Cassandra, for whoever does that by hand.
    ///
    /// ```
    /// use es_cassandra::{CassandraEventStore, Replication};
    /// let builder = CassandraEventStore::builder(["127.0.0.1:9042"]).keyspace("bank").category("account");
    /// builder.check_names().unwrap(); // they go into statements as they are
    /// let ddl = builder.ddl(&Replication::Simple(3));
    /// assert!(ddl.contains("CREATE TABLE IF NOT EXISTS bank.account_events ("));
    /// ```
    pub fn ddl(&self, replication: &Replication) -> String {
        let keyspace = &self.keyspace;
        let mut ddl = vec![schema::keyspace_ddl(keyspace, replication)];
        ddl.extend(Table::settings().ddl(keyspace));
        for category in &self.categories {
            ddl.extend(Table::events(category, Flavour::Cassandra).ddl(keyspace));
            ddl.extend(Table::snapshots(category).ddl(keyspace));
        }
        terminated(ddl)
    }

    /// What creates the keyspace and the tables of a [`CassandraRepository`] for `projections`, for whoever does that by
    /// hand. The keyspace is this builder's: that of the views.
    ///
    /// ```
    /// use es_cassandra::{CassandraEventStore, Replication};
    /// let builder = CassandraEventStore::builder(["127.0.0.1:9042"]).keyspace("bank_views");
    /// let ddl = builder.views_ddl(&["balances"], &Replication::Simple(3))?;
    /// assert!(ddl.contains("CREATE TABLE IF NOT EXISTS bank_views.view_balances ("));
    /// # Ok::<(), es_cassandra::ConnectError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When a projection's name is too long for that of a table, or the keyspace cannot be called that.
    pub fn views_ddl(
        &self,
        projections: &[impl AsRef<str>],
        replication: &Replication,
    ) -> Result<String, ConnectError> {
        self.check_names()?;
        let mut ddl = vec![schema::keyspace_ddl(&self.keyspace, replication)];
        let shared = [Table::offsets(), Table::dead_letters()];
        ddl.extend(shared.iter().flat_map(|table| table.ddl(&self.keyspace)));
        for projection in projections {
            schema::check_view_name(projection.as_ref())?;
            ddl.extend(Table::view(projection.as_ref()).ddl(&self.keyspace));
        }
        Ok(terminated(ddl))
    }

    /// Creates nothing, whatever was said before: what is missing is an error.
    #[must_use]
    pub fn create_nothing(mut self) -> Self {
        self.create = None;
        self
    }

    /// What the servers run with, and what that means, after all the checks of [`Builder::connect`]; for tools that look
    /// at a store which an application uses. Creates and writes nothing.
    ///
    /// ```no_run
    /// # async fn look() -> Result<(), es_cassandra::ConnectError> {
    /// use es_cassandra::CassandraEventStore;
    /// let builder = CassandraEventStore::builder(["127.0.0.1:9042"]).keyspace("bank").category("account");
    /// for warning in builder.report().await?.warnings() {
    ///     println!("{warning}");
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`ConnectError`]: each names what to do.
    pub async fn report(self) -> Result<Report, ConnectError> {
        self.check_names()?;
        let session = connect::session(&self).await?;
        let server = schema::server(&session).await?;
        let report = report::check(&session, &server, &self.keyspace).await?;
        schema::look(&session, &self, server.flavour).await?;
        Ok(report)
    }

    /// Connects, and checks that everything is as the store needs it. What the servers' settings mean for it is
    /// logged; see [`CassandraEventStore::report`].
    ///
    /// # Errors
    ///
    /// See [`ConnectError`]: each names what to do.
    pub async fn connect(self) -> Result<CassandraEventStore, ConnectError> {
        self.check_names()?;
        let session = connect::session(&self).await?;
        self.open(Arc::new(session)).await
    }

    /// The same over a session of one's own, for connection options that this builder does not have (client
    /// certificates, address translation, compression).
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn from_session(self, session: Arc<Session>) -> Result<CassandraEventStore, ConnectError> {
        self.check_names()?;
        self.open(session).await
    }

    /// Connects to a cluster for views alone. Where the event store's own cluster keeps them, too,
    /// [`CassandraEventStore::repository`] shares its connections.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn repository(self) -> Result<CassandraRepository, ConnectError> {
        self.check_names()?;
        let session = Arc::new(connect::session(&self).await?);
        let server = schema::server(&session).await?;
        let connection = Connection {
            session,
            server,
            create: self.create,
            request_timeout: self.request_timeout,
            settle_within: self.settle_within,
        };
        CassandraRepository::open(connection, self.keyspace).await
    }

    /// Deletes the keyspace with all that is in it, for tests and examples to leave nothing behind.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    #[cfg(feature = "testing")]
    pub async fn drop_keyspace(self) -> Result<(), ConnectError> {
        self.check_names()?;
        let session = connect::session(&self).await?;
        schema::run(&session, &format!("DROP KEYSPACE IF EXISTS {}", self.keyspace)).await.map(drop)
    }

    /// Whether the keyspace and the categories can be called that. [`Builder::connect`] looks first, too.
    ///
    /// # Errors
    ///
    /// [`ConnectError::NoKeyspace`] and [`ConnectError::BadName`].
    pub fn check_names(&self) -> Result<(), ConnectError> {
        if self.keyspace.is_empty() {
            return Err(ConnectError::NoKeyspace);
        }
        self.categories.iter().chain([&self.keyspace]).try_for_each(|name| schema::check_name(name))
    }

    async fn open(self, session: Arc<Session>) -> Result<CassandraEventStore, ConnectError> {
        let server = schema::server(&session).await?;
        report::check(&session, &server, &self.keyspace).await?;
        let settings = schema::prepare(&session, &self, server.flavour).await?;
        CassandraEventStore::open(session, self, server, settings).await
    }
}

fn terminated(ddl: Vec<String>) -> String {
    ddl.into_iter().map(|statement| format!("{statement};\n")).collect()
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("hosts", &self.hosts)
            .field("keyspace", &self.keyspace)
            .field("categories", &self.categories)
            .field("create", &self.create)
            .finish_non_exhaustive()
    }
}
