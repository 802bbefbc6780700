//! The authority that signs certificates of the native door's clients (spec: rest-and-xcatd 3.1): a certificate that a
//! client shows is verified, and its common name is who asks.

use std::fmt;
use std::path::Path;

use super::StartError;

/// An authority for clients: one made at start, which can sign, or one that was given, which only verifies.
pub struct ClientAuthority {
    pem: String,
    issuer: Option<rcgen::Issuer<'static, rcgen::KeyPair>>,
}

impl fmt::Debug for ClientAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAuthority")
            .field("pem", &self.pem)
            .field("can_sign", &self.issuer.is_some())
            .finish()
    }
}

impl ClientAuthority {
    /// A new authority.
    ///
    /// # Errors
    /// [`StartError::MakeCertificate`].
    pub fn generate() -> Result<Self, StartError> {
        let make = || {
            let mut params = rcgen::CertificateParams::default();
            params.distinguished_name = rcgen::DistinguishedName::new();
            params
                .distinguished_name
                .push(rcgen::DnType::CommonName, "xCAT CA");
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            let key = rcgen::KeyPair::generate()?;
            let pem = params.self_signed(&key)?.pem();
            let issuer = Some(rcgen::Issuer::new(params, key));
            Ok(Self { pem, issuer })
        };
        make().map_err(StartError::MakeCertificate)
    }

    /// The authority of these certificates (PEM).
    pub fn from_pem(pem: impl Into<String>) -> Self {
        Self {
            pem: pem.into(),
            issuer: None,
        }
    }

    /// Reads the authority's certificates from a PEM file.
    ///
    /// # Errors
    /// [`StartError::ReadCertificate`].
    pub fn read(path: &Path) -> Result<Self, StartError> {
        let pem = std::fs::read_to_string(path).map_err(|source| StartError::ReadCertificate {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::from_pem(pem))
    }

    /// The authority's certificates as PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for a client of this name, and its key, as PEM; `None`: the authority was given and cannot sign.
    ///
    /// # Errors
    /// [`StartError::MakeCertificate`]: a name that no certificate can have.
    pub fn issue(&self, name: &str) -> Result<Option<(String, String)>, StartError> {
        let Some(issuer) = &self.issuer else {
            return Ok(None);
        };
        let make = || {
            let mut params = rcgen::CertificateParams::default();
            params.distinguished_name = rcgen::DistinguishedName::new();
            params
                .distinguished_name
                .push(rcgen::DnType::CommonName, name);
            let key = rcgen::KeyPair::generate()?;
            let certificate = params.signed_by(&key, issuer)?;
            Ok(Some((certificate.pem(), key.serialize_pem())))
        };
        make().map_err(StartError::MakeCertificate)
    }
}
