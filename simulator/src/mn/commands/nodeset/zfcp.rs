//! SCSI disks of a node for its installer: the rows of all pools that have it as owner (spec: guests 13.1).

use super::run::Boot;
use crate::mn::zvm::filter::egrep;
use crate::mn::zvm::remote::ZFCP_POOL;
use crate::mn::zvm::text;

/// One disk: the first path only, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Disk {
    pub device: String,
    pub wwpn: String,
    pub lun: String,
    pub tag: String,
}

impl Disk {
    fn of_row(row: &str) -> Self {
        let field = |index| text::field(row, ',', index);
        let first = |list: &str| text::field(list, ';', 0).trim().to_lowercase();
        Self {
            device: format!("{:0>4}", first(field(6))),
            wwpn: first(field(1)).replace("0x", ""),
            lun: field(2).replace("0x", "").to_lowercase(),
            tag: field(7).to_owned(),
        }
    }
}

/// Disks of the node in the order of the pools.
pub(super) async fn disks(boot: &Boot<'_>) -> Vec<Disk> {
    let context = boot.context;
    let zhcp = &boot.target.zhcp;
    let files = zhcp.run(context, &format!("ls {ZFCP_POOL}")).await.stdout;
    let mut disks = Vec::new();
    for file in files.lines() {
        let command = format!("cat {ZFCP_POOL}/{file}");
        let (_, contents) = context.fetch_pools(zhcp, &command).await;
        let rows = egrep(context, &contents, &format!(",{},", boot.node)).await;
        disks.extend(rows.lines().map(Disk::of_row));
    }
    disks
}

#[cfg(test)]
mod tests {
    use super::Disk;

    #[test]
    fn only_the_first_path_is_installed_on() {
        let disk = Disk::of_row("used,500A;500B,00AB000000000000,10G,,lnx1,B80;1FB4,$root_device$");
        assert_eq!(
            disk,
            Disk {
                device: "0b80".into(),
                wwpn: "500a".into(),
                lun: "00ab000000000000".into(),
                tag: "$root_device$".into()
            }
        );
    }
}
