//! Connection data: what Cinder's `initialize_connection` said of a volume (spec: driver 2.6.11, 2.8.6).

use serde_json::Value;
use thiserror::Error;

use crate::types::{DeviceNumber, Lifecycle, Lun, ParseError, PoolName, Tag, Wwpn, WwpnSet};

/// The operands that connection data give. Old records and other controllers write them in several forms; all are
/// read here, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Cinder's volume id, when the data name it.
    pub volume_id: Option<String>,
    /// Who writes the pool row; [`Lifecycle::AttachOwned`] when the data do not say.
    pub lifecycle: Lifecycle,
    /// The pool; the configured one when the data do not say.
    pub pool: Option<PoolName>,
    /// The LUN.
    pub lun: Lun,
    /// Target ports without doubles, in the order given (D56).
    pub wwpns: WwpnSet,
    /// The guest's FCP devices.
    pub fcp: Vec<DeviceNumber>,
    /// The volume's stamp.
    pub tag: Option<Tag>,
}

/// What is wrong with connection data.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConnectionError {
    /// A key is not there, or is empty.
    #[error("connection data lack {0}")]
    Missing(&'static str),
    /// A value does not parse.
    #[error("connection data, {key}: {source}")]
    Invalid {
        /// The key.
        key: &'static str,
        /// What is wrong with its value.
        source: ParseError,
    },
    /// The integer convention of Nova cannot express the LUN (D21).
    #[error("connection data: target_lun {0} needs zvm_lun with all 16 digits")]
    WideLun(u64),
}

impl Connection {
    /// Reads connection information, or its `data` alone.
    ///
    /// # Errors
    /// The first key that is missing or does not parse.
    ///
    /// ```
    /// use zvm_volume::attachments::Connection;
    /// let data = serde_json::json!({"target_lun": 33, "target_wwn": "5005076801102991", "zvm_fcp": "1FAA"});
    /// let connection = Connection::from_json(&data).unwrap();
    /// assert_eq!(connection.lun.to_string(), "0021000000000000");
    /// assert_eq!(connection.fcp[0].to_string(), "1faa");
    /// ```
    pub fn from_json(info: &Value) -> Result<Self, ConnectionError> {
        let data = info.get("data").unwrap_or(info);
        let text = |key: &'static str| {
            data.get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let lun = match (text("zvm_lun"), data.get("target_lun")) {
            (Some(lun), _) => parsed("zvm_lun", lun)?,
            (None, Some(Value::Number(number))) => {
                let number = number
                    .as_u64()
                    .ok_or(ConnectionError::Missing("target_lun"))?;
                Lun::from_target_lun(number).ok_or(ConnectionError::WideLun(number))?
            }
            (None, Some(Value::String(text))) => parsed("target_lun", text)?,
            (None, _) => return Err(ConnectionError::Missing("target_lun")),
        };
        let mut ports: Vec<Wwpn> = Vec::new();
        for port in list(data.get("target_wwn")) {
            let port = parsed("target_wwn", &port)?;
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        let mut fcp: Vec<DeviceNumber> = Vec::new();
        for device in list(data.get("zvm_fcp")) {
            let device = parsed("zvm_fcp", &device)?;
            if !fcp.contains(&device) {
                fcp.push(device);
            }
        }
        if fcp.is_empty() {
            return Err(ConnectionError::Missing("zvm_fcp"));
        }
        let lifecycle = text("zvm_lifecycle").map(|text| parsed("zvm_lifecycle", text));
        let tag = text("zvm_tag").map(|text| parsed("zvm_tag", text));
        Ok(Self {
            volume_id: text("volume_id").map(str::to_owned),
            lifecycle: lifecycle.transpose()?.unwrap_or(Lifecycle::AttachOwned),
            pool: text("zvm_pool")
                .map(|text| parsed("zvm_pool", text))
                .transpose()?,
            lun,
            wwpns: WwpnSet::new(ports).ok_or(ConnectionError::Missing("target_wwn"))?,
            fcp,
            tag: tag.transpose()?,
        })
    }
}

fn parsed<T: std::str::FromStr<Err = ParseError>>(
    key: &'static str,
    text: &str,
) -> Result<T, ConnectionError> {
    text.parse()
        .map_err(|source| ConnectionError::Invalid { key, source })
}

/// A list, or what older releases wrote in its place: one text, with `;` between several (D20).
fn list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => text
            .split(';')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect(),
        Some(Value::Array(values)) => values
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_cinder_halfs_own_form() {
        let info = json!({"driver_volume_type": "fibre_channel", "data": {
            "target_lun": 33, "target_wwn": ["5005076801102991", "5005076801102992"],
            "volume_id": "v", "zvm_fcp": ["1faa", "1FAB", "1fab"],
            "zvm_lifecycle": "pool", "zvm_pool": "ScsiPol1", "zvm_lun": "4010402000000000",
            "zvm_tag": "cv0123456789abcdef0123456789abcdef"}});
        let connection = Connection::from_json(&info).unwrap();
        assert_eq!(
            connection.lun.to_string(),
            "4010402000000000",
            "D21: zvm_lun wins"
        );
        assert_eq!(connection.lifecycle, Lifecycle::PoolOwned);
        assert_eq!(connection.pool.unwrap().as_str(), "scsipol1");
        assert_eq!(connection.fcp.len(), 2);
    }

    #[test]
    fn d20_strings_and_doubled_ports_of_old_records() {
        let data = json!({"target_lun": 0, "zvm_fcp": "1faa",
            "target_wwn": ["5005076801102991", "5005076801102991"]});
        let connection = Connection::from_json(&data).unwrap();
        assert_eq!(connection.wwpns.ports().len(), 1);
        assert_eq!(connection.lifecycle, Lifecycle::AttachOwned);
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let base = json!({"target_lun": 1, "target_wwn": "5005076801102991", "zvm_fcp": ["1faa"]});
        let cases = [
            (
                "target_lun",
                json!(65536),
                "connection data: target_lun 65536 needs zvm_lun with all 16 digits",
            ),
            ("target_lun", json!(null), "connection data lack target_lun"),
            ("target_wwn", json!([]), "connection data lack target_wwn"),
            ("zvm_fcp", json!([]), "connection data lack zvm_fcp"),
            (
                "zvm_fcp",
                json!(["1faa;reboot"]),
                "connection data, zvm_fcp: '1faa;reboot' is not a device number (1 to 4 hex digits)",
            ),
        ];
        for (key, value, message) in cases {
            let mut data = base.clone();
            data[key] = value;
            assert_eq!(
                Connection::from_json(&data).unwrap_err().to_string(),
                message
            );
        }
    }
}
