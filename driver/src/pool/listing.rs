//! A whole pool, as one listing shows it.

use std::collections::HashMap;

use super::location::ProviderLocation;
use super::row::{Malformed, Row, RowStatus};
use crate::client::{Answer, LineKind, strip_node};
use crate::error::{Error, Result};
use crate::types::{Lun, NodeName, PoolName, Size, Tag, WwpnSet};

/// Column names when a listing has no header.
const COLUMNS: [&str; 8] = [
    "status", "wwpn", "lun", "size", "range", "owner", "channel", "tag",
];

/// The rows of a pool at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Well-formed rows, in file order.
    pub rows: Vec<Row>,
    /// Lines that are no rows.
    pub malformed: Vec<Malformed>,
    /// Whether a header line was there: a pool that is missing gives neither header nor rows.
    pub has_header: bool,
    by_lun: HashMap<Lun, Vec<usize>>,
}

/// Sums over a listing, in MiB (spec: driver 2.6.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// All rows with a size.
    pub total_mib: u64,
    /// Free rows that can be given out.
    pub free_mib: u64,
    /// Rows that are not free.
    pub provisioned_mib: u64,
    /// Free rows that cannot be given out.
    pub unusable_mib: u64,
    /// The largest free row that can be given out.
    pub largest_free: Option<Size>,
}

impl Listing {
    /// Reads the answer of X9. `host` is the node whose name stands in front of each line.
    pub fn parse(answer: &Answer, host: &NodeName) -> Self {
        Self::from_lines(
            answer
                .lines(LineKind::Info)
                .map(|line| strip_node(line, host.as_str())),
        )
    }

    /// Reads lines without node names.
    pub fn from_lines<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut listing = Self::default();
        let mut columns: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).collect();
        for line in lines {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            if let Some(header) = line.strip_prefix('#') {
                // A row that someone commented out is no header.
                let names: Vec<String> = header
                    .split(',')
                    .map(|name| name.trim().to_ascii_lowercase())
                    .collect();
                if names.iter().any(|name| name == "wwpn") && names.iter().any(|n| n == "lun") {
                    columns = names;
                    listing.has_header = true;
                } else {
                    listing.reject(line, "a comment");
                }
                continue;
            }
            match parse_row(line, &columns) {
                Ok(row) => listing.rows.push(row),
                Err(reason) => listing.reject(line, reason),
            }
        }
        listing.index();
        listing
    }

    fn reject(&mut self, line: &str, reason: &'static str) {
        self.malformed.push(Malformed {
            line: line.to_owned(),
            reason,
        });
    }

    /// Finds rows that share a LUN, also with a malformed line: the MN looks for the text alone.
    fn index(&mut self) {
        for (index, row) in self.rows.iter().enumerate() {
            self.by_lun.entry(row.lun).or_default().push(index);
        }
        let in_malformed: String = self
            .malformed
            .iter()
            .flat_map(|m| [m.line.as_str(), "\n"])
            .collect::<String>()
            .to_ascii_lowercase();
        for row in &mut self.rows {
            row.is_unique = self.by_lun[&row.lun].len() == 1
                && (in_malformed.is_empty() || !in_malformed.contains(&row.lun.to_string()));
        }
    }

    /// The row with this LUN and exactly these ports, in any order (D22).
    pub fn find(&self, wwpns: &WwpnSet, lun: Lun) -> Option<&Row> {
        self.with_lun(lun).find(|row| row.wwpns == *wwpns)
    }

    /// Rows with this LUN.
    pub fn with_lun(&self, lun: Lun) -> impl Iterator<Item = &Row> {
        self.by_lun
            .get(&lun)
            .into_iter()
            .flatten()
            .map(|index| &self.rows[*index])
    }

    /// Rows that carry a stamp, in the owner or in the tag column.
    pub fn stamped(&self, tag: &Tag) -> Vec<&Row> {
        self.rows
            .iter()
            .filter(|row| row.owner == tag.as_str() || row.tag == tag.as_str())
            .collect()
    }

    /// The row of a volume (spec: driver 2.2.7): by its location, and by its stamp. When the two disagree, or when two rows
    /// carry the stamp, that is an error and nothing may be touched.
    pub fn resolve(&self, tag: &Tag, location: Option<&ProviderLocation>) -> Result<Option<&Row>> {
        let stamped = self.stamped(tag);
        if let [first, second, ..] = stamped.as_slice() {
            return Err(Error::Backend(format!(
                "rows {} and {} both carry the stamp {tag}",
                first.address(),
                second.address()
            )));
        }
        let by_stamp = stamped.first().copied();
        let located = location.and_then(|location| {
            self.with_lun(location.lun)
                .find(|row| location.matches(&row.wwpns))
        });
        match (located, by_stamp) {
            (Some(located), Some(stamped)) if located.line != stamped.line => {
                Err(Error::Backend(format!(
                    "the volume's location says {} but row {} carries its stamp {tag}",
                    located.address(),
                    stamped.address()
                )))
            }
            (Some(row), _) | (None, Some(row)) => Ok(Some(row)),
            (None, None) => Ok(None),
        }
    }

    /// Free rows that are large enough and can be given out, best first: smallest, then LUN, then WWPN (spec: driver 2.6.3).
    pub fn candidates(&self, wanted: Size) -> Vec<&Row> {
        let mut found: Vec<&Row> = self
            .allocatable()
            .filter(|row| row.size.is_some_and(|size| size >= wanted))
            .collect();
        found.sort_by_cached_key(|row| (row.size, row.lun, row.wwpns.to_string()));
        found
    }

    /// Free rows that can be given out.
    pub fn allocatable(&self) -> impl Iterator<Item = &Row> {
        self.rows
            .iter()
            .filter(|row| row.status == RowStatus::Free && row.unusable().is_none())
    }

    /// The sums.
    pub fn capacity(&self) -> Capacity {
        let mut sums = Capacity::default();
        for row in &self.rows {
            let Some(size) = row.size else { continue };
            sums.total_mib = sums.total_mib.saturating_add(size.mib());
            let part = match (row.status, row.unusable()) {
                (RowStatus::Free, None) => {
                    sums.largest_free = sums.largest_free.max(Some(size));
                    &mut sums.free_mib
                }
                (RowStatus::Free, Some(_)) => &mut sums.unusable_mib,
                _ => &mut sums.provisioned_mib,
            };
            *part = part.saturating_add(size.mib());
        }
        sums
    }

    /// `pool x on y is missing or empty`, when it is: the MN does not tell the two apart.
    pub fn require_rows(&self, host: &NodeName, pool: &PoolName) -> Result<()> {
        if self.rows.is_empty() && self.malformed.is_empty() {
            return Err(Error::Config(format!(
                "pool {pool} on {host} is missing or empty"
            )));
        }
        Ok(())
    }
}

fn parse_row(line: &str, columns: &[String]) -> std::result::Result<Row, &'static str> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    if cells.len() > columns.len() {
        return Err("more cells than columns");
    }
    let cell = |name: &str| {
        columns
            .iter()
            .position(|column| column == name)
            .and_then(|index| cells.get(index).copied())
            .unwrap_or_default()
    };
    let status = match cell("status").to_ascii_lowercase().as_str() {
        "free" => RowStatus::Free,
        "reserved" => RowStatus::Reserved,
        "used" => RowStatus::Used,
        _ => return Err("status is not free, reserved or used"),
    };
    let size = cell("size");
    let channel = cell("channel");
    let channel = if channel.eq_ignore_ascii_case("auto") {
        ""
    } else {
        channel
    };
    Ok(Row {
        status,
        wwpns: cell("wwpn").parse().map_err(|_| "bad WWPN")?,
        lun: cell("lun").parse().map_err(|_| "bad LUN")?,
        size: size.parse().ok().filter(|size: &Size| size.mib() > 0),
        size_text: size.to_owned(),
        range: cell("range").to_owned(),
        owner: cell("owner").to_owned(),
        channel: channel.to_owned(),
        tag: cell("tag").to_owned(),
        line: line.to_owned(),
        is_unique: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::Unusable;

    const SAMPLE: &str = "#status,wwpn,lun,size,range,owner,channel,tag
used,5005076801102991,0020000000000000,8g,1F00-1F3F,lnx00001,1f0e,$root_device$
free,5005076801102991,0021000000000000,,1F00-1F3F,,,
reserved,5005076801102991;5005076801102992,0022000000000000,20G,1F00-1F3F;2F00-2F3F,cv0123456789abcdef0123456789abcdef,auto,
FREE,0x5005076801102991,0x0023000000000000,10G,5E12,,,
free,5005076801102993,0023000000000000,10G,,,,
free,5005076801102991,00ab000000000000,512M,,,AUTO,
busy,5005076801102991,0025000000000000,10G,,,,
free,5005,0026000000000000,10G,,,,
free,5005076801102991,0027000000000000,10G,,,,,,
free,5005076801102991,0028000000000000
";

    #[test]
    fn pool_10_every_kind_of_line_is_read_as_the_spec_says() {
        let listing = Listing::from_lines(SAMPLE.lines());
        assert!(listing.has_header);
        let shown: Vec<String> = listing
            .rows
            .iter()
            .map(|row| {
                format!(
                    "{} {} {:?} {:?} {:?}",
                    row.status,
                    row.address(),
                    row.size.map(Size::mib),
                    row.channel,
                    row.unusable()
                )
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        used 5005076801102991/0020000000000000 Some(8192) "1f0e" Some(UnsafeText)
        free 5005076801102991/0021000000000000 None "" Some(SizeUnknown)
        reserved 5005076801102991;5005076801102992/0022000000000000 Some(20480) "" None
        free 5005076801102991/0023000000000000 Some(10240) "" Some(LunNotUnique)
        free 5005076801102993/0023000000000000 Some(10240) "" Some(LunNotUnique)
        free 5005076801102991/00ab000000000000 Some(512) "" None
        free 5005076801102991/0028000000000000 None "" Some(SizeUnknown)
        "#);
        let reasons: Vec<_> = listing.malformed.iter().map(|m| m.reason).collect();
        assert_eq!(
            reasons,
            [
                "status is not free, reserved or used",
                "bad WWPN",
                "more cells than columns"
            ]
        );
    }

    #[test]
    fn the_seven_column_layout_is_chosen_by_its_header() {
        let listing = Listing::from_lines([
            "#status,wwpn,lun,size,owner,channel,tag",
            "used,5005076801102991,0020000000000000,8G,lnx1,1f0e,t",
        ]);
        let row = &listing.rows[0];
        assert_eq!(
            (row.owner.as_str(), row.channel.as_str(), row.tag.as_str()),
            ("lnx1", "1f0e", "t")
        );
        assert!(row.range.is_empty());
    }

    #[test]
    fn i25_total_is_free_plus_provisioned_plus_unusable() {
        let sums = Listing::from_lines(SAMPLE.lines()).capacity();
        assert_eq!(
            sums.total_mib,
            sums.free_mib + sums.provisioned_mib + sums.unusable_mib
        );
        assert_eq!(sums.free_mib, 512);
        assert_eq!(sums.largest_free, Some(Size::from_mib(512)));
    }

    #[test]
    fn d33_rows_that_share_a_lun_are_never_given_out() {
        let listing = Listing::from_lines(SAMPLE.lines());
        assert!(listing.candidates(Size::from_gib(1)).is_empty());
        assert_eq!(
            listing.rows[3].unsafe_reason(),
            Some(Unusable::LunNotUnique)
        );
    }

    #[test]
    fn location_and_stamp_must_agree() {
        let listing = Listing::from_lines(SAMPLE.lines());
        let tag: Tag = "cv0123456789abcdef0123456789abcdef".parse().unwrap();
        assert_eq!(
            listing
                .resolve(&tag, None)
                .unwrap()
                .unwrap()
                .lun
                .target_lun(),
            0x22
        );
        let elsewhere: ProviderLocation = "zvm1|h|p|00ab000000000000|512|5005076801102991"
            .parse()
            .unwrap();
        assert!(listing.resolve(&tag, Some(&elsewhere)).is_err());
        let other: Tag = "cvffffffffffffffffffffffffffffffff".parse().unwrap();
        assert!(listing.resolve(&other, None).unwrap().is_none());
    }

    proptest::proptest! {
        #[test]
        fn i22_no_text_makes_the_reader_panic(text in "[a-z0-9#,;|\\-\n\r 0-9a-fé$]{0,400}") {
            let listing = Listing::from_lines(text.lines());
            let sums = listing.capacity();
            assert_eq!(sums.total_mib, sums.free_mib + sums.provisioned_mib + sums.unusable_mib);
        }
    }
}
