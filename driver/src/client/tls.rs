//! What the management node has to prove, exactly as configured (spec: driver 3.1, I24).

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::config::{Tls, TlsVerify};

/// The TLS settings cannot be used. Never answered by falling back to less (D41).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot set up TLS: {0}")]
pub struct TlsError(pub String);

/// The client configuration for one server.
pub(super) fn client_config(tls: &Tls, server: &str) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let name = tls.server_name.as_deref().unwrap_or(server);
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(name.to_owned())
        .map_err(|error| TlsError(format!("'{name}' is no server name: {error}")))?;
    let verifier = match tls.verify {
        TlsVerify::None => Verifier::Nothing(Arc::clone(&provider)),
        TlsVerify::Full => Verifier::Full(roots(tls, &provider)?, name),
        TlsVerify::Ca => Verifier::ChainOnly(roots(tls, &provider)?, name),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError(error.to_string()))?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

fn roots(
    tls: &Tls,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    let Some(path) = &tls.ca_file else {
        let system = rustls_platform_verifier::Verifier::new(Arc::clone(provider))
            .map_err(|error| TlsError(format!("cannot use the system's roots: {error}")))?;
        return Ok(Arc::new(system));
    };
    let shown = path.display();
    let found = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| TlsError(format!("cannot read {shown}: {error}")))?;
    let mut store = RootCertStore::empty();
    for certificate in found {
        store
            .add(certificate)
            .map_err(|error| TlsError(format!("{shown} holds a bad certificate: {error}")))?;
    }
    if store.is_empty() {
        return Err(TlsError(format!("{shown} holds no certificate")));
    }
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
            .build()
            .map_err(|error| TlsError(error.to_string()))?;
    Ok(verifier)
}

/// The three modes.
#[derive(Debug)]
enum Verifier {
    /// Chain and the configured name, whatever name the connection was made by.
    Full(Arc<dyn ServerCertVerifier>, ServerName<'static>),
    /// Chain; any name.
    ChainOnly(Arc<dyn ServerCertVerifier>, ServerName<'static>),
    /// Neither.
    Nothing(Arc<CryptoProvider>),
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self {
            Self::Full(inner, name) => {
                inner.verify_server_cert(end_entity, intermediates, name, ocsp_response, now)
            }
            Self::ChainOnly(inner, name) => {
                // The name is judged after the chain, so a wrong name means a good chain.
                match inner.verify_server_cert(end_entity, intermediates, name, ocsp_response, now)
                {
                    Err(Error::InvalidCertificate(
                        CertificateError::NotValidForName
                        | CertificateError::NotValidForNameContext { .. },
                    )) => Ok(ServerCertVerified::assertion()),
                    other => other,
                }
            }
            Self::Nothing(_) => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self {
            Self::Full(inner, _) | Self::ChainOnly(inner, _) => {
                inner.verify_tls12_signature(message, cert, dss)
            }
            Self::Nothing(provider) => verify_tls12_signature(
                message,
                cert,
                dss,
                &provider.signature_verification_algorithms,
            ),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self {
            Self::Full(inner, _) | Self::ChainOnly(inner, _) => {
                inner.verify_tls13_signature(message, cert, dss)
            }
            Self::Nothing(provider) => verify_tls13_signature(
                message,
                cert,
                dss,
                &provider.signature_verification_algorithms,
            ),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        match self {
            Self::Full(inner, _) | Self::ChainOnly(inner, _) => inner.supported_verify_schemes(),
            Self::Nothing(provider) => provider
                .signature_verification_algorithms
                .supported_schemes(),
        }
    }
}
