use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{
        CertificateDer,
        pem::{self, PemObject},
    },
};
use scylla::client::session::TlsContext;

/// Encrypted connections, for [`Builder::tls`](crate::Builder::tls).
///
/// ```no_run
/// # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
/// use es_cassandra::{CassandraEventStore, Tls};
/// let store = CassandraEventStore::builder(["10.0.0.1:9142"])
///     .keyspace("bank")
///     .tls(Tls::trusting("/etc/cassandra/ca.pem")?)
///     .connect()
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Trusts nodes whose certificates come from one of the authorities in this PEM file, and from no other. Nodes are
    /// known by their IP addresses, so each address has to be in its node's certificate (`subjectAltName`).
    ///
    /// # Errors
    ///
    /// When there is no certificate to be read.
    pub fn trusting(file: impl AsRef<Path>) -> Result<Self, TlsError> {
        let file = file.as_ref();
        let path = || file.to_owned();
        let certificates = CertificateDer::pem_file_iter(file)
            .map_err(|source| TlsError::Unreadable { file: path(), source })?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            let certificate = certificate.map_err(|source| TlsError::Unreadable { file: path(), source })?;
            roots.add(certificate).map_err(|source| TlsError::BadCertificate { file: path(), source })?;
        }
        if roots.is_empty() {
            return Err(TlsError::NoCertificate { file: path() });
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|source| TlsError::BadCertificate { file: path(), source })?;
        Ok(Self(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
    }

    /// Connections as a configuration of rustls says: with a client certificate, or with another way to know a node.
    pub fn from_config(config: Arc<ClientConfig>) -> Self {
        Self(config)
    }

    pub(super) fn context(&self) -> TlsContext {
        TlsContext::from(self.0.clone())
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

/// A file of certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// It cannot be read, or is no PEM file.
    #[error("{} cannot be read as a PEM file: {source}", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        #[source]
        source: pem::Error,
    },
    /// It holds none.
    #[error("{} holds no certificate: it has to have the authority's own, `-----BEGIN CERTIFICATE-----`", file.display())]
    NoCertificate {
        /// Which.
        file: PathBuf,
    },
    /// One of them is none that can be trusted.
    #[error("a certificate in {} cannot be used: {source}", file.display())]
    BadCertificate {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        #[source]
        source: rustls::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_certificates_are_named() {
        let no_such = Tls::trusting("/no/such/ca.pem").unwrap_err();
        assert!(
            matches!(no_such, TlsError::Unreadable { .. }) && no_such.to_string().contains("/no/such/ca.pem")
        );
        // This source is none either.
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs");
        let none = Tls::trusting(source).unwrap_err();
        assert!(
            matches!(none, TlsError::NoCertificate { .. }) && none.to_string().contains(source),
            "{none}"
        );
    }
}
