//! One module per REST resource: each turns a call into one xCAT request (spec: rest-and-xcatd 1.9).

mod accounts;
mod catalog;
mod debug;
mod groups;
mod hypervisor;
mod images;
mod logs;
mod monitors;
mod networks;
mod nodes;
mod notifications;
mod objects;
mod policies;
mod site;
mod tables;
mod version;
mod vms;

pub(super) use catalog::{Handler, debug_prefix, handler, is_table_dump, root_page};
