//! The certificate with which a simulator speaks TLS: one made at start, or one that was given.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::{ClientAuthority, StartError};

/// A certificate chain and its private key, as PEM. The key is never shown.
#[derive(Clone)]
pub struct Identity {
    certificate: String,
    key: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("certificate", &self.certificate)
            .field("key", &"***")
            .finish()
    }
}

impl Identity {
    /// A new self-signed certificate (ECDSA P-256) for `localhost`, the loopback addresses, and these names and
    /// addresses. A client trusts it by taking it as its CA file.
    ///
    /// # Errors
    /// [`StartError::MakeCertificate`]: a name that no certificate can have.
    pub fn generate(names: &[String], addresses: &[IpAddr]) -> Result<Self, StartError> {
        let mut all = vec![
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            "::1".to_owned(),
        ];
        all.extend(names.iter().cloned());
        all.extend(addresses.iter().map(ToString::to_string));
        all.sort();
        all.dedup();
        let make = || {
            let mut params = rcgen::CertificateParams::new(all)?;
            params
                .distinguished_name
                .push(rcgen::DnType::CommonName, "xCAT CA");
            params.is_ca = rcgen::IsCa::ExplicitNoCa;
            let key = rcgen::KeyPair::generate()?;
            let certificate = params.self_signed(&key)?;
            Ok(Self {
                certificate: certificate.pem(),
                key: key.serialize_pem(),
            })
        };
        make().map_err(StartError::MakeCertificate)
    }

    /// A certificate chain and key as PEM texts.
    pub fn from_pem(certificate: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            certificate: certificate.into(),
            key: key.into(),
        }
    }

    /// Reads a certificate chain and key from PEM files.
    ///
    /// # Errors
    /// [`StartError::ReadCertificate`].
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, StartError> {
        let read = |path: &Path| {
            std::fs::read_to_string(path).map_err(|source| StartError::ReadCertificate {
                path: path.to_owned(),
                source,
            })
        };
        Ok(Self::from_pem(read(certificate)?, read(key)?))
    }

    /// The certificate chain as PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate
    }

    /// The same for the native door; a certificate that a client shows is verified by `clients`.
    ///
    /// # Errors
    /// [`StartError::Certificate`].
    pub(super) fn native_config(
        &self,
        clients: &ClientAuthority,
    ) -> Result<Arc<ServerConfig>, StartError> {
        crate::xcatd::server_config(&self.certificate, &self.key, Some(clients.pem()))
            .map_err(|e| StartError::Certificate(e.to_string()))
    }

    /// The server's side of TLS with this certificate: TLS 1.2 and 1.3, HTTP/1.1.
    ///
    /// # Errors
    /// [`StartError::Certificate`]: not PEM, or key and certificate do not fit.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, StartError> {
        let bad = |e: &dyn fmt::Display| StartError::Certificate(e.to_string());
        let chain = CertificateDer::pem_slice_iter(self.certificate.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| bad(&e))?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(|e| bad(&e))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|b| b.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|e| bad(&e))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_certificate_serves_and_its_key_stays_hidden() {
        let identity = Identity::generate(&["mn.example.com".to_owned()], &[]).unwrap();
        identity.server_config().unwrap();
        assert!(!format!("{identity:?}").contains("PRIVATE"));
    }

    #[test]
    fn a_key_that_does_not_fit_is_refused() {
        let (one, other) = (
            Identity::generate(&[], &[]).unwrap(),
            Identity::generate(&[], &[]).unwrap(),
        );
        let mixed = Identity::from_pem(one.certificate, other.key);
        assert!(matches!(
            mixed.server_config(),
            Err(StartError::Certificate(_))
        ));
    }
}
