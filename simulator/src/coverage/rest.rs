//! Resources, methods and sub-resources of the REST program (spec: rest-and-xcatd 1.9).

use super::{Area, Entry, State};

const METHODS: &[(&str, &str, &str)] = &[
    // Resource, section, methods and paths; `?` separates the parameters and `|` the body of the probe.
    ("root", "1.9.0", "GET /"),
    (
        "nodes",
        "1.9.1",
        "GET /nodes;GET /nodes/{nr};GET /nodes/{nr}/power;GET /nodes/{nr}/energy;GET /nodes/{nr}/status;GET /nodes/{nr}/inventory;GET /nodes/{nr}/vitals;GET /nodes/{nr}/scan;PUT /nodes/{nr}|[\"hosts.comments=x\"];PUT /nodes/{nr}/power|[\"stat\"];PUT /nodes/{nr}/energy|[\"x\"];PUT /nodes/{nr}/bootstat|[\"netboot\"];PUT /nodes/{nr}/bootstate|[\"netboot\"];PUT /nodes/{nr}/bootseq|[\"x\"];PUT /nodes/{nr}/setboot|[\"x\"];PUT /nodes/{nr}/migrate|[\"x\"];PUT /nodes/{nr}/execcmdonvm|[\"date\"];PUT /nodes/{nr}/dsh|[\"command=date\"];PUT /nodes/{nr}/dcp|[\"source=/etc/hosts\",\"target=/tmp/x\"];POST /nodes/{nr}|[\"groups=all\"];DELETE /nodes/{nr}",
    ),
    (
        "vms",
        "1.9.2",
        "GET /vms/{nr};POST /vms/{nr}|[\"userid=x\"];PUT /vms/{nr}|[\"--setipl 100\"];DELETE /vms/{nr}",
    ),
    (
        "hypervisor",
        "1.9.3",
        "PUT /hypervisor/{nr}|[\"--resetsmapi\"];PUT /hypervisor/{nr}/{command}|[\"stat\"]",
    ),
    (
        "tables",
        "1.9.4",
        "GET /tables;GET /tables/{table};GET /tables/{table}?col=node&value=x&attribute=y;PUT /tables/{table}|[\"node=opnstk1 hosts.comments=x\"];PATCH /tables/{table}?putData=condition=node=opnstk1&putData=value=hosts.comments=x",
    ),
    (
        "images",
        "1.9.5",
        "GET /images;GET /images/{image};POST /images/capture|[\"nodename=opnstk1\"];POST /images/export|[\"osimage=x\"];POST /images/import|[\"osimage=x\"];PUT /images/{image}/check;DELETE /images/{image}",
    ),
    (
        "networks",
        "1.9.6",
        "GET /networks;GET /networks/{network};POST /networks/{network}|[\"net=10.1.0.0\"];PUT /networks/{network}|[\"gateway=10.1.0.1\"];PUT /networks/makehosts;PUT /networks/makedns;DELETE /networks/{network}",
    ),
    (
        "groups",
        "1.9.7",
        "GET /groups;GET /groups/{group};POST /groups/{group}|nodeRange=opnstk1;PUT /groups/{group}|fields=x&field=hosts.comments=x;PUT /groups/{group}?command=4dsh|command=4dsh&path=/tmp;DELETE /groups/{group}",
    ),
    ("site", "1.9.8", "GET /site;PUT /site|[\"ntpservers=x\"]"),
    (
        "policies",
        "1.9.9",
        "GET /policies;GET /policies/{priority};POST /policies/{priority}|rule=allow;PUT /policies/{priority}|rule=allow;PATCH /policies/{priority}|rule=allow;DELETE /policies/{priority}",
    ),
    (
        "accounts",
        "1.9.10",
        "GET /accounts;GET /accounts?key=system;POST /accounts|key=x&username=y;PUT /accounts|key=x&username=y;PATCH /accounts|key=x&username=y;DELETE /accounts?key=x;GET /accounts?clusterUser=x;POST /accounts?clusterUser|clusterUser=x&userName=y&userPass=z;PUT /accounts?clusterUser|clusterUser=x;DELETE /accounts?clusterUser=x",
    ),
    (
        "objects",
        "1.9.11",
        "GET /objects;GET /objects/{type};GET /objects/{type}/{object};POST /objects|objectType=node&objectName=n9&field=groups=all;PUT /objects|objectType=node&objectName=opnstk1&field=usercomment=x;DELETE /objects/{type}/{object}",
    ),
    (
        "logs",
        "1.9.12",
        "GET /logs/{log};GET /logs/reventLog?nodeRange=opnstk1;PUT /logs/{log};PUT /logs/reventlog|nodeRange=opnstk1;POST /logs/diagnostics?nodeRange=opnstk1|[\"reason=x\"]",
    ),
    (
        "monitors",
        "1.9.13",
        "GET /monitors;GET /monitors/{monitor};POST /monitors/{monitor};DELETE /monitors/{monitor};PUT /monitors/{monitor}?action=start|action=start;PUT /monitors/{monitor}?action=stop|action=stop;PUT /monitors/{monitor}?action=config|action=config;PUT /monitors/{monitor}?action=deconfig|action=deconfig",
    ),
    (
        "notifications",
        "1.9.14",
        "GET /notifications;GET /notifications?fileName=x;POST /notifications|fileName=x&table=y&operation=u;DELETE /notifications?fileName=x",
    ),
    (
        "version",
        "1.9.15",
        "GET /version;PUT /version;POST /version;DELETE /version",
    ),
    ("debug", "1.9.16", "PUT /debug|[\"x\"]"),
];

/// What is not full.
const STATES: &[(&str, State)] = &[
    (
        "PUT /images/{image}/check",
        State::Partial {
            missing: "what chkosimage says of an image that is there: the command is for AIX images",
        },
    ),
    (
        "PUT /groups/{group}?command=4dsh|command=4dsh&path=/tmp",
        State::Partial {
            missing: "the files that groupfiles4dsh writes: no client of z/VM asks for them",
        },
    ),
    (
        "PUT /monitors/{monitor}?action=start|action=start",
        NO_MONITOR,
    ),
    (
        "PUT /monitors/{monitor}?action=stop|action=stop",
        NO_MONITOR,
    ),
    (
        "PUT /monitors/{monitor}?action=config|action=config",
        NO_MONITOR,
    ),
    (
        "PUT /monitors/{monitor}?action=deconfig|action=deconfig",
        NO_MONITOR,
    ),
];

const NO_MONITOR: State = State::Partial {
    missing: "a monitor that runs: starting, stopping and configuring one says nothing",
};

/// What the web server does around the program.
const AROUND: &[(&str, &str, State)] = &[
    ("JSON, XML and HTML", "2.4 to 2.6", State::Full),
    ("credentials in headers and query", "1.5", State::Full),
    ("two parsers of the query", "1.3", State::Full),
    (
        "multipart forms",
        "1.4",
        State::Declined {
            reason: "no client sends them; such a body is taken as empty",
        },
    ),
    (
        "pages of the web server for crashes and encoded slashes",
        "1.8",
        State::Full,
    ),
    (
        "redirection from plain HTTP",
        "1.1",
        State::Declined {
            reason: "the door speaks HTTPS, or HTTP when that is asked for, and not both",
        },
    ),
    (
        "the newer REST program below /xcatwsv2",
        "7",
        State::Declined {
            reason: "of little use for z/VM nodes, as its specification says; no z/VM client asks it",
        },
    ),
];

/// Every entry of the REST program.
pub(super) fn entries() -> impl Iterator<Item = Entry> {
    let resources = METHODS.iter().flat_map(|(group, spec, methods)| {
        methods.split(';').map(move |probe| {
            let state = STATES
                .iter()
                .find(|(name, _)| *name == probe)
                .map_or(State::Full, |(_, state)| *state);
            Entry {
                area: Area::Rest,
                group,
                name: probe.split('|').next().unwrap_or(probe),
                spec,
                state,
                probe,
            }
        })
    });
    let around = AROUND.iter().map(|(name, spec, state)| Entry {
        area: Area::Rest,
        group: "around",
        name,
        spec,
        state: *state,
        probe: "",
    });
    resources.chain(around)
}
