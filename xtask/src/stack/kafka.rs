//! Apache Kafka: one process that is both broker and controller.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{Door, Part, Wanted, cuts, java, maven, place, process::Server};

pub(super) const KIND: &str = "kafka";
pub(super) const VERSION: &str = "4.3.1";
/// Kafka says what it does through SLF4J, and leaves it to its user to bring what writes it down.
pub(super) const LOG: &str = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4";
const PORT: u16 = 9092;
const CONTROLLER_PORT: u16 = 9093;
/// A second door: it tells clients to come to the next port, where a test stands in between.
const DOOR_PORT: u16 = 9094;
const UP_WITHIN: Duration = Duration::from_secs(120);
/// Of this stack's one broker: any 16 bytes, in base64.
const CLUSTER_ID: &str = "ZXZlbnQtc291cmNpbmctcg";

pub(super) fn address() -> SocketAddr {
    place::address(1, PORT)
}

/// Where a test may stand in between.
pub(super) fn door() -> Door {
    Door { outside: place::address(1, DOOR_PORT + 1), inside: place::address(1, DOOR_PORT) }
}

pub(super) fn folder(stack: &Path, wanted: Wanted) -> PathBuf {
    wanted.folder(stack, KIND).join("broker")
}

/// Starts the broker unless it runs, and waits until it answers. Its name, if it was started.
pub(super) fn up(stack: &Path, wanted: Wanted) -> Result<Option<String>, String> {
    let folder = folder(stack, wanted);
    if let Some(server) = Server::find(&folder) {
        return server.wait_for(address(), UP_WITHIN).map(|()| None);
    }
    let told = |error| format!("{}: {error}", folder.display());
    let java = java::home()?;
    let kafka = format!("org.apache.kafka:kafka_2.13:{VERSION}");
    let class_path =
        maven::class_path(&stack.join("maven").join(format!("kafka-{VERSION}")), &java, &[&kafka, LOG])?;
    fs::create_dir_all(&folder).map_err(told)?;
    let (properties, log4j) = (folder.join("server.properties"), folder.join("log4j2.properties"));
    fs::write(&properties, server_properties(&folder)).map_err(told)?;
    fs::write(&log4j, LOG4J).map_err(told)?;
    let run = |main: &str, heap: &str| {
        let mut command = Command::new(java.join("bin/java"));
        command.arg(format!("-Xmx{heap}")).arg("-XX:+UseSerialGC");
        command.arg(format!("-Dlog4j2.configurationFile={}", log4j.display()));
        command.args(["-cp", &class_path, main]);
        command
    };
    if !folder.join("data/meta.properties").exists() {
        let mut format = run("kafka.tools.StorageTool", "256M");
        format.args(["format", "--cluster-id", CLUSTER_ID, "--ignore-formatted", "--config"]);
        let output = format.arg(&properties).output().map_err(told)?;
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            return Err(format!("Kafka's storage cannot be formatted:\n{}", String::from_utf8_lossy(&said)));
        }
    }
    println!("kafka {VERSION}: the broker starts at {}", address());
    let mut command = run("kafka.Kafka", "512M");
    if wanted.has_cuts {
        cuts::preload(&mut command, &Part::Broker, &folder, &wanted.folder(stack, KIND))?;
    }
    let server = Server::start(&folder, command.arg(&properties))?;
    server.wait_for(address(), UP_WITHIN)?;
    server.wait_for_line("Kafka Server started", UP_WITHIN)?;
    Ok(Some(server.name()))
}

fn server_properties(folder: &Path) -> String {
    let (broker, controller) = (address(), place::address(1, CONTROLLER_PORT));
    let Door { inside: door, outside: between } = door();
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{controller}
listeners=PLAINTEXT://{broker},CONTROLLER://{controller},DOOR://{door}
advertised.listeners=PLAINTEXT://{broker},DOOR://{between}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,DOOR:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=true
num.partitions=4
# A record of some size must be a matter of the client's limits alone.
message.max.bytes=33554432
replica.fetch.max.bytes=33554432
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.retention.hours=-1
",
        data = folder.join("data").display()
    )
}

pub(super) const LOG4J: &str = "rootLogger.level = info
rootLogger.appenderRefs = out
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %-5p %d{HH:mm:ss,SSS} %c{1} - %m%n
";
