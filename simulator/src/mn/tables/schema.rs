//! Columns and primary keys of xCAT's tables, per release (spec: rest-and-xcatd 4.1).
//!
//! A flat list, in the order in which `tabdump` prints the columns. A column marked `+` is not there in the 2.8 line,
//! nor is a table marked so.

use crate::seam::Release;

/// One table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Name.
    pub name: &'static str,
    columns: &'static str,
    keys: &'static str,
}

impl Table {
    /// Columns in the order of a dump.
    pub fn columns(&self, release: Release) -> impl Iterator<Item = &'static str> {
        self.columns
            .split_ascii_whitespace()
            .filter_map(move |column| match column.strip_prefix('+') {
                Some(_) if release == Release::E => None,
                Some(newer) => Some(newer),
                None => Some(column),
            })
    }

    /// Whether there is such a column.
    pub fn has(&self, release: Release, column: &str) -> bool {
        self.columns(release).any(|c| c == column)
    }

    /// Columns of the primary key.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.keys.split_ascii_whitespace()
    }
}

/// The table of that name.
pub fn table(release: Release, name: &str) -> Option<Table> {
    all(release).find(|t| t.name == name)
}

/// All tables, sorted by name.
pub fn all(release: Release) -> impl Iterator<Item = Table> {
    TABLES.iter().filter_map(move |(name, keys, columns)| {
        let name = match name.strip_prefix('+') {
            Some(_) if release == Release::E => return None,
            Some(newer) => newer,
            None => name,
        };
        Some(Table {
            name,
            columns,
            keys,
        })
    })
}

/// Name, primary key, columns.
#[rustfmt::skip]
const TABLES: &[(&str, &str, &str)] = &[
    ("auditlog", "recid", "recid audittime userid clientname clienttype command noderange args status comments disable"),
    ("bootparams", "node", "node kernel initrd kcmdline addkcmdline dhcpstatements adddhcpstatements comments disable"),
    ("boottarget", "bprofile", "bprofile kernel initrd kcmdline comments disable"),
    ("cfgmgt", "node", "node cfgmgr cfgserver roles comments disable"),
    ("chain", "node", "node currstate currchain chain ondiscover comments disable"),
    ("deps", "node cmd", "node nodedep msdelay cmd comments disable"),
    ("discoverydata", "uuid", "uuid node method discoverytime arch cpucount cputype memory mtm serial nicdriver nicipv4 nichwaddr nicpci nicloc niconboard nicfirm switchname switchaddr switchdesc switchport otherdata comments disable"),
    ("domain", "node", "node ou authdomain adminuser adminpassword type comments disable"),
    ("eventlog", "recid", "recid eventtime eventtype monitor monnode node application component id severity message rawdata comments disable"),
    ("firmware", "node", "node cfgfile comments disable"),
    ("hosts", "node", "node ip hostnames otherinterfaces comments disable"),
    ("hwinv", "node", "node cputype cpucount memory disksize comments disable"),
    ("hypervisor", "node", "node type mgr interface netmap defaultnet cluster datacenter preferdirect comments disable"),
    ("ipmi", "node", "node bmc bmcport taggedvlan bmcid username password comments disable"),
    ("iscsi", "node", "node server target lun iname file userid passwd kernel kcmdline initrd comments disable"),
    ("kit", "kitname", "kitname basename description version release ostype isinternal kitdeployparams kitdir comments disable"),
    ("kitcomponent", "kitcompname", "kitcompname description kitname kitreponame basename version release serverroles kitpkgdeps prerequisite driverpacks kitcompdeps postbootscripts genimage_postinstall exlist comments disable"),
    ("kitrepo", "kitreponame", "kitreponame kitname osbasename osmajorversion osminorversion osarch compat_osbasenames kitrepodir comments disable"),
    ("kvm_masterdata", "name", "name xml comments disable"),
    ("kvm_nodedata", "node", "node xml comments disable"),
    ("linuximage", "imagename", "imagename template boottarget addkcmdline pkglist pkgdir otherpkglist otherpkgdir exlist postinstall rootimgdir kerneldir nodebootif otherifce netdrivers kernelver krpmver permission dump crashkernelsize partitionfile driverupdatesrc comments disable"),
    ("litefile", "image file", "image file options comments disable"),
    ("litetree", "priority", "priority image directory mntopts comments disable"),
    ("mac", "node", "node interface mac comments disable"),
    ("mic", "node", "node host id nodetype bridge onboot vlog powermgt comments disable"),
    ("monitoring", "name", "name nodestatmon comments disable"),
    ("monsetting", "name key", "name key value comments disable"),
    ("mp", "node", "node mpa id nodetype comments disable"),
    ("mpa", "mpa username", "mpa username password displayname slots urlpath comments disable"),
    ("networks", "net mask", "netname net mask mgtifname gateway dhcpserver tftpserver nameservers ntpservers logservers dynamicrange staticrange staticrangeincrement nodehostname ddnsdomain vlanid domain +mtu comments disable"),
    ("nics", "node", "node nicips nichostnamesuffixes nichostnameprefixes nictypes niccustomscripts nicnetworks nicaliases nicextraparams comments disable"),
    ("nimimage", "imagename", "imagename nimtype lpp_source spot root dump paging resolv_conf tmp home shared_home res_group nimmethod script bosinst_data installp_bundle mksysb fb_script shared_root otherpkgs image_data configdump comments disable"),
    ("nodegroup", "groupname", "groupname grouptype members membergroups wherevals comments disable"),
    ("nodehm", "node", "node power mgt cons termserver termport conserver serialport serialspeed serialflow getmac cmdmapping consoleondemand +consoleenabled comments disable"),
    ("nodelist", "node", "node groups status statustime appstatus appstatustime primarysn hidden updatestatus updatestatustime zonename comments disable"),
    ("nodepos", "node", "node rack u chassis slot room height comments disable"),
    ("noderes", "node", "node servicenode netboot tftpserver tftpdir nfsserver monserver nfsdir installnic primarynic discoverynics cmdinterface xcatmaster current_osimage next_osimage nimserver routenames nameservers proxydhcp +syslog comments disable"),
    ("nodetype", "node", "node os arch profile provmethod supportedarchs nodetype comments disable"),
    ("notification", "filename", "filename tables tableops comments disable"),
    ("+openbmc", "node", "node bmc consport taggedvlan username password comments disable"),
    ("osdistro", "osdistroname", "osdistroname basename majorversion minorversion arch type dirpaths comments disable"),
    ("osdistroupdate", "osupdatename", "osupdatename osdistroname dirpath downloadtime comments disable"),
    ("osimage", "imagename", "imagename groups profile imagetype description provmethod rootfstype +nfsrootopts osdistroname osupdatename cfmdir osname osvers osarch synclists postscripts postbootscripts serverrole isdeletable kitcomponents +environvar comments disable"),
    ("passwd", "key username", "key username password cryptmethod authdomain comments disable"),
    ("+pdu", "node", "node nodetype pdutype outlet username password snmpversion community snmpuser authtype authkey privtype privkey seclevel comments disable"),
    ("+pduoutlet", "node", "node pdu comments disable"),
    ("performance", "timestamp node attrname", "timestamp node attrname attrvalue comments disable"),
    ("policy", "priority", "priority name host commands noderange parameters time rule comments disable"),
    ("postscripts", "node", "node postscripts postbootscripts comments disable"),
    ("ppc", "node", "node hcp id pprofile parent nodetype supernode sfp comments disable"),
    ("ppcdirect", "hcp username", "hcp username password comments disable"),
    ("ppchcp", "hcp", "hcp username password comments disable"),
    ("prescripts", "node", "node begin end comments disable"),
    ("prodkey", "node product", "node product key comments disable"),
    ("rack", "rackname", "rackname displayname num height room comments disable"),
    ("routes", "routename", "routename net mask gateway ifname comments disable"),
    ("servicenode", "node", "node nameserver dhcpserver tftpserver nfsserver conserver monserver ldapserver ntpserver ftpserver nimserver ipforward dhcpinterfaces proxydhcp comments disable"),
    ("site", "key", "key value comments disable"),
    ("statelite", "node", "node image statemnt mntopts comments disable"),
    ("storage", "node", "node osvolume size state storagepool hypervisor fcprange volumetag type controller comments disable"),
    ("switch", "node switch port", "node switch port vlan interface comments disable"),
    ("switches", "switch", "switch snmpversion username password privacy auth linkports sshusername sshpassword protocol switchtype comments disable"),
    ("+taskstate", "node", "node command state pid reserve comments disable"),
    ("token", "tokenid", "tokenid username expire +created +access comments disable"),
    ("virtsd", "node", "node sdtype stype location host cluster datacenter comments disable"),
    ("vm", "node", "node mgr host migrationdest storage storagemodel storagecache storageformat cfgstore memory cpus nics nicmodel bootorder clockoffset virtflags master vncport textconsole powerstate beacon datacenter cluster guestostype othersettings physlots vidmodel vidproto vidpassword comments disable"),
    ("vmmaster", "name", "name os arch profile storage storagemodel nics vintage originator virttype specializeparameters comments disable"),
    ("vpd", "node", "node serial mtm side asset uuid comments disable"),
    ("websrv", "node", "node port username password comments disable"),
    ("winimage", "imagename", "imagename template installto partitionfile winpepath comments disable"),
    ("zone", "zonename", "zonename sshkeydir sshbetweennodes defaultzone comments disable"),
    ("zvm", "node", "node hcp userid nodetype parent comments disable discovered status"),
    ("+zvmivp", "id", "id schedule last_run type_of_run access_user orch_parms prep_parms main_parms comments disable"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_keys_are_columns() {
        let names: Vec<_> = all(Release::M).map(|t| t.name).collect();
        assert!(names.is_sorted());
        for table in all(Release::M) {
            for key in table.keys() {
                assert!(table.has(Release::M, key), "{}.{key}", table.name);
            }
        }
    }

    #[test]
    fn the_older_line_lacks_what_came_later() {
        assert!(table(Release::E, "openbmc").is_none());
        let networks = table(Release::E, "networks").unwrap();
        assert!(!networks.has(Release::E, "mtu"));
        assert!(networks.has(Release::M, "mtu"));
    }
}
