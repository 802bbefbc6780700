//! One module per REST resource: each turns a call into one xCAT request (spec: rest-and-xcatd 1.9).

mod catalog;
mod hypervisor;
mod nodes;
mod vms;

pub(super) use catalog::{Handler, debug_prefix, handler, is_table_dump, root_page};
