//! OpenStack volumes for z/VM over the REST interface of an xCAT management node (MN).
//!
//! Two halves share one client. The Cinder half ([`volumes`]) keeps volumes as rows of a SCSI pool file on a zHCP; the
//! Nova half ([`attachments`]) gives such a LUN to a Linux guest and takes it back. Beneath them lie [`client`] (what a
//! call means and whether it happened), [`pool`] (what a row says), [`fcp`] (which device serves which guest) and
//! [`steps`] (forward, roll back, journal).
//!
//! The driver meets an MN over HTTP and knows no other way; what it claims it has read back.
//!
//! # Embedding it
//!
//! A service reads a `cinder.conf` ([`config::Config`]; every key stands in `fixtures/cinder/all-keys.conf`), makes one
//! [`volumes::ZvmDriver`] for each back end and calls the methods of [`volumes::VolumeDriver`], which are Cinder's. A compute
//! service does the same with [`attachments::Nova`] and [`attachments::Attachments`]. What Cinder knows as exceptions is
//! [`Error`]; [`Error::exception`] gives the name.
//!
//! Everything that touches the outside can be replaced: [`client::Transport`] (HTTP), [`client::Clock`],
//! [`client::Observer`] (sees every call), [`images::ImageService`], [`images::FileMover`], [`steps::Records`]. Here the
//! management node is a function:
//!
//! ```
//! use std::sync::Arc;
//!
//! use futures_util::FutureExt as _;
//! use futures_util::future::BoxFuture;
//! use zvm_volume::client::{Client, Transport, TransportError, WireAnswer, WireRequest};
//! use zvm_volume::config::Config;
//! use zvm_volume::volumes::{VolumeDriver as _, ZvmDriver};
//!
//! struct Node;
//!
//! impl Transport for Node {
//!     fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, TransportError>> {
//!         let body = match request.path.as_str() {
//!             "/version" => r#"{"data":[{"data":["Version 2.13.9 (built Mon Apr 27 10:50:11 EDT 2015)"]}]}"#,
//!             "/nodes/zvm1" => r#"{"data":[{"info":["Object name: zvm1","    hcp=zhcp1.example.com"]}]}"#,
//!             "/tables/zvm" => r##"{"data":[{"data":["#node,hcp,userid,nodetype,parent,comments,disable","\"zhcp1\",\"zhcp1.example.com\",\"ZHCP\",\"vm\",\"zvm1\",,"]}]}"##,
//!             _ => r##"{"data":[{"info":["zvm1: #status,wwpn,lun,size,range,owner,channel,tag\nzvm1: free,5005076801102991,0021000000000000,10G,5E12-5E12,,,"]}]}"##,
//!         };
//!         let answer = WireAnswer { status: 200, body: body.as_bytes().to_vec() };
//!         std::future::ready(Ok(answer)).boxed()
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let config = Config::parse(&format!(
//!     "zvm_xcat_server = mn.example.com\nzvm_xcat_username = cinder\nzvm_xcat_password = secret\n\
//!      zvm_host = zvm1\nzvm_scsi_pool = scsipol1\nzvm_state_dir = {}\n",
//!     folder.path().display()
//! ))?;
//! let backend = &config.backends[0];
//! let client = Client::builder(backend).transport(Arc::new(Node)).build()?;
//! let driver = ZvmDriver::builder(backend).client(client).build()?;
//! driver.do_setup().await?;
//! driver.check_for_setup_error().await?;
//! let stats = driver.get_volume_stats(true).await?;
//! assert_eq!(stats.figures.free_capacity_gb, 10.0);
//! # Ok(()) }
//! ```
//!
//! `examples/attach.rs` goes the whole way of a volume through both halves.

pub mod attachments;
mod blocking;
pub mod cli;
pub mod client;
pub mod config;
mod error;
pub mod fcp;
pub mod images;
pub mod pool;
mod secret;
pub mod steps;
pub mod types;
pub mod volumes;

pub use error::{Error, ImageFault, Result, StepError};
pub use secret::Secret;
