//! Debezium, one agent for each Cassandra node: it reads the node's own commit logs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{
    Part, Pipeline, Wanted,
    cassandra::{self, Cassandra},
    cuts, java, kafka, maven, place,
    process::Server,
};

pub(super) const KIND: &str = "debezium";
const UP_WITHIN: Duration = Duration::from_secs(120);
/// What an agent says when it reads, and everything of it has started.
const READY: &str = "Starting JMX reporter";
/// Topics are called by it, the keyspace and the table: `es.bank.account_events`.
const TOPIC_PREFIX: &str = "es";
const CONNECT_PORT: u16 = 8083;
/// The version that runs inside Kafka Connect: later ones end there with a null pointer.
const IN_CONNECT: &str = "3.3.1.Final";

/// The agents of a ring.
pub(super) struct Debezium<'a> {
    stack: &'a Path,
    wanted: Wanted,
    cassandra: &'a Cassandra,
    java: PathBuf,
}

impl<'a> Debezium<'a> {
    pub(super) fn new(stack: &'a Path, wanted: Wanted, cassandra: &'a Cassandra) -> Result<Self, String> {
        if wanted.pipeline == Some(Pipeline::Connect) && !wanted.is_cassandra_5() {
            return Err("--connect is for Cassandra 5; with 4.1, use --pipeline".to_owned());
        }
        Ok(Self { stack, wanted, cassandra, java: java::home()? })
    }

    /// Starts the agents that do not run, and waits until they read. Says what it started.
    pub(super) fn up(&self) -> Result<Vec<String>, String> {
        let mut started = Vec::new();
        for number in 1..=self.wanted.nodes {
            match Server::find(&self.folder(number)) {
                Some(server) => server.wait_for_line(READY, UP_WITHIN)?,
                None => started.push(self.start(number)?.name()),
            }
        }
        Ok(started)
    }

    /// Starts an agent, and waits until it reads.
    pub(super) fn start(&self, number: u8) -> Result<Server, String> {
        let server = self.launch(number, &self.folder(number))?;
        server.wait_for_line(READY, UP_WITHIN)?;
        Ok(server)
    }

    pub(super) fn folder(&self, number: u8) -> PathBuf {
        self.wanted.folder(self.stack, KIND).join(format!("agent{number}"))
    }

    fn is_in_connect(&self) -> bool {
        self.wanted.pipeline == Some(Pipeline::Connect)
    }

    fn launch(&self, number: u8, folder: &Path) -> Result<Server, String> {
        let told = |error| format!("{}: {error}", folder.display());
        let mut class_path = self.jar()?;
        fs::create_dir_all(folder.join("offsets")).map_err(told)?;
        fs::create_dir_all(folder.join("relocated")).map_err(told)?;
        fs::write(folder.join("logback.xml"), cassandra::LOGBACK).map_err(told)?;
        fs::write(folder.join("log4j2.properties"), kafka::LOG4J).map_err(told)?;
        fs::write(folder.join("driver.conf"), driver(number)).map_err(told)?;
        let agent = folder.join("agent.properties");
        let mut arguments = vec![agent.clone()];
        let (main, properties) = if self.is_in_connect() {
            let worker = folder.join("worker.properties");
            fs::write(&worker, worker_properties(number, folder)).map_err(told)?;
            arguments.insert(0, worker);
            // Connect gives a plugin's classes a loader of their own: Debezium's jar holds other versions of what
            // Connect itself is made of.
            let plugin = folder.join("plugins/debezium");
            fs::create_dir_all(&plugin).map_err(told)?;
            fs::copy(class_path.trim(), plugin.join("debezium.jar")).map_err(told)?;
            let connect = format!("org.apache.kafka:connect-runtime:{}", kafka::VERSION);
            let maven = self.stack.join("maven").join(format!("connect-{}", kafka::VERSION));
            class_path = maven::class_path(&maven, &self.java, &[&connect, kafka::LOG])?;
            let properties = self.properties(number, folder) + CONNECTOR;
            ("org.apache.kafka.connect.cli.ConnectStandalone", properties)
        } else {
            class_path = format!("{}:{class_path}", self.partitioner(&class_path)?.display());
            let properties = self.properties(number, folder) + &producer();
            ("io.debezium.connector.cassandra.CassandraConnectorTask", properties)
        };
        fs::write(&agent, properties).map_err(told)?;
        let mut command = Command::new(self.java.join("bin/java"));
        cassandra::open_jdk(&mut command);
        command
            .args(["-Xmx400M", "-XX:+UseSerialGC", "-Djava.awt.headless=true"])
            .arg(format!("-Dcassandra.storagedir={}", self.cassandra.node(number).display()))
            .arg(format!("-Dlogback.configurationFile=file://{}", folder.join("logback.xml").display()))
            .arg(format!("-Dlog4j2.configurationFile={}", folder.join("log4j2.properties").display()))
            .args(["-cp", &class_path, main])
            .args(arguments);
        if self.wanted.has_cuts {
            cuts::preload(&mut command, &Part::Agent(number), folder, &self.wanted.folder(self.stack, KIND))?;
        }
        println!("debezium: agent {number} starts, for Cassandra at {}", cassandra::address(number));
        Server::start(folder, &mut command)
    }

    fn jar(&self) -> Result<String, String> {
        let (artifact, version) = match (self.is_in_connect(), self.wanted.is_cassandra_5()) {
            (true, _) => ("debezium-connector-cassandra-5", IN_CONNECT),
            (false, true) => ("debezium-connector-cassandra-5", "3.5.0.Beta1"),
            (false, false) => ("debezium-connector-cassandra-4", "3.5.0.Final"),
        };
        let maven = self.stack.join("maven").join(format!("{artifact}-{version}"));
        let parent = "debezium-connector-reactor-cassandra";
        maven::whole_jar(&maven, &self.java, "io.debezium", artifact, parent, version)
    }

    /// The folder with the compiled partitioner.
    fn partitioner(&self, class_path: &str) -> Result<PathBuf, String> {
        let classes = self.wanted.folder(self.stack, KIND).join("classes");
        let source = self.wanted.folder(self.stack, KIND).join("AggregatePartitioner.java");
        let told = |error| format!("{}: {error}", source.display());
        fs::create_dir_all(&classes).map_err(told)?;
        fs::write(&source, PARTITIONER).map_err(told)?;
        let mut javac = Command::new(self.java.join("bin/javac"));
        javac.arg("-d").arg(&classes).args(["-cp", class_path]).arg(&source);
        match javac.status().map_err(told)? {
            status if status.success() => Ok(classes),
            status => Err(format!("{} cannot be compiled: {status}", source.display())),
        }
    }

    /// What is the same in both ways to run it.
    fn properties(&self, number: u8, folder: &Path) -> String {
        format!(
            "topic.prefix={TOPIC_PREFIX}
cassandra.cluster.name=event-sourcing-rs
cassandra.node.id=node{number}
cassandra.config={configuration}
cassandra.driver.config.file={folder}/driver.conf
commit.log.relocation.dir={folder}/relocated
offset.backing.store.dir={folder}/offsets
# Of the time, or of the count, whichever comes first; 0 would write a file for each record.
offset.flush.interval.ms=1000
max.offset.flush.size=1000
snapshot.mode=never
# The port of its health page, on all addresses: it cannot be bound to one, so let it be any that is free.
http.port=0
commit.log.real.time.processing.enabled=true
# How long it gathers records before it sends them, unless there are many: half a second by default.
poll.interval.ms=20
commit.log.marked.complete.poll.interval.ms=50
cdc.dir.poll.interval.ms=50
commit.log.relocation.dir.poll.interval.ms=1000
schema.refresh.interval.ms=1000
num.of.change.event.queues=1
event.order.guarantee.mode=PARTITION_VALUES
key.converter=org.apache.kafka.connect.json.JsonConverter
key.converter.schemas.enable=false
value.converter=org.apache.kafka.connect.json.JsonConverter
value.converter.schemas.enable=false
",
            configuration = self.cassandra.configuration(number).display(),
            folder = folder.display()
        )
    }
}

const PARTITIONER: &str = include_str!("../../../es-kafka/partitioner/AggregatePartitioner.java");

/// Keeps an aggregate in one partition, by leaving only its id in the key.
const CONNECTOR: &str = "name=cassandra
connector.class=io.debezium.connector.cassandra.Cassandra5Connector
tasks.max=1
transforms=key
transforms.key.type=org.apache.kafka.connect.transforms.ReplaceField$Key
transforms.key.include=aggregate_id
";

fn producer() -> String {
    format!(
        "kafka.producer.bootstrap.servers={}
kafka.producer.acks=all
kafka.producer.enable.idempotence=true
kafka.producer.max.request.size=8388608
kafka.producer.partitioner.class=AggregatePartitioner
",
        kafka::address()
    )
}

fn worker_properties(number: u8, folder: &Path) -> String {
    format!(
        "bootstrap.servers={kafka}
listeners=http://{rest}
plugin.path={folder}/plugins
offset.storage.file.filename={folder}/connect.offsets
offset.flush.interval.ms=1000
key.converter=org.apache.kafka.connect.json.JsonConverter
key.converter.schemas.enable=false
value.converter=org.apache.kafka.connect.json.JsonConverter
value.converter.schemas.enable=false
producer.max.request.size=8388608
",
        kafka = kafka::address(),
        rest = place::address(number, CONNECT_PORT),
        folder = folder.display()
    )
}

/// How the agent reaches its node, for the schema.
///
/// It is told of new tables by its driver, which waits a second for more changes and then shows a new keyspace as a
/// whole; of tables in it the agent does not hear, ever. So let each change be looked at when it comes.
fn driver(number: u8) -> String {
    format!(
        "datastax-java-driver {{
  basic.contact-points = [\"{}\"]
  basic.load-balancing-policy.local-datacenter = datacenter1
  basic.request.timeout = 20 seconds
  advanced.metadata.schema.debouncer.window = 1 milliseconds
  advanced.connection.init-query-timeout = 20 seconds
  advanced.control-connection.timeout = 20 seconds
}}
",
        cassandra::address(number)
    )
}
