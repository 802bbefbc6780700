//! Attributes of xCAT's objects and where they live in the tables (spec: rest-and-xcatd 4.6).
//!
//! Flat lists. An attribute is written `name` when the column has the same name and `name=column` otherwise; `+` marks
//! what the 2.8 line lacks. An attribute may stand in several tables, each under a condition on another attribute:
//! a reader takes the last that holds, a writer writes all that hold. (So `hcp` of a z/VM node is written to `ppc` as
//! well as to `zvm`.) `hwtype` of a z/VM node is looked up in `ppc`, not in `zvm`: real programs do so too.

use crate::seam::Release;
use crate::world::Database;

/// A type of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectType {
    /// Name of the type.
    pub name: &'static str,
    /// Attribute that is the object's name.
    pub key: &'static str,
    /// Table whose rows are the objects.
    pub table: &'static str,
    groups: &'static [Group],
}

/// Attributes that share table, key and condition.
type Group = (&'static str, &'static str, &'static str, &'static str);

/// One place of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Attribute.
    pub name: &'static str,
    /// Table.
    pub table: &'static str,
    /// Column.
    pub column: &'static str,
    /// Column that holds the object's name.
    pub key: &'static str,
    /// Attribute and value without which the place does not count.
    pub only_if: Option<(&'static str, &'static str)>,
}

impl ObjectType {
    /// The type of that name.
    pub fn named(name: &str) -> Option<Self> {
        TYPES.iter().find(|t| t.name == name).copied()
    }

    /// All types.
    pub fn all() -> impl Iterator<Item = Self> {
        TYPES.iter().copied()
    }

    /// Every place of every attribute, the name of the object excepted.
    pub fn places(&self, release: Release) -> impl Iterator<Item = Place> + use<> {
        let objkey = self.key;
        self.groups
            .iter()
            .flat_map(move |(table, key, only_if, attributes)| {
                attributes.split_ascii_whitespace().filter_map(move |text| {
                    let text = match text.strip_prefix('+') {
                        Some(_) if release == Release::E => return None,
                        Some(newer) => newer,
                        None => text,
                    };
                    let (name, column) = text.split_once('=').unwrap_or((text, text));
                    Some(Place {
                        name,
                        table,
                        column,
                        key,
                        only_if: only_if.split_once('='),
                    })
                })
            })
            .filter(move |place| place.name != objkey)
    }

    /// Whether there is an attribute of that name; the `site` type takes any.
    pub fn has(&self, release: Release, attribute: &str) -> bool {
        self.name == "site"
            || attribute == self.key
            || self.places(release).any(|p| p.name == attribute)
    }

    /// The attributes of an object that are set, unsorted.
    pub fn read(&self, db: &Database, release: Release, object: &str) -> Vec<(String, String)> {
        if self.name == "site" {
            return db
                .rows("site")
                .iter()
                .filter(|row| crate::world::tables::is_enabled(row))
                .filter_map(|row| {
                    let value = row.get("value").filter(|v| !v.is_empty())?;
                    Some((row.get("key")?.clone(), value.clone()))
                })
                .collect();
        }
        let nodes = self.name == "node";
        let mut found: Vec<(&'static str, String)> = Vec::new();
        let mut table_rows: Option<(&str, bool)> = None;
        for place in self.places(release) {
            if let Some((name, value)) = place.only_if
                && !found.iter().any(|(n, v)| *n == name && v == value)
            {
                continue;
            }
            // Most tables have nothing about an object; they are asked once, not per column.
            let present = match table_rows {
                Some((table, present)) if table == place.table => present,
                _ => {
                    let present = !db.rows(place.table).is_empty();
                    table_rows = Some((place.table, present));
                    present
                }
            };
            if !present {
                continue;
            }
            let value = if nodes && place.key == "node" {
                db.node_value(place.table, object, place.column)
            } else {
                db.get(place.table, place.key, object, place.column)
                    .map(str::to_owned)
            };
            if let Some(value) = value {
                match found.iter_mut().find(|(n, _)| *n == place.name) {
                    Some(slot) => slot.1 = value,
                    None => found.push((place.name, value)),
                }
            }
        }
        found.into_iter().map(|(n, v)| (n.to_owned(), v)).collect()
    }
}

/// One attribute of a node.
pub fn node_attribute(db: &Database, node: &str, attribute: &str) -> Option<String> {
    if attribute == "node" {
        return Some(node.to_owned());
    }
    ObjectType::named("node")?
        .read(db, Release::M, node)
        .into_iter()
        .find_map(|(name, value)| (name == attribute).then_some(value))
}

macro_rules! common_attributes {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            ("nodetype", "node", "", "nodetype"),
            ("postscripts", "node", "", "postscripts postbootscripts"),
            ("noderes", "node", "", "xcatmaster servicenode tftpserver tftpdir nfsserver nimserver nfsdir monserver supportproxydhcp=proxydhcp primarynic installnic netboot nameservers routenames +syslog"),
            ("bootparams", "node", "", "kernel initrd kcmdline addkcmdline"),
            ("servicenode", "node", "", "setupnameserver=nameserver setupdhcp=dhcpserver setuptftp=tftpserver setupnfs=nfsserver setupconserver=conserver setupipforward=ipforward setupproxydhcp=proxydhcp setupldap=ldapserver setupntp=ntpserver setupftp=ftpserver setupnim=nimserver dhcpinterfaces"),
            ("nodetype", "node", "", "arch supportedarchs os profile provmethod"),
            ("iscsi", "node", "", "iscsiserver=server iscsitarget=target iscsiuserid=userid iscsipassword=passwd"),
            ("nodehm", "node", "", "mgt power cons termserver termport conserver getmac cmdmapping serialport serialspeed serialflow consoleondemand +consoleenabled"),
            ("vpd", "node", "", "serial mtm side"),
            ("mac", "node", "", "interface mac"),
            ("chain", "node", "", "chain ondiscover currstate currchain"),
            ("ppchcp", "hcp", "nodetype=ivm", "username password"),
            ("ppchcp", "hcp", "nodetype=hmc", "username password"),
            ("ppchcp", "hcp", "nodetype=ppc", "username password"),
            ("ppc", "node", "", "hcp id supernode sfp"),
            ("ppc", "node", "mgt=hmc", "pprofile parent hwtype=nodetype"),
            ("ppc", "node", "mgt=ivm", "pprofile parent hwtype=nodetype"),
            ("ppc", "node", "mgt=fsp", "pprofile parent hwtype=nodetype"),
            ("ppc", "node", "mgt=bpa", "parent hwtype=nodetype"),
            ("ppc", "node", "mgt=zvm", "hwtype=nodetype"),
            ("mp", "node", "mgt=blade", "hwtype=nodetype id"),
            ("mp", "node", "mgt=ipmi", "hwtype=nodetype slotid=id"),
            ("mp", "node", "mgt=fsp", "slotid=id"),
            ("zvm", "node", "mgt=zvm", "hcp userid"),
            ("ipmi", "node", "mgt=ipmi", "bmc bmcport bmcusername=username bmcpassword=password"),
            ("openbmc", "node", "mgt=openbmc", "+bmc +bmcusername=username +bmcpassword=password"),
            ("mp", "node", "", "mpa"),
            ("mpa", "mpa", "nodetype=mm", "username password displayname slots urlpath"),
            ("nodepos", "node", "", "rack unit=u chassis slot room height"),
            ("nics", "node", "", "nicips nichostnamesuffixes nichostnameprefixes nictypes niccustomscripts nicnetworks nicaliases nicextraparams"),
            ("prodkey", "node", "", "productkey=key"),
            ("domain", "node", "", "ou domainadminuser=adminuser domainadminpassword=adminpassword authdomain domaintype=type"),
            ("storage", "node", "", "osvolume storagcontroller=controller storagetype=type"),
            ("vm", "node", "", "vmmanager=mgr vmhost=host migrationdest vmstorage=storage vmphyslots=physlots vmothersetting=othersettings vmstoragemodel=storagemodel vmstoragecache=storagecache vmstorageformat=storageformat vmcfgstore=cfgstore vmmemory=memory vmcpus=cpus vmnics=nics vmnicnicmodel=nicmodel vmbootorder=bootorder vmvirtflags=virtflags vmmaster=master vmvncport=vncport vmtextconsole=textconsole vmbeacon=beacon vmcluster=cluster"),
            ("hypervisor", "node", "", "hosttype=type hostinterface=interface hostmanager=mgr hostcluster=cluster"),
            ("websrv", "node", "nodetype=websrv", "webport=port username password"),
            ("switch", "node", "", "switch switchport=port switchvlan=vlan switchinterface=interface"),
            ("hosts", "node", "", "ip hostnames otherinterfaces"),
            ("prescripts", "node", "", "prescripts-begin=begin prescripts-end=end"),
            ("cfgmgt", "node", "", "cfgmgr cfgserver cfgmgtroles=roles"),
            ("mic", "node", "mgt=mic", "michost=host micid=id hwtype=nodetype micbridge=bridge miconboot=onboot micvlog=vlog micpowermgt=powermgt"),
            ("hwinv", "node", "", "cputype cpucount memory disksize"),
            ("switches", "switch", "nodetype=switch", "snmpusername=username snmppassword=password snmpversion snmpprivacy=privacy snmpauth=auth linkports username=sshusername password=sshpassword protocol switchtype"),
        ]
    };
}

/// Table, key column, condition, attributes of nodes.
#[rustfmt::skip]
const NODE: &[Group] = common_attributes![
    ("nodelist", "node", "", "groups status statustime appstatus appstatustime primarysn hidden updatestatus updatestatustime zonename usercomment=comments"),
];

/// The same of groups.
#[rustfmt::skip]
const GROUP: &[Group] = common_attributes![
    ("nodegroup", "groupname", "", "grouptype members membergroups wherevals usercomment=comments"),
];

#[rustfmt::skip]
const TYPES: &[ObjectType] = &[
    ObjectType { name: "auditlog", key: "recid", table: "auditlog", groups: &[("auditlog", "recid", "", "audittime userid clientname clienttype command noderange args status comments")] },
    ObjectType { name: "boottarget", key: "bprofile", table: "boottarget", groups: &[("boottarget", "bprofile", "", "kernel initrd kcmdline usercomment=comments")] },
    ObjectType { name: "eventlog", key: "recid", table: "eventlog", groups: &[("eventlog", "recid", "", "eventtime eventtype monitor monnode node application component id severity message rawdata comments")] },
    ObjectType { name: "group", key: "groupname", table: "nodegroup", groups: GROUP },
    ObjectType { name: "kit", key: "kitname", table: "kit", groups: &[("kit", "kitname", "", "basename description version release ostype isinternal kitdeployparams kitdir")] },
    ObjectType { name: "kitcomponent", key: "kitcompname", table: "kitcomponent", groups: &[("kitcomponent", "kitcompname", "", "description kitname kitreponame basename version release serverroles kitpkgdeps prerequisite driverpacks kitcompdeps postbootscripts genimage_postinstall exlist")] },
    ObjectType { name: "kitrepo", key: "kitreponame", table: "kitrepo", groups: &[("kitrepo", "kitreponame", "", "kitname osbasename osmajorversion osminorversion osarch compat_osbasenames kitrepodir")] },
    ObjectType { name: "monitoring", key: "name", table: "monitoring", groups: &[("monitoring", "name", "", "nodestatmon comments")] },
    ObjectType { name: "network", key: "netname", table: "networks", groups: &[("networks", "netname", "", "net mask mgtifname gateway dhcpserver tftpserver nameservers ntpservers logservers dynamicrange nodehostname ddnsdomain vlanid domain staticrange staticrangeincrement +mtu usercomment=comments")] },
    ObjectType { name: "node", key: "node", table: "nodelist", groups: NODE },
    ObjectType { name: "notification", key: "filename", table: "notification", groups: &[("notification", "filename", "", "tables tableops comments")] },
    ObjectType { name: "osdistro", key: "osdistroname", table: "osdistro", groups: &[("osdistro", "osdistroname", "", "basename majorversion minorversion arch type dirpaths")] },
    ObjectType { name: "osdistroupdate", key: "osupdatename", table: "osdistroupdate", groups: &[("osdistroupdate", "osupdatename", "", "osdistroname dirpath downloadtime usercomment=comments")] },
    ObjectType { name: "osimage", key: "imagename", table: "osimage", groups: &[
        ("osimage", "imagename", "", "groups imagetype description provmethod osdistroname osupdatename cfmdir profile osname osvers osarch synclists postscripts postbootscripts serverrole isdeletable kitcomponents +environvar"),
        ("osimage", "imagename", "imagetype=linux", "rootfstype +nfsrootopts"),
        ("linuximage", "imagename", "imagetype=linux", "template boottarget addkcmdline pkglist pkgdir otherpkglist otherpkgdir exlist postinstall rootimgdir kerneldir nodebootif otherifce netdrivers kernelver krpmver permission dump crashkernelsize partitionfile driverupdatesrc usercomment=comments"),
        ("winimage", "imagename", "imagetype=windows", "template installto partitionfile winpepath"),
        ("nimimage", "imagename", "imagetype=NIM", "nimtype nimmethod lpp_source spot root dump configdump paging resolv_conf image_data tmp home shared_home shared_root script fb_script bosinst_data installp_bundle otherpkgs mksysb usercomment=comments"),
    ] },
    ObjectType { name: "policy", key: "priority", table: "policy", groups: &[("policy", "priority", "", "name host commands noderange parameters time rule usercomment=comments")] },
    ObjectType { name: "rack", key: "rackname", table: "rack", groups: &[("rack", "rackname", "", "displayname num height room usercomment=comments")] },
    ObjectType { name: "route", key: "routename", table: "routes", groups: &[("routes", "routename", "", "net mask gateway ifname usercomment=comments")] },
    ObjectType { name: "site", key: "key", table: "site", groups: &[] },
    ObjectType { name: "zone", key: "zonename", table: "zone", groups: &[("zone", "zonename", "", "sshkeydir sshbetweennodes defaultzone usercomment=comments")] },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mn::tables::schema;

    #[test]
    fn every_place_is_a_column_of_its_table() {
        for release in [Release::E, Release::M] {
            for object in TYPES {
                for place in object.places(release) {
                    let table = schema::table(release, place.table).unwrap();
                    assert!(table.has(release, place.column), "{place:?}");
                    assert!(table.has(release, place.key), "{place:?}");
                }
            }
        }
    }

    #[test]
    fn hcp_of_a_zvm_node_is_that_of_the_zvm_table() {
        let mut db = Database::default();
        db.set("ppc", "node", "n1", &[("hcp", "other")]);
        db.set("zvm", "node", "n1", &[("hcp", "zhcp")]);
        assert_eq!(node_attribute(&db, "n1", "hcp").as_deref(), Some("other"));
        db.set("nodehm", "node", "n1", &[("mgt", "zvm")]);
        assert_eq!(node_attribute(&db, "n1", "hcp").as_deref(), Some("zhcp"));
    }
}
