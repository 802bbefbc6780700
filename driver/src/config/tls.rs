//! How far the management node has to prove who it is.

use std::path::PathBuf;

use super::fields::Fields;
use super::problem::Level;

/// What is verified (spec: driver 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVerify {
    /// Chain and host name.
    Full,
    /// The chain only.
    Ca,
    /// Nothing; announced with a warning at each start.
    None,
}

impl std::str::FromStr for TlsVerify {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "full" => Ok(Self::Full),
            "ca" => Ok(Self::Ca),
            "none" => Ok(Self::None),
            _ => Err(format!("'{text}' is not full, ca or none")),
        }
    }
}

/// The TLS settings of a back end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// What is verified.
    pub verify: TlsVerify,
    /// PEM bundle to trust instead of the system's roots.
    pub ca_file: Option<PathBuf>,
    /// Name to verify when the server is given as an address.
    pub server_name: Option<String>,
}

impl Tls {
    /// Reads the keys, applies V3 and V4, and finds the default of 1.3.3.
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let own_file = fields.text("zvm_xcat_ca_file");
        let generic_file = fields.text("driver_ssl_cert_path");
        if let (Some(own), Some(generic)) = (own_file, generic_file)
            && own != generic
        {
            fields.report(
                Level::Error,
                "driver_ssl_cert_path",
                "names another file than zvm_xcat_ca_file",
            );
        }
        let key = if own_file.is_some() {
            "zvm_xcat_ca_file"
        } else {
            "driver_ssl_cert_path"
        };
        let ca_file = own_file.or(generic_file).map(PathBuf::from);
        let own: Option<TlsVerify> = fields.parsed("zvm_xcat_tls_verify");
        let generic = fields.boolean("driver_ssl_cert_verify");
        match (own, generic) {
            (Some(TlsVerify::None), Some(true))
            | (Some(TlsVerify::Full | TlsVerify::Ca), Some(false)) => {
                fields.report(
                    Level::Error,
                    "driver_ssl_cert_verify",
                    "contradicts zvm_xcat_tls_verify",
                );
            }
            _ => {}
        }
        let verify = own.unwrap_or(match (generic, &ca_file) {
            (Some(false), _) | (None, None) => TlsVerify::None,
            (Some(true), _) | (None, Some(_)) => TlsVerify::Full,
        });
        if let Some(path) = &ca_file {
            use rustls_pki_types::pem::PemObject as _;
            let problem = match rustls_pki_types::CertificateDer::pem_file_iter(path)
                .map(Iterator::collect::<Result<Vec<_>, _>>)
            {
                Err(error) | Ok(Err(error)) => {
                    Some(format!("cannot read {}: {error}", path.display()))
                }
                Ok(Ok(found)) if found.is_empty() => {
                    Some(format!("{} holds no certificate", path.display()))
                }
                Ok(Ok(_)) => None,
            };
            if let Some(problem) = problem {
                fields.report(Level::Error, key, problem);
            }
        }
        if verify == TlsVerify::Ca && ca_file.is_none() {
            fields.report(
                Level::Error,
                "zvm_xcat_tls_verify",
                "ca needs zvm_xcat_ca_file",
            );
        }
        Self {
            verify,
            ca_file,
            server_name: fields.text("zvm_xcat_tls_server_name").map(str::to_owned),
        }
    }
}
