//! A pool as a client reads it: raw rows, kept as text (spec: scsi-pools 1.2, 4.14).

use crate::target::Answer;

/// The column line of the current layout.
pub const HEADER: &str = "#status,wwpn,lun,size,range,owner,channel,tag";

/// A pool's rows in file order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// Column line, when there is one.
    pub header: Option<String>,
    /// Rows.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// free, used, reserved; as written.
    pub status: String,
    /// Target ports, joined by `;`.
    pub wwpn: String,
    /// LUN.
    pub lun: String,
    /// Size text.
    pub size: String,
    /// FCP device range.
    pub range: String,
    /// Owner.
    pub owner: String,
    /// Channels.
    pub channel: String,
    /// Tag.
    pub tag: String,
}

impl Pool {
    /// Reads the lines of `rinv --zfcppool`, each prefixed with the node's name.
    pub fn read(node: &str, answer: &Answer) -> Self {
        let prefix = format!("{node}: ");
        let mut pool = Self::default();
        for line in answer.info() {
            let line = line.strip_prefix(&prefix).unwrap_or(&line).trim();
            if line.starts_with('#') {
                pool.header.get_or_insert_with(|| line.to_owned());
            } else if line.contains(',') {
                pool.rows.push(Row::read(line));
            }
        }
        pool
    }

    /// The row of a LUN.
    pub fn row(&self, lun: &str) -> Option<&Row> {
        self.rows.iter().find(|r| r.lun.eq_ignore_ascii_case(lun))
    }
}

impl Row {
    fn read(line: &str) -> Self {
        let mut cells = line.split(',').map(str::to_owned);
        let mut next = || cells.next().unwrap_or_default();
        Self {
            status: next(),
            wwpn: next(),
            lun: next(),
            size: next(),
            range: next(),
            owner: next(),
            channel: next(),
            tag: next(),
        }
    }

    /// The row as the file holds it.
    pub fn text(&self) -> String {
        [
            &self.status,
            &self.wwpn,
            &self.lun,
            &self.size,
            &self.range,
            &self.owner,
            &self.channel,
            &self.tag,
        ]
        .map(String::as_str)
        .join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_rinv_prints() {
        let body = r#"{"data":[{"info":["h: #status,wwpn,lun,size,range,owner,channel,tag\nh: used,w1;w2,l1,10G,B804-B80F,lnx,b80b;b82b,t\nh: \n"]}]}"#;
        let answer = Answer {
            json: serde_json::from_str(body).ok(),
            ..Answer::default()
        };
        let pool = Pool::read("h", &answer);
        assert_eq!(pool.header.as_deref(), Some(HEADER));
        assert_eq!(pool.rows.len(), 1);
        assert_eq!(pool.row("L1").unwrap().channel, "b80b;b82b");
        assert_eq!(
            pool.rows[0].text(),
            "used,w1;w2,l1,10G,B804-B80F,lnx,b80b;b82b,t"
        );
    }
}
