//! xcatd's side of TLS (spec: rest-and-xcatd 3.1): one certificate for the server; a client may show one, which is
//! then verified, or none.

use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A text that is to be a certificate or key is none.
    #[error("not PEM")]
    Pem(#[from] rustls_pki_types::pem::Error),
    /// Key and certificate do not fit, or a certificate cannot be used.
    #[error("the certificate cannot be used")]
    Certificate(#[from] rustls::Error),
    /// The authority of the clients cannot be one.
    #[error("the clients' authority cannot be used")]
    Authority(#[from] rustls::server::VerifierBuilderError),
}

/// The configuration for a server certificate and its key, and for the authority that signs clients' certificates,
/// all as PEM. Without an authority no certificate is asked for.
///
/// # Errors
/// [`TlsError`].
pub fn server_config(
    certificate: &str,
    key: &str,
    clients: Option<&str>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let chain =
        CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                roots.add(certificate?)?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .allow_unauthenticated()
                .build()?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    Ok(Arc::new(builder.with_single_cert(chain, key)?))
}
