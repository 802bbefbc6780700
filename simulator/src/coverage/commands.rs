//! Commands and their options (spec: rest-and-xcatd 3.3, 4; scsi-pools 2, 4; guests 4 to 15).
//!
//! An option is written as a client types it; what follows a `|` are the arguments of the probe when the option alone
//! does not do.

use super::{Area, Entry, State};

/// One command.
struct Command {
    name: &'static str,
    spec: &'static str,
    /// Options, one for each way in which the specification tells the command apart.
    options: &'static [&'static str],
    /// Options of which something is missing, with what.
    partial: &'static [(&'static str, &'static str)],
    /// Options that are not there, with the reason.
    declined: &'static [(&'static str, &'static str)],
}

const fn full(name: &'static str, spec: &'static str, options: &'static [&'static str]) -> Command {
    Command {
        name,
        spec,
        options,
        partial: &[],
        declined: &[],
    }
}

#[rustfmt::skip]
const COMMANDS: &[Command] = &[
    full("authcheck", "rest-and-xcatd 3.3", &["|"]),
    full("chhypervisor", "scsi-pools 2", &[
        "--addzfcp2pool", "--removezfcpfrompool", "--reservezfcp", "--releasezfcp", "--copyzfcp", "--capturezfcp",
        "--deployzfcp", "--adddisk2pool", "--removediskfrompool", "--addvolume", "--removevolume", "--addeckd",
        "--addscsi", "--removescsi", "--addvlan", "--removevlan", "--addvswitch", "--removevswitch", "--resetsmapi",
        "--smcli|--smcli System_Info_Query",
    ]),
    Command {
        partial: &[("", "what it says of an image that is there: the command is for AIX images")],
        ..full("chkosimage", "rest-and-xcatd 1.9.5", &["|", "-c"])
    },
    full("chdef", "rest-and-xcatd 4.6", &[
        "-t|-t node -o opnstk1 usercomment=x", "-o|-o opnstk1 usercomment=x", "-m|-m -o opnstk1 groups=x",
        "-p|-p -o opnstk1 groups=x", "-n|-n other -o opnstk1", "-d|-t group -d -o g -w os=~x",
        "-w|-t group -d -o g -w os=~x", "-V|-V -o opnstk1 usercomment=x", "-h",
    ]),
    full("chvm", "guests 4 to 6", &[
        "--addzfcp", "--removezfcp", "--createfilesysnode", "--removefilesysnode", "--dedicatedevice",
        "--undedicatedevice", "--add3390", "--add9336", "--add3390active", "--addvdisk", "--removedisk",
        "--formatdisk", "--copydisk", "--sharevolume", "--addpagespool", "--addnic", "--connectnic2guestlan",
        "--connectnic2vswitch", "--grantvswitch", "--disconnectnic", "--removenic", "--addprocessor",
        "--addprocessoractive", "--removeprocessor", "--setprocessor", "--setmemory", "--setconsole|--setconsole start",
        "--setpassword", "--setipl", "--deleteipl", "--setloaddev", "--removeloaddev", "--replacevs", "--punchfile",
        "--purgerdr", "--aemod", "--smcli|--smcli System_Info_Query", "--adddisk2pool", "--addzfcp2pool", "--removediskfrompool",
        "--removezfcpfrompool", "--resetsmapi",
    ]),
    full("diagnostics", "rest-and-xcatd 1.9.12", &["--requestid", "--objectid", "--upstream-reason"]),
    full("execcmdonvm", "guests 15", &["|date"]),
    full("getmacs", "guests 14", &["|", "-f"]),
    full("gettab", "rest-and-xcatd 4.4", &["|node=opnstk1 zvm.hcp", "-H|-H node=opnstk1 zvm.hcp"]),
    Command {
        partial: &[("", "the files that it writes: no client of z/VM asks for them")],
        ..full("groupfiles4dsh", "rest-and-xcatd 1.9.7", &["|p=/tmp"])
    },
    Command {
        partial: CAPTURE,
        ..full("imgcapture", "rest-and-xcatd 4.14", &["-p|-p x", "-o|-o x", "-i|-i x", "-n|-n x", "-d|-d 0100", "-c|-c 6"])
    },
    Command {
        partial: &[("-p", "the postscripts of a node"), ("-e", "extra files"), ("-v", "further lines")],
        ..full("imgexport", "rest-and-xcatd 4.14", &["|x", "-p|x -p y", "-e|x -e y", "-R|x /tmp/x.tgz -R root@x", "-v|x -v"])
    },
    Command {
        partial: &[("-p", "the postscripts of a node"), ("-v", "further lines"), ("", "compressed bundles")],
        ..full("imgimport", "rest-and-xcatd 4.14", &["|x", "-f|x -f y", "-R|x -R root@x", "-p|x -p y", "-n|x -n", "-v|x -v"])
    },
    full("lsdef", "rest-and-xcatd 4.6", &[
        "-t|-t node", "-o|-o opnstk1", "-i|-i ip", "-l", "-s", "-w|-w os=~rhel", "-V", "-h", "-a", "-c|-c -o opnstk1",
        "-z|-z -o opnstk1", "-S",
    ]),
    full("lsvm", "guests 8", &[
        "|", "--checknics|--checknics 1000", "--querydisk", "--queryalldisks", "--querypagevolumes",
        "--queryspoolvolumes", "--diskpool", "--diskpoolnames", "--getnetworknames", "--getnetwork",
        "--userprofilenames", "--zfcppool", "--zfcppoolnames",
    ]),
    full("lsxcatd", "rest-and-xcatd 4.11", &["-v", "-d", "-t", "-a"]),
    Command {
        partial: &[("", "named itself: the answers are there, no zone is kept")],
        ..full("makedns", "rest-and-xcatd 4.12", &["|", "-n"])
    },
    full("makehosts", "rest-and-xcatd 4.12", &["|", "-n", "-d|-d", "-l"]),
    full("mkdef", "rest-and-xcatd 4.6", &[
        "-t|-t node -o n9 groups=all", "-o|-o n9 groups=all", "-f|-f -o opnstk1 groups=all",
        "-d|-t group -d -o g -w os=~x", "-w|-t group -d -o g -w os=~x", "-V|-V -o n9 groups=all", "-h",
    ]),
    full("mkvm", "guests 10", &[
        "|opnstk2 pool=POOL1", "--stdin", "--profile|--profile x", "--password|--password x", "--mem|--mem 1G",
        "--cpus|--cpus 2", "--privilege|--privilege G", "--diskpool|--diskpool x", "--size|--size 1",
        "--diskVdev|--diskVdev 100", "--ipl|--ipl 100", "--logonby|--logonby x", "--requestid|--requestid x",
        "--objectid|--objectid x", "--imagename", "--osimage",
    ]),
    Command {
        partial: NO_MONITOR,
        ..full("monadd", "rest-and-xcatd 1.9.13", &["|x", "-n|x -n", "-s|x -s a=b"])
    },
    Command { partial: NO_MONITOR, ..full("moncfg", "rest-and-xcatd 1.9.13", &["|x", "-r|x -r"]) },
    Command { partial: NO_MONITOR, ..full("mondeconfig", "rest-and-xcatd 1.9.13", &["|x", "-r|x -r"]) },
    Command { partial: NO_MONITOR, ..full("monls", "rest-and-xcatd 1.9.13", &["|"]) },
    Command { partial: NO_MONITOR, ..full("monrm", "rest-and-xcatd 1.9.13", &["|x"]) },
    Command { partial: NO_MONITOR, ..full("monstart", "rest-and-xcatd 1.9.13", &["|x", "-r|x -r"]) },
    Command { partial: NO_MONITOR, ..full("monstop", "rest-and-xcatd 1.9.13", &["|x", "-r|x -r"]) },
    full("nodeadd", "rest-and-xcatd 4.7", &["|n9 groups=all"]),
    full("nodech", "rest-and-xcatd 4.7", &[
        "table.column=value|hosts.comments=x", "table.column,=value|nodelist.groups,=x",
        "table.column^=value|nodelist.groups^=x", "groups|groups=all", "tags|tags=all", "mgt|mgt=zvm", "-d|-d hosts",
    ]),
    full("nodegrpch", "rest-and-xcatd 1.9.7", &["|all hosts.comments=x"]),
    full("nodels", "rest-and-xcatd 4.7", &[
        "|", "table.column|nodetype.os", "table|nodetype", "groups", "mgt", "table.column==value|nodetype.os==x",
        "table.column!=value|nodetype.os!=x", "table.column=~value|nodetype.os=~x", "table.column!~value|nodetype.os!~x",
        "-H|-H nodetype.os", "-S",
    ]),
    full("noderange", "rest-and-xcatd 3.3", &["|"]),
    full("noderm", "rest-and-xcatd 4.7", &["|"]),
    full("nodeset", "guests 13", &[
        "install", "statelite", "netboot", "sysclone", "osimage=|netboot osimage=rhel7.2-s390x-netboot-default",
        "device=|netboot device=0100", "transport=|netboot transport=/tmp/x", "remotehost=|netboot remotehost=root@x",
    ]),
    full("nodestat", "rest-and-xcatd 4.10", &["|"]),
    full("regnotif", "rest-and-xcatd 1.9.14", &["-o|x y -o u"]),
    full("revacuate", "rest-and-xcatd 3.5", &["|"]),
    full("reventlog", "guests 15", &["-s|-s /var/log/messages", "-t|-s /var/log/messages -t /tmp", "-c|-s /var/log/messages -c", "-o|-s /var/log/messages -o x"]),
    full("rinv", "scsi-pools 4, guests 9", &[
        "config", "all", "--diskpoolnames", "--diskpoolspace", "--diskpool", "--fcpdevices", "--luns", "--wwpns",
        "--freefcp", "--networknames", "--getnetworknames", "--network", "--getnetwork", "--ssi", "--smapilevel",
        "--scsidisk", "--systemdisk", "--systemdiskaccessibility", "--vlanstats", "--vswitchstats", "--responsedata",
        "--userprofilenames", "--zfcppoolnames", "--zfcppool",
    ]),
    full("rinv (guest)", "guests 9", &[
        "config", "all", "cpumem", "cpumempowerstat", "--freerepospace", "--consoleoutput",
    ]),
    full("rmdef", "rest-and-xcatd 4.6", &["-t|-t node -o opnstk3", "-o|-o opnstk3", "-a|-t network -a", "-V|-V -o opnstk3", "-h"]),
    full("rmigrate", "guests 12", &[
        "destination=|destination=x action=TEST", "action=|destination=x action=TEST",
        "max_total=|destination=x action=TEST max_total=1", "max_quiesce=|destination=x action=TEST max_quiesce=1",
        "immediate=|destination=x action=TEST immediate=YES", "force=|destination=x action=TEST force=ARCHITECTURE",
    ]),
    full("rmimage", "rest-and-xcatd 4.14", &["|rhel7.2-s390x-netboot-default", "-v|-v rhel7.2-s390x-netboot-default", "-x|-x rhel7.2-s390x-netboot-default"]),
    full("rmvm", "guests 11", &["|", "-r", "--service", "--requestid|--requestid x", "--objectid|--objectid x"]),
    full("rnetboot", "guests 14", &["ipl=|ipl=100"]),
    full("rnoderange", "rest-and-xcatd 4.7", &["|"]),
    full("rpower", "guests 7", &["on", "off", "softoff", "stat", "reset", "reboot", "pause", "unpause", "isreachable"]),
    Command {
        declined: &[("", "what it finds depends on the whole directory and is not specified")],
        ..full("rscan", "rest-and-xcatd 1.9.1", &["|"])
    },
    full("renergy, rvitals, rbootseq, rsetboot", "rest-and-xcatd 1.9.1", &["|"]),
    full("tabch", "rest-and-xcatd 4.5", &[
        "table.column=value|node=opnstk1 hosts.comments=x", "table.column+=value|node=opnstk1 nodelist.groups+=x",
        "-d|-d node=opnstk1 hosts", "-h", "-v",
    ]),
    Command {
        partial: &[("-d", "the descriptions of the columns")],
        ..full("tabdump", "rest-and-xcatd 4.3", &[
            "|", "table|site", "-d|-d site", "-w|-w key==master site", "-n|-n 1 auditlog", "-f|-f /tmp/x site",
        ])
    },
    full("tabprune", "rest-and-xcatd 1.9.12", &["-V|-V -a auditlog", "-n|-n 1 auditlog", "-p|-p 1 auditlog", "-i|-i 1 auditlog", "-a|-a auditlog"]),
    full("unregnotif", "rest-and-xcatd 1.9.14", &["|x"]),
    Command {
        partial: &[
            ("-F", "copying what the list of an rsync file names"),
            ("-i", "copying into an image"),
            ("-q", "a listing of the context"),
            ("-t", "a copy that takes too long: nothing waits"),
            ("-f", "more than one node at a time"),
            ("-r", "another program than scp"),
        ],
        ..full("xdcp", "rest-and-xcatd 4.13", &[
            "|/etc/hosts /tmp/x", "-f|-f 1 /etc/hosts /tmp/x", "-i|-i /x /etc/hosts /tmp/x", "-o|-o -q /etc/hosts /tmp/x",
            "-F|-F /etc/hosts /tmp/x", "-p|-p /etc/hosts /tmp/x", "-P|-P /etc/hosts /tmp/x", "-q|-q /etc/hosts /tmp/x",
            "-r|-r scp /etc/hosts /tmp/x", "-R|-R /etc/hosts /tmp/x", "-t|-t 1 /etc/hosts /tmp/x",
        ])
    },
    Command {
        partial: &[
            ("-f", "more than one node at a time"),
            ("-K", "setting up keys"),
            ("-i", "running in an image"),
            ("-q", "a listing of the context"),
            ("-t", "a command that takes too long: nothing waits"),
            ("-r", "another shell than ssh"),
            ("-X", "leaving out single variables"),
        ],
        ..full("xdsh", "rest-and-xcatd 4.13", &[
            "|date", "--devicetype|--devicetype x date", "-e|-e /etc/hosts", "-E|-E /etc/hosts date", "-f|-f 1 date",
            "-L|-L date", "-l|-l root date", "-m|-m date", "-o|-o -q date", "-q|-q date", "-Q|-Q date", "-r|-r ssh date",
            "-S|-S ksh date", "-t|-t 1 date", "-X|-X a date", "-K|-K date", "-i|-i /x date", "-z|-z date",
        ])
    },
];

const CAPTURE: &[(&str, &str)] = &[
    ("-p", "the lines under way and the remote commands"),
    ("-o", "the lines under way and the remote commands"),
    ("-i", "it is of no effect"),
    ("-n", "it is of no effect"),
    ("-d", "the lines under way and the remote commands"),
    ("-c", "it is of no effect"),
];

const NO_MONITOR: &[(&str, &str)] = &[
    ("", "a monitor that runs"),
    ("-n", "a monitor that runs"),
    ("-r", "a monitor that runs"),
    ("-s", "a monitor that runs"),
];

/// Every command and option.
pub(super) fn entries() -> impl Iterator<Item = Entry> {
    COMMANDS.iter().flat_map(|command| {
        command.options.iter().map(move |text| {
            let (name, probe) = text.split_once('|').unwrap_or((text, text));
            let listed = |list: &'static [(&str, &'static str)]| {
                list.iter().find(|(n, _)| *n == name).map(|(_, why)| *why)
            };
            let state = match (listed(command.declined), listed(command.partial)) {
                (Some(reason), _) => State::Declined { reason },
                (None, Some(missing)) => State::Partial { missing },
                (None, None) => State::Full,
            };
            Entry {
                area: Area::Command,
                group: command.name,
                name,
                spec: command.spec,
                state,
                probe,
            }
        })
    })
}
