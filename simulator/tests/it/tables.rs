//! The commands on tables and definitions, run on the preset from which the recordings start. What they answer is
//! compared in a short notation: one line per document, `key=text|text` in the order of the keys.

use std::path::Path;
use std::sync::Arc;

use xcat_simulator::mn::commands::global;
use xcat_simulator::mn::{Context, Document, Element, Request};
use xcat_simulator::seam::{Behaviour, Release, Settings, Site};
use xcat_simulator::site::preset::Preset;
use xcat_simulator::world::Database;

struct Mn {
    site: Arc<Site>,
}

impl Mn {
    fn new(release: Release) -> Self {
        Self::with(Settings {
            release,
            ..Settings::default()
        })
    }

    fn with(settings: Settings) -> Self {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/recordings/presets/base.json");
        let preset = Preset::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
        Self {
            site: Arc::new(Site::new(preset.world().unwrap(), settings)),
        }
    }

    fn run(&self, command: &str, args: &[&str]) -> String {
        self.run_on(command, None, args)
    }

    fn run_on(&self, command: &str, nodes: Option<&[&str]>, args: &[&str]) -> String {
        let context = Context::new(Arc::clone(&self.site), 1, Some("admin".to_owned()));
        let request = Request {
            command: Some(command.to_owned()),
            args: args.iter().map(|a| (*a).to_owned()).collect(),
            ..Request::default()
        };
        let nodes: Option<Vec<String>> =
            nodes.map(|nodes| nodes.iter().map(|n| (*n).to_owned()).collect());
        futures_util::FutureExt::now_or_never(global::run(&context, &request, nodes.as_deref()))
            .expect("nothing to wait for");
        let documents = context.take_documents();
        documents.iter().map(short).collect::<Vec<_>>().join("\n")
    }

    fn db<R>(&self, look: impl FnOnce(&Database) -> R) -> R {
        look(&self.site.look().mn.tables)
    }
}

fn short(document: &Document) -> String {
    let parts: Vec<String> = document
        .0
        .iter()
        .map(|(key, elements)| {
            let texts: Vec<String> = elements
                .iter()
                .map(|element| match element {
                    Element::Node(node) => format!("{{{}}}", short(node)),
                    leaf => leaf.text().unwrap_or_default().replace('\n', "\\n"),
                })
                .collect();
            format!("{key}={}", texts.join("|"))
        })
        .collect();
    parts.join(" ")
}

const M: Release = Release::M;
const E: Release = Release::E;

#[test]
fn tabdump_prints_rows_in_database_order() {
    let mn = Mn::new(M);
    assert_eq!(
        mn.run("tabdump", &["switch"]),
        "data=#node,switch,port,vlan,interface,comments,disable|\"opnstk1\",\"XCATVSW2\",\"port-0001\",,\"1000\",,"
    );
    assert_eq!(
        mn.run("tabdump", &["vpd"]),
        "data=#node,serial,mtm,side,asset,uuid,comments,disable"
    );
    assert_eq!(
        mn.run("tabdump", &["bogus"]),
        "error=No such table: bogus errorcode=1"
    );
    assert!(mn.run("tabdump", &[]).contains("|zvm|zvmivp"));
    assert!(!Mn::new(E).run("tabdump", &[]).contains("zvmivp"));
    assert!(
        mn.run("tabdump", &["-w", "ip=~1.3$", "hosts"])
            .ends_with("|\"opnstk3\",\"10.10.1.3\",\"opnstk3.example.com\",,,")
    );
}

#[test]
fn gettab_answers_one_document_per_column() {
    let mn = Mn::new(M);
    let one = |args: &[&str]| mn.run("gettab", args);
    assert_eq!(one(&["node=opnstk1", "zvm.userid"]), "data=opnstk1");
    assert_eq!(
        one(&["node=opnstk1", "zvm.userid", "zvm.hcp"]),
        "data=zvm.userid: opnstk1\ndata=zvm.hcp: zhcp1.example.com"
    );
    assert_eq!(
        one(&["-H", "node=opnstk1", "hosts.ip"]),
        "data=hosts.ip: 10.10.1.1"
    );
    assert_eq!(
        one(&["colour=blue", "zvm.userid"]),
        "error=Unknown key colour to zvm errorcode=1"
    );
    assert_eq!(
        Mn::new(E).run("gettab", &["colour=blue", "zvm.userid"]),
        "error=Unkown key colour to zvm errorcode=1"
    );
    assert_eq!(one(&["node=nobody", "zvm.userid"]), "");
    assert_eq!(
        one(&[
            "imagename=rhel7.2-s390x-netboot-default",
            "osimage.bogus",
            "osimage.osarch"
        ]),
        "data=osimage.bogus: \ndata=osimage.osarch: s390x"
    );
}

#[test]
fn rq11_gettab_cuts_at_the_second_equals_sign() {
    let mn = Mn::new(M);
    assert_eq!(
        mn.run("gettab", &["node=opnstk1=", "zvm.userid"]),
        "data=opnstk1"
    );
}

#[test]
fn rq28_a_row_of_which_nothing_asked_for_is_set_is_no_row() {
    let mn = Mn::new(M);
    assert_eq!(mn.run("gettab", &["node=opnstk1", "hosts.comments"]), "");
}

#[test]
fn tabch_changes_inserts_and_deletes_in_silence() {
    let mn = Mn::new(M);
    assert_eq!(
        mn.run("tabch", &["node=opnstk1", "hosts.ip=10.10.1.55"]),
        ""
    );
    assert_eq!(
        mn.db(|db| db.get("hosts", "node", "opnstk1", "ip").map(str::to_owned))
            .as_deref(),
        Some("10.10.1.55")
    );
    let switch = [
        "port=port-0009",
        "switch.node=opnstk1",
        "switch.interface=1003",
        "switch.switch=zhcp1",
    ];
    assert_eq!(mn.run("tabch", &switch), "");
    assert_eq!(mn.db(|db| db.rows("switch").len()), 2);
    assert_eq!(mn.run("tabch", &["-d", "node=opnstk1", "switch"]), "");
    assert_eq!(mn.db(|db| db.rows("switch").len()), 0);
    assert_eq!(mn.run("tabch", &["node=opnstk1", "zvm.status=IUCV=1"]), "");
    assert_eq!(
        mn.db(|db| db
            .get("zvm", "node", "opnstk1", "status")
            .map(str::to_owned))
            .as_deref(),
        Some("IUCV=1")
    );
    assert_eq!(
        mn.run("tabch", &["node=opnstk1", "nodelist.groups+=new,all"]),
        ""
    );
    assert_eq!(
        mn.db(|db| db
            .get("nodelist", "node", "opnstk1", "groups")
            .map(str::to_owned))
            .as_deref(),
        Some("all,new")
    );
}

#[test]
fn tabch_complains_before_it_writes() {
    for (release, code) in [(M, " errorcode=1"), (E, "")] {
        let mn = Mn::new(release);
        let before = mn.db(Database::clone);
        assert_eq!(
            mn.run("tabch", &["node=opnstk1", "hosts.ip=1", "nosuchtable.ip=1"]),
            format!("data=Table nosuchtable does not exist.\\n{code}")
        );
        assert_eq!(
            mn.run("tabch", &["node=opnstk1,n2", "hosts.ip=1"]),
            format!("data=Incorrect argument \"n2\".\\n|Check man tabch or tabch -h\\n{code}")
        );
        assert_eq!(
            mn.run("tabch", &["-d", "node=opnstk1"]),
            format!("data=Missing table name.\\n|Check man tabch or tabch -h\\n{code}")
        );
        assert_eq!(
            mn.run("tabch", &["node=opnstk1", "hosts.colour=blue"]),
            "error=hosts.colour not a valid table.column description errorcode=1"
        );
        assert_eq!(mn.db(Database::clone), before);
    }
    let mn = Mn::new(M);
    assert_eq!(
        mn.run("tabch", &["colour=blue", "hosts.ip=1"]),
        "error=No column \"colour\" in table \"hosts\" errorcode=1"
    );
    assert_eq!(
        mn.run("tabch", &["-d", "node=opnstk1", "bogus", "switch"]),
        "data=Table bogus does not exist. errorcode=1"
    );
    assert_eq!(mn.db(|db| db.rows("switch").len()), 0);
}

#[test]
fn rq8_tabch_takes_an_operand_without_a_dot_for_a_table() {
    let mn = Mn::new(M);
    assert_eq!(
        mn.run(
            "tabch",
            &[
                "node=opnstk1",
                "interface=1000",
                "mac.mac=02:00:00:00:00:99"
            ]
        ),
        "data=Table interface=1000 does not exist.\\n errorcode=1"
    );
    assert_eq!(
        mn.db(|db| db.get("mac", "node", "opnstk1", "mac").map(str::to_owned))
            .as_deref(),
        Some("02:00:0b:00:00:0a")
    );
}

#[test]
fn rq32_tabch_cannot_add_a_second_mac() {
    let mn = Mn::new(M);
    assert_eq!(
        mn.run("tabch", &["mac.node=opnstk1", "mac.mac=02:00:00:00:00:99"]),
        "error=DB error UNIQUE constraint failed: mac.node errorcode=4"
    );
}

#[test]
fn rq35_tabch_checks_columns_by_resemblance() {
    let mn = Mn::new(M);
    let before = mn.db(Database::clone);
    assert_eq!(mn.run("tabch", &["node=opnstk1", "mac.m=x"]), "");
    assert_eq!(mn.db(Database::clone), before);
}

const OPNSTK1: &str = "info=Object name: opnstk1|    arch=s390x|    groups=all|    hcp=zhcp1.example.com|    hostnames=opnstk1.example.com|    interface=1000|    ip=10.10.1.1|    mac=02:00:0b:00:00:0a|    mgt=zvm|    netboot=zvm|    nodetype=vm|    os=rhel7.2|    profile=default|    provmethod=netboot|    switch=XCATVSW2|    switchinterface=1000|    switchport=port-0001|    userid=opnstk1";

#[test]
fn lsdef_shows_nodes() {
    let mn = Mn::new(M);
    let node = |args: &[&str]| mn.run("lsdef", &[&["-t", "node"], args].concat());
    assert_eq!(node(&["-o", "opnstk1"]), format!("{OPNSTK1} numofnodes=1"));
    assert_eq!(
        node(&[]),
        "info=opnstk1  (node)|opnstk2  (node)|opnstk3  (node)|xcat  (node)|zhcp1  (node)|zhcp2  (node)|zvmhost1  (node)|zvmhost2  (node) numofnodes=8"
    );
    assert_eq!(
        node(&["-o", "opnstk1,nosuchnode"]),
        format!(
            "error=Could not find an object named 'nosuchnode' of type 'node'. errorcode=1\n{OPNSTK1} numofnodes=2"
        )
    );
    assert_eq!(
        node(&["-o", "nosuchnode"]),
        "error=Could not find an object named 'nosuchnode' of type 'node'. errorcode=1\ninfo=No object definitions have been found numofnodes=1"
    );
    assert_eq!(
        node(&["-o", "opnstk1", "-i", "xcatmaster"]),
        "info=Object name: opnstk1|    xcatmaster= numofnodes=1"
    );
    assert_eq!(
        node(&["-o", "opnstk1", "-i", "colour"]),
        "error='colour' is not a valid attribute name for an object type of 'node'. errorcode=1\ninfo=Object name: opnstk1 numofnodes=1"
    );
    assert_eq!(
        node(&["-o", "hosts"]),
        "info=Object name: zvmhost1|    arch=s390x|    groups=hosts,all|    hcp=zhcp1.example.com|    hosttype=zvm|    mgt=zvm|    nodetype=zvm|    os=zvm6.4.0|Object name: zvmhost2|    arch=s390x|    groups=hosts,all|    hcp=zhcp2.example.com|    hosttype=zvm|    mgt=zvm|    nodetype=zvm|    os=zvm6.4.0 numofnodes=2"
    );
    assert_eq!(
        node(&["-w", "os=~^sles", "-w", "mgt==zvm"]),
        "info=opnstk2  (node) numofnodes=8"
    );
    assert_eq!(
        node(&["-w", "colour==blue"]),
        "info=No object definitions have been found numofnodes=8"
    );
    assert_eq!(
        node(&["-w", "nonsense"]),
        "error=Incorrect selection string specified with -w flag. errorcode=1\nerrorcode=1"
    );
}

#[test]
fn lsdef_of_the_older_line_says_less() {
    let mn = Mn::new(E);
    assert_eq!(mn.run("lsdef", &["-t", "node", "-o", "opnstk1"]), OPNSTK1);
    assert_eq!(
        mn.run("lsdef", &["-t", "node", "-o", "n1"]),
        "error=Could not find an object named 'n1' of type 'node'. errorcode=1"
    );
    assert_eq!(mn.run("lsdef", &["-w", "os==none"]), "");
}

#[test]
fn lsdef_shows_other_types() {
    let mn = Mn::new(M);
    assert_eq!(
        mn.run(
            "lsdef",
            &["-t", "osimage", "-o", "rhel7.2-s390x-netboot-default"]
        ),
        "info=Object name: rhel7.2-s390x-netboot-default|    imagetype=linux|    osarch=s390x|    osname=Linux|    osvers=rhel7.2|    profile=default|    provmethod=netboot|    rootimgdir=/install/netboot/rhel7.2/s390x/default numofnodes=1"
    );
    assert_eq!(
        mn.run("lsdef", &["-t", "network", "-o", "net1"]),
        "info=Object name: net1|    gateway=10.10.0.254|    mask=255.255.0.0|    mgtifname=eth0|    net=10.10.0.0 numofnodes=1"
    );
    assert_eq!(
        mn.run(
            "lsdef",
            &["-t", "site", "-o", "clustersite", "-i", "master"]
        ),
        "info=Object name: clustersite|    master=10.10.0.1 numofnodes=1"
    );
    assert_eq!(
        mn.run("lsdef", &["-t", "route"]),
        "info=Could not find any object definitions to display."
    );
    assert_eq!(
        mn.run("lsdef", &["-t", "group", "-o", "hosts"]),
        "info=Object name: hosts|    grouptype=static|    members=zvmhost1,zvmhost2 numofnodes=1"
    );
    assert_eq!(
        mn.run("lsdef", &["-t", "thing"]),
        "error=\\nType 'thing' is not a valid xCAT object type. errorcode=1\nerrorcode=1"
    );
}

#[test]
fn lsdef_puts_the_default_postscripts_first() {
    let mn = Mn::new(M);
    for (node, scripts) in [("xcatdefaults", "syslog,remoteshell"), ("opnstk2", "mine")] {
        mn.run(
            "tabch",
            &[
                &format!("node={node}"),
                &format!("postscripts.postscripts={scripts}"),
            ],
        );
    }
    let shown = |node: &str| mn.run("lsdef", &["-t", "node", "-o", node, "-i", "postscripts"]);
    assert!(shown("opnstk1").contains("    postscripts=syslog,remoteshell "));
    assert!(shown("opnstk2").contains("    postscripts=syslog,remoteshell,mine "));
}

#[test]
fn mkdef_makes_a_node_and_writes_hcp_twice() {
    let mn = Mn::new(M);
    assert_eq!(
        mn.run(
            "mkdef",
            &[
                "-t",
                "node",
                "-o",
                "opnstk9",
                "userid=opnstk9",
                "hcp=zhcp1.example.com",
                "mgt=zvm",
                "groups=all",
                "ip=10.10.1.9"
            ]
        ),
        "info=1 object definitions have been created or modified. numofnodes=1"
    );
    for table in ["ppc", "zvm"] {
        assert_eq!(
            mn.db(|db| db.get(table, "node", "opnstk9", "hcp").map(str::to_owned))
                .as_deref(),
            Some("zhcp1.example.com")
        );
    }
    assert!(
        mn.run("lsdef", &["-t", "node", "-o", "opnstk9"])
            .contains("|    ip=10.10.1.9|    mgt=zvm|    userid=opnstk9 ")
    );
}

#[test]
fn mkdef_refuses_what_is_not_in_order() {
    let mn = Mn::new(M);
    let before = mn.db(Database::clone);
    let make = |args: &[&str]| mn.run("mkdef", &[&["-t", "node", "-o"], args].concat());
    assert_eq!(
        make(&["opnstk1", "userid=other", "mgt=zvm", "groups=all"]),
        "warning=A definition for 'opnstk1' already exists. No changes will be made.  Run again with '-f' option to force replace.\nerror=0 object definitions have been created or modified. errorcode=1 numofnodes=0"
    );
    for args in [&["n9"][..], &["n9", "mgt"]] {
        assert_eq!(
            make(args),
            "error=No object definitions have been created or modified: no attributes were specified. The 'groups' attribute is required when creating node definitions. errorcode=1\nerrorcode=1"
        );
    }
    assert_eq!(
        make(&["n9", "mgt=zvm"]),
        "error=Attribute 'groups' is not specified for node 'n9', skipping to the next node. errorcode=1\nerror=One or more errors occured when attempting to create or modify xCAT object definitions. errorcode=1 numofnodes=1\nerrorcode=1"
    );
    assert_eq!(
        make(&["n9", "groups=all", "colour=blue"]),
        "error='colour' is not a valid attribute name for an object type of 'node'.|Skipping to the next attribute. errorcode=1\nerrorcode=1"
    );
    assert_eq!(
        make(&["n9", "groups=all", "userid=U9"]),
        "error=Cannot set the attr='userid' attribute unless mgt value is zvm. errorcode=1\nerror=One or more errors occured when attempting to create or modify xCAT object definitions. errorcode=1 numofnodes=1\nerrorcode=1"
    );
    assert_eq!(
        make(&["n.9", "groups=all"]),
        "error=The object name 'n.9' is invalid, Cannot use '.' in node name. errorcode=1\nerrorcode=1"
    );
    assert_eq!(
        make(&["n@x", "groups=all"]),
        "error=No object names were provided. errorcode=1\nerrorcode=1"
    );
    assert_eq!(mn.db(Database::clone), before);
    assert!(make(&["NODE9", "groups=all"]).starts_with("warning=The node name 'NODE9' contains capital letters which may not be resolved correctly by the dns server.\ninfo=1 "));
}

#[test]
fn rq16_mkdef_of_the_older_line_leaves_rows_behind() {
    let mn = Mn::new(E);
    let said = mn.run("mkdef", &["-t", "node", "-o", "n9", "mgt=zvm"]);
    assert!(
        said.ends_with("modify xCAT \\nobject definitions. errorcode=1\nerrorcode=1"),
        "{said}"
    );
    assert!(mn.db(|db| db.is_node("n9")));
    let mn = Mn::with(Settings {
        release: E,
        behaviour: Behaviour::Intended,
        ..Settings::default()
    });
    mn.run("mkdef", &["-t", "node", "-o", "n9", "mgt=zvm"]);
    assert!(!mn.db(|db| db.is_node("n9")));
}

#[test]
fn networks_are_told_apart_by_net_and_mask() {
    let mn = Mn::new(M);
    let make = |args: &[&str]| mn.run("mkdef", &[&["-t", "network", "-o"], args].concat());
    assert_eq!(
        make(&["net9", "net=10.99.0.0", "mask=255.255.0.0"]),
        "info=1 object definitions have been created or modified. numofnodes=1"
    );
    assert!(make(&["net8", "net=10.99.0.0", "mask=255.255.0.0"]).starts_with("error=A network definition called 'net9' already exists that contains the same net and mask values. Cannot create a definition for 'net8'. errorcode=1\nerror=One or more"));
    assert!(make(&["net9", "net=10.98.0.0", "mask=255.255.0.0"]).starts_with("error=A network definition called 'net9' already exists. Cannot create a definition for 'net9'."));
    assert!(make(&["net7", "net=10.97.0.0"]).starts_with(
        "error=Net or mask value should not be empty for xCAT network object 'net7'."
    ));
}

#[test]
fn chdef_changes_and_makes() {
    let mn = Mn::new(M);
    assert_eq!(
        mn.run(
            "chdef",
            &["-t", "site", "-o", "clustersite", "ntpservers=10.10.0.9"]
        ),
        "info=1 object definitions have been created or modified. numofnodes=1"
    );
    assert_eq!(
        mn.db(|db| db.site("ntpservers").map(str::to_owned))
            .as_deref(),
        Some("10.10.0.9")
    );
    assert_eq!(
        mn.run("chdef", &["-t", "node", "-o", "n9", "groups=all"]),
        "info=1 object definitions have been created or modified. numofnodes=1\ninfo=New object definitions 'n9' have been created."
    );
    mn.run("chdef", &["-t", "node", "-p", "opnstk1", "groups=blue"]);
    assert_eq!(
        mn.db(|db| db
            .get("nodelist", "node", "opnstk1", "groups")
            .map(str::to_owned))
            .as_deref(),
        Some("all,blue")
    );
    mn.run("chdef", &["-t", "node", "-m", "opnstk1", "groups=all"]);
    assert_eq!(
        mn.db(|db| db
            .get("nodelist", "node", "opnstk1", "groups")
            .map(str::to_owned))
            .as_deref(),
        Some("blue")
    );
}

#[test]
fn rmdef_removes_every_row_of_a_node() {
    let mn = Mn::new(M);
    assert_eq!(
        mn.run("rmdef", &["-t", "node", "-o", "opnstk1,opnstk3"]),
        "info=2 object definitions have been removed. numofnodes=2"
    );
    let left = mn.db(|db| {
        db.names()
            .filter(|table| db.find(table, &[("node", "opnstk1")]).next().is_some())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(
        mn.run("rmdef", &["-t", "node", "-o", "nosuchnode"]),
        "error=Could not find an object named 'nosuchnode' of type 'node'. errorcode=1\ninfo=No objects have been removed from the xCAT database. numofnodes=1"
    );
    assert_eq!(
        mn.run(
            "rmdef",
            &["-t", "osimage", "-o", "rhel7.2-s390x-netboot-default"]
        ),
        "info=1 object definitions have been removed. numofnodes=1"
    );
    assert_eq!(mn.db(|db| db.rows("linuximage").len()), 0);
}

#[test]
fn rmdef_of_the_older_line_counts_unknown_names() {
    let mn = Mn::new(E);
    assert!(
        mn.run("rmdef", &["-t", "node", "-o", "opnstk1,n9"])
            .ends_with("\ninfo=2 object definitions have been removed.")
    );
}

#[test]
fn groups_are_names_that_nodes_carry() {
    let mn = Mn::new(M);
    mn.run(
        "mkdef",
        &["-t", "group", "-o", "blue", "members=opnstk1,opnstk2"],
    );
    assert_eq!(
        mn.db(|db| db
            .get("nodelist", "node", "opnstk2", "groups")
            .map(str::to_owned))
            .as_deref(),
        Some("all,blue")
    );
    assert_eq!(
        mn.run(
            "gettab",
            &["groupname=blue", "nodegroup.grouptype", "nodegroup.members"]
        ),
        "data=nodegroup.grouptype: static\ndata=nodegroup.members: static"
    );
    assert_eq!(
        mn.run("lsdef", &["-t", "group", "-o", "blue"]),
        "info=Object name: blue|    grouptype=static|    members=opnstk1,opnstk2 numofnodes=1"
    );
    mn.run("rmdef", &["-t", "group", "-o", "blue"]);
    assert_eq!(
        mn.db(|db| db
            .get("nodelist", "node", "opnstk2", "groups")
            .map(str::to_owned))
            .as_deref(),
        Some("all")
    );
}

#[test]
fn nodels_shows_columns_of_nodes() {
    let mn = Mn::new(M);
    let two = Some(&["opnstk2", "opnstk1"][..]);
    assert_eq!(
        mn.run_on("nodels", two, &[]),
        "node={name=opnstk1}|{name=opnstk2}\nnumofnodes=2"
    );
    assert_eq!(
        mn.run_on("nodels", two, &["hosts.ip"]),
        "node={data={contents=10.10.1.1} name=opnstk1}|{data={contents=10.10.1.2} name=opnstk2}\nnumofnodes=2"
    );
    assert_eq!(
        mn.run_on("nodels", Some(&["opnstk1"]), &["mgt", "zvm.comments"]),
        "node={data={contents=zvm desc=nodehm.mgt}|{contents= desc=zvm.comments} name=opnstk1}\nnumofnodes=1"
    );
    assert_eq!(
        mn.run_on("nodels", two, &["nodetype.os=~sles"]),
        "node={name=opnstk2}\nnumofnodes=1"
    );
    assert_eq!(
        mn.run_on("nodels", two, &["hosts.nothing"]),
        "error=hosts.nothing not a valid table.column description errorcode=1"
    );
    assert_eq!(mn.run("nodels", &[]).lines().count(), 9);
    assert_eq!(
        Mn::new(E).run_on("nodels", two, &[]),
        "node={name=opnstk1}|{name=opnstk2}"
    );
}

#[test]
fn lsxcatd_names_the_version() {
    assert_eq!(
        Mn::new(M).run("lsxcatd", &["-v"]),
        "data=Version 2.19.0 (git commit oracle)"
    );
    assert!(Mn::new(M).run("lsxcatd", &[]).ends_with(" errorcode=1"));
}
