//! Parameter files of installers (spec: guests 13.1, 13.2).

use super::network::Network;

/// Password of the installer's screen.
const VNC: &str = "12345678";

/// The header that a sample file has: its last line with the size of the RAM disk.
pub(super) fn header(sample: &str) -> String {
    sample
        .lines()
        .rfind(|line| line.to_lowercase().contains("ramdisk_size"))
        .map(|line| line.trim().to_owned())
        .unwrap_or_default()
}

/// For SLES.
pub(super) fn suse(header: &str, profile: &str, repository: &str, network: &Network) -> String {
    let Network {
        ip,
        hostname,
        gateway,
        mask,
        nameserver,
        mac,
        layer,
        ..
    } = network;
    let broadcast = network.broadcast();
    let [read, write, data] = network.channels();
    let link = if *layer == 2 {
        format!("Broadcast={broadcast} Layer2=1 OSAHWaddr={mac}")
    } else {
        format!("Broadcast={broadcast} Layer2=0")
    };
    format!(
        "{header}\nAutoYaST={profile}\nHostIP={ip} Hostname={hostname}\nGateway={gateway} Netmask={mask}\n{link}\n\
         ReadChannel={read} WriteChannel={write} DataChannel={data}\nNameserver={nameserver} Portname=FOOBAR Portno=0\n\
         Install={repository}\nUseVNC=1 VNCPassword={VNC}\nInstNetDev=osa OsaInterface=qdio OsaMedium=eth Manual=0\n"
    )
}

/// For RHEL; `disks` are the bus ids of its DASDs and dedicated devices.
pub(super) fn red_hat(
    header: &str,
    profile: &str,
    disks: &str,
    domain: &str,
    network: &Network,
) -> String {
    let Network {
        ip,
        hostname,
        gateway,
        mask,
        nameserver,
        mac,
        layer,
        net,
        ..
    } = network;
    let broadcast = network.broadcast();
    let channels = network.channels().join(",");
    let link = if *layer == 2 {
        format!("PORTNAME=FOOBAR PORTNO=0 LAYER2=1 MACADDR={mac}")
    } else {
        "PORTNAME=FOOBAR PORTNO=0 LAYER2=0".to_owned()
    };
    format!(
        "{header}\nks={profile}\nRUNKS=1 cmdline\nDASD={disks}\nHOSTNAME={hostname} NETTYPE=qeth IPADDR={ip}\n\
         SUBCHANNELS={channels}\nNETWORK={net} NETMASK={mask}\nSEARCHDNS={domain} BROADCAST={broadcast}\n\
         GATEWAY={gateway} DNS={nameserver} MTU=1500\n{link}\nvnc vncpassword={VNC}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> Network {
        Network {
            ip: "10.1.2.3".into(),
            hostname: "lnx1.x".into(),
            channel: 0x600,
            layer: 2,
            mac: "02:00:0B:FF:FF:F0".into(),
            net: "10.1.2.0".into(),
            mask: "255.255.255.0".into(),
            gateway: "10.1.2.1".into(),
            nameserver: "10.1.2.2".into(),
            ..Network::default()
        }
    }

    #[test]
    fn parameters_fit_the_reader() {
        let suse = suse(
            &header("a\nramdisk_size=65536 root=/dev/ram1 \n"),
            "http://m/t",
            "http://m/r",
            &network(),
        );
        assert!(suse.starts_with("ramdisk_size=65536 root=/dev/ram1\nAutoYaST=http://m/t\n"));
        assert!(suse.contains("Broadcast=10.1.2.255 Layer2=1 OSAHWaddr=02:00:0B:FF:FF:F0\n"));
        let red_hat = red_hat("ramdisk_size=1", "http://m/t", "0.0.0100", "x", &network());
        assert!(red_hat.contains("SUBCHANNELS=0.0.0600,0.0.0601,0.0.0602\n"));
        assert!(
            [&suse, &red_hat]
                .iter()
                .all(|t| t.lines().all(|line| line.len() <= 80))
        );
    }
}
