//! The pointer to its row that Cinder keeps with each volume.

use std::fmt;
use std::str::FromStr;

use super::row::Row;
use crate::types::{Lun, NodeName, ParseError, PoolName, Size, WwpnSet};

/// Longest text that Cinder's column takes.
const LONGEST: usize = 255;

/// `zvm1|{host}|{pool}|{lun}|{phys_mib}|{wwpn;wwpn…}` (spec: driver 2.2.7). A pointer; the row is the truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderLocation {
    /// The z/VM system.
    pub host: NodeName,
    /// The pool.
    pub pool: PoolName,
    /// The LUN.
    pub lun: Lun,
    /// The LUN's real size; zero when the row has none.
    pub size: Size,
    /// Its ports; only the primary one when all would be too long.
    pub wwpns: WwpnSet,
}

impl ProviderLocation {
    /// Where a row is.
    pub fn of(row: &Row, host: &NodeName, pool: &PoolName) -> Self {
        let mut location = Self {
            host: host.clone(),
            pool: pool.clone(),
            lun: row.lun,
            size: row.size.unwrap_or_default(),
            wwpns: row.wwpns.clone(),
        };
        if location.to_string().len() > LONGEST {
            location.wwpns = row.wwpns.primary().into();
        }
        location
    }

    /// Whether a row with these ports can be meant.
    pub fn matches(&self, wwpns: &WwpnSet) -> bool {
        self.wwpns == *wwpns
            || (!self.wwpns.is_multipath() && self.wwpns.primary() == wwpns.primary())
    }
}

impl fmt::Display for ProviderLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "zvm1|{}|{}|{}|{}|{}",
            self.host,
            self.pool,
            self.lun,
            self.size.mib(),
            self.wwpns
        )
    }
}

impl FromStr for ProviderLocation {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let error = || {
            ParseError::new(
                text,
                "a location of this driver (zvm1|host|pool|lun|mib|wwpns)",
            )
        };
        let parts: Vec<&str> = text.split('|').collect();
        let ["zvm1", host, pool, lun, mib, wwpns] = parts.as_slice() else {
            return Err(error());
        };
        Ok(Self {
            host: host.parse()?,
            pool: pool.parse()?,
            lun: lun.parse()?,
            size: Size::from_mib(mib.parse().map_err(|_| error())?),
            wwpns: wwpns.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::Listing;

    #[test]
    fn lim_01_a_long_list_is_cut_to_the_port_by_which_the_row_is_found() {
        let ports: Vec<String> = (0..14).map(|n| format!("50050768011029{n:02x}")).collect();
        let line = format!("free,{},0021000000000000,10G,,,,", ports.join(";"));
        let listing = Listing::from_lines([line.as_str()]);
        let row = &listing.rows[0];
        let location = ProviderLocation::of(row, &"zvm1".parse().unwrap(), &"p".parse().unwrap());
        assert!(location.to_string().len() <= LONGEST);
        assert!(location.matches(&row.wwpns));
        assert_eq!(
            location.to_string().parse::<ProviderLocation>().unwrap(),
            location
        );
    }

    #[test]
    fn texts_of_others_are_refused() {
        for bad in [
            "",
            "zvm2|h|p|0021000000000000|1|5005076801102991",
            "10.0.0.1:3260,1 iqn.x 0",
            "zvm1|h|p|21|1|x",
        ] {
            assert!(bad.parse::<ProviderLocation>().is_err(), "{bad}");
        }
    }
}
