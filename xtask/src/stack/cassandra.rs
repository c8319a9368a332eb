//! Apache Cassandra, one node or a ring, each node on a loopback address of its own.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{
    Door, Part, Wanted, cuts, java, maven, place, power, preload, process::Server, security::Security,
};

pub(super) const KIND: &str = "cassandra";
const PORT: u16 = 9042;
const UP_WITHIN: Duration = Duration::from_secs(240);

/// What Cassandra needs to see of the JDK's inside, as its own start script for Java 17 has it.
const EXPORTS: &[&str] = &[
    "java.base/java.lang.ref",
    "java.base/jdk.internal.misc",
    "java.base/jdk.internal.ref",
    "java.base/jdk.internal.util",
    "java.base/sun.nio.ch",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.rmi/sun.rmi.transport.tcp",
    "java.sql/java.sql",
    "jdk.attach/sun.tools.attach",
];
const OPENS: &[&str] = &[
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.module",
    "java.base/java.lang.reflect",
    "java.base/java.math",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.nio.charset",
    "java.base/java.nio.file.spi",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/java.util.concurrent.locks",
    "java.base/jdk.internal.loader",
    "java.base/jdk.internal.math",
    "java.base/jdk.internal.module",
    "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect",
    "java.base/jdk.internal.vm",
    "java.base/sun.nio.ch",
    "java.management/javax.management",
    "jdk.management/com.sun.management.internal",
];

/// The ring that is wanted.
pub(crate) struct Cassandra {
    stack: PathBuf,
    wanted: Wanted,
    security: Option<Security>,
    version: &'static str,
    nodes: u8,
}

impl Cassandra {
    pub(super) fn new(stack: &Path, wanted: Wanted) -> Self {
        let security = Security::of(stack, &wanted);
        Self { stack: stack.to_owned(), wanted, security, version: wanted.cassandra, nodes: wanted.nodes }
    }

    fn folder(&self) -> PathBuf {
        self.wanted.folder(&self.stack, KIND)
    }

    pub(super) fn node(&self, number: u8) -> PathBuf {
        self.folder().join(format!("node{number}"))
    }

    /// Where a node puts changes for whoever reads them.
    pub(super) fn changes(&self, number: u8) -> PathBuf {
        self.node(number).join("cdc_raw")
    }

    /// A node's configuration, which its Debezium agent reads too.
    pub(super) fn configuration(&self, number: u8) -> PathBuf {
        self.node(number).join("conf/cassandra.yaml")
    }

    /// Where it is noted how far a node's commit log is on the disk.
    fn synced(&self, number: u8) -> PathBuf {
        self.node(number).join("synced")
    }

    /// What a power cut does to a node that was killed. How many bytes it lost.
    pub(super) fn cut_power(&self, number: u8) -> Result<u64, String> {
        power::cut(&self.node(number).join("commitlog"), &self.synced(number))
    }

    /// Starts the nodes that do not run, one after the other, as they have to join.
    pub(super) fn up(&self) -> Result<Vec<String>, String> {
        let missing: Vec<u8> = (1..=self.nodes).filter(|n| Server::find(&self.node(*n)).is_none()).collect();
        let mut started = Vec::new();
        for number in missing {
            started.push(self.start(number)?.name());
        }
        for number in 1..=self.nodes {
            if let Some(server) = Server::find(&self.node(number)) {
                server.wait_for(address(number), UP_WITHIN)?;
            }
        }
        Ok(started)
    }

    /// Starts a node, and waits until it answers.
    pub(super) fn start(&self, number: u8) -> Result<Server, String> {
        let java = &java::home()?;
        let class_path = &self.class_path(java)?;
        let node = self.node(number);
        let told = |error| format!("{}: {error}", node.display());
        let conf = node.join("conf");
        let is_new = !node.join("data").exists();
        fs::create_dir_all(&conf).map_err(told)?;
        if let Some(security) = &self.security {
            security.make(java)?;
        }
        fs::write(self.configuration(number), self.yaml(number)).map_err(told)?;
        fs::write(conf.join("logback.xml"), LOGBACK).map_err(told)?;
        let mut command = Command::new(java.join("bin/java"));
        command.arg(format!("-javaagent:{}", maven::jar(class_path, "jamm-")?));
        open_jdk(&mut command);
        command
            .args([
                "-Xms1G",
                "-Xmx1G",
                "-XX:+UseG1GC",
                "-Djava.awt.headless=true",
                "-Djdk.attach.allowAttachSelf=true",
            ])
            .args(["-Dcassandra-foreground=yes", "-Dcassandra.skip_wait_for_gossip_to_settle=0"])
            // How long a node waits to hear of the ring before it joins: 30 s by default, and too short below one.
            .arg("-Dcassandra.ring_delay_ms=4000")
            .arg(format!("-Dcassandra.jmx.local.port={}", place::JMX + u16::from(number)))
            .arg(format!("-Dcassandra.config=file://{}", conf.join("cassandra.yaml").display()))
            .arg(format!("-Dcassandra.storagedir={}", node.display()))
            .arg(format!("-Dlogback.configurationFile=file://{}", conf.join("logback.xml").display()))
            .args(self.security.as_ref().map(|_| Security::FLAG))
            .args(["-cp", class_path, "org.apache.cassandra.service.CassandraDaemon"]);
        if self.wanted.has_cuts {
            let synced = self.synced(number);
            fs::create_dir_all(&synced).map_err(told)?;
            preload::add(&mut command, &power::library(&self.folder())?);
            command.env("ES_SYNCED", synced);
            cuts::preload(&mut command, &Part::Node(number), &node, &self.folder())?;
        }
        println!("cassandra {}: node {number} starts at {}", self.version, address(number));
        let server = Server::start(&node, &mut command)?;
        server.wait_for(address(number), UP_WITHIN)?;
        if self.security.is_some() {
            Security::wait(&server, is_new && number == 1, UP_WITHIN)?;
        }
        Ok(server)
    }

    fn class_path(&self, java: &Path) -> Result<String, String> {
        let coordinates = format!("org.apache.cassandra:cassandra-all:{}", self.version);
        let mut coordinates = vec![coordinates.as_str()];
        // The agent that measures objects: 4.1's own is of before Java 17.
        if self.version.starts_with("4.1") {
            coordinates.push("com.github.jbellis:jamm:0.3.2");
        }
        let maven = self.stack.join("maven").join(format!("cassandra-{}", self.version));
        maven::class_path(&maven, java, &coordinates)
    }

    fn yaml(&self, number: u8) -> String {
        let node = self.node(number).display().to_string();
        let (host, seed) = (place::host(number), place::host(1));
        // Where nobody reads the change records, a full folder of them must not stop writes, unless that is what is
        // wanted.
        let is_read = self.wanted.pipeline.is_some() || self.wanted.cdc_mib.is_some();
        let security = self.security.as_ref().map(Security::yaml).unwrap_or_default();
        let space = self.wanted.cdc_mib.map(|mib| format!("cdc_total_space: {mib}MiB\n")).unwrap_or_default();
        let sync = if self.wanted.is_synced {
            "commitlog_sync: batch"
        } else {
            "commitlog_sync: periodic\ncommitlog_sync_period: 50ms"
        };
        format!(
            "cluster_name: event-sourcing-rs
num_tokens: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
listen_address: {host}
rpc_address: {host}
native_transport_port: {PORT}
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: {seed}
data_file_directories: ['{node}/data']
commitlog_directory: '{node}/commitlog'
hints_directory: '{node}/hints'
saved_caches_directory: '{node}/saved_caches'
cdc_raw_directory: '{node}/cdc_raw'
cdc_enabled: true
cdc_block_writes: {is_read}
{space}{sync}
commitlog_segment_size: 8MiB
paxos_variant: v2
{security}"
        )
    }
}

pub(super) fn address(number: u8) -> SocketAddr {
    place::address(number, PORT)
}

/// Where a test may stand in between: at the same port for all nodes, since a driver that came to one through a port
/// goes to the others through that too.
pub(super) fn door(number: u8) -> Door {
    Door { outside: place::address(number, PORT + 100), inside: address(number) }
}

/// Lets the program that `command` runs see of the JDK's inside what Cassandra's classes need.
pub(super) fn open_jdk(command: &mut Command) {
    for module in EXPORTS {
        command.args(["--add-exports", &format!("{module}=ALL-UNNAMED")]);
    }
    for module in OPENS {
        command.args(["--add-opens", &format!("{module}=ALL-UNNAMED")]);
    }
}

pub(super) const LOGBACK: &str = r#"<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level %date{HH:mm:ss.SSS} %logger{20} - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="out"/></root>
</configuration>
"#;
