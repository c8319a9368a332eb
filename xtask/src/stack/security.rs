//! Logins and TLS, for the stack that has them: so both kinds of cluster are tested.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use super::{Wanted, place, process::Server};

/// The user that Cassandra makes at its first start.
const USER: &str = "cassandra";
const PASSWORD: &str = "cassandra";
/// Of key stores, too. They are made for this stack and are worth nothing elsewhere.
const STORE_PASSWORD: &str = "cassandra";
/// Where nodes take encrypted connections, and no others.
const TLS_PORT: u16 = 9142;

/// What tests have to know of it.
const VARIABLES: [&str; 4] =
    ["ES_CASSANDRA_USER", "ES_CASSANDRA_PASSWORD", "ES_CASSANDRA_CA", "ES_CASSANDRA_TLS_HOSTS"];

/// The certificates of a ring, all of one authority.
pub(super) struct Security {
    folder: PathBuf,
    nodes: u8,
}

impl Security {
    /// Where it is wanted.
    pub(super) fn of(stack: &Path, wanted: &Wanted) -> Option<Self> {
        let folder = wanted.folder(stack, super::cassandra::KIND).join("security");
        wanted.is_secured().then_some(Self { folder, nodes: wanted.nodes })
    }

    /// Makes an authority, and one certificate for all nodes, unless they are there.
    pub(super) fn make(&self, java: &Path) -> Result<(), String> {
        if self.file("done").exists() {
            return Ok(());
        }
        let told = |error| format!("{}: {error}", self.folder.display());
        // Half of it may be there.
        let _ = fs::remove_dir_all(&self.folder);
        fs::create_dir_all(&self.folder).map_err(told)?;
        let addresses: Vec<_> =
            (1..=self.nodes).map(|number| format!("ip:{}", place::host(number))).collect();
        let names = format!("san={}", addresses.join(","));
        let valid = ["-validity", "3650", "-keyalg", "EC", "-groupname", "secp256r1"];
        let keytool = |arguments: &[&str]| self.keytool(java, arguments);
        let make = |alias: &str, store: &str, rest: &[&str]| {
            let name = format!("CN=event-sourcing-rs stack {alias}");
            let mut arguments = vec!["-genkeypair", "-alias", alias, "-keystore", store, "-dname", &name];
            arguments.extend(valid);
            arguments.extend(rest);
            keytool(&arguments)
        };
        make("ca", "ca.p12", &["-ext", "bc:c"])?;
        keytool(&["-exportcert", "-rfc", "-alias", "ca", "-keystore", "ca.p12", "-file", "ca.pem"])?;
        make("node", "node.p12", &[])?;
        keytool(&["-certreq", "-alias", "node", "-keystore", "node.p12", "-file", "node.csr"])?;
        keytool(&[
            "-gencert",
            "-rfc",
            "-alias",
            "ca",
            "-keystore",
            "ca.p12",
            "-infile",
            "node.csr",
            "-outfile",
            "node.pem",
            "-validity",
            "3650",
            "-ext",
            &names,
        ])?;
        keytool(&["-importcert", "-noprompt", "-alias", "ca", "-keystore", "node.p12", "-file", "ca.pem"])?;
        keytool(&[
            "-importcert",
            "-noprompt",
            "-alias",
            "node",
            "-keystore",
            "node.p12",
            "-file",
            "node.pem",
        ])?;
        fs::write(self.file("done"), "").map_err(told)
    }

    fn keytool(&self, java: &Path, arguments: &[&str]) -> Result<(), String> {
        let mut command = Command::new(java.join("bin/keytool"));
        command.args(arguments).args(["-storetype", "PKCS12", "-storepass", STORE_PASSWORD]);
        let output = command.current_dir(&self.folder).stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("`keytool` did not start: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        Err(format!("`keytool {}` failed: {}", arguments.join(" "), String::from_utf8_lossy(&said)))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What a node's configuration has for it.
    pub(super) fn yaml(&self) -> String {
        format!(
            "authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
permissions_validity: 0ms
roles_validity: 0ms
native_transport_port_ssl: {TLS_PORT}
client_encryption_options:
  enabled: true
  optional: false
  keystore: '{}'
  keystore_password: {STORE_PASSWORD}
",
            self.file("node.p12").display()
        )
    }

    /// What the process is told: its first user at once, and not after ten seconds.
    pub(super) const FLAG: &str = "-Dcassandra.superuser_setup_delay_ms=0";

    /// Waits until somebody can log in.
    pub(super) fn wait(server: &Server, is_new: bool, within: Duration) -> Result<(), String> {
        if is_new { server.wait_for_line("Created default superuser role", within) } else { Ok(()) }
    }

    /// For the tests on it.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let hosts: Vec<_> = (1..=self.nodes).map(|number| tls(number).to_string()).collect();
        let values = [
            USER.to_owned(),
            PASSWORD.to_owned(),
            self.file("ca.pem").display().to_string(),
            hosts.join(","),
        ];
        VARIABLES.into_iter().zip(values).collect()
    }
}

fn tls(number: u8) -> SocketAddr {
    place::address(number, TLS_PORT)
}
