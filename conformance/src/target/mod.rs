//! What is certified, seen only through the doors that a real management node has.

mod answer;
mod client;
mod control;
mod embedded;
mod evidence;
mod inventory;
mod open;
mod request;
mod secret;
mod secrets;

pub use answer::Answer;
pub use client::{Account, Client, ClientError, Trust};
pub use control::Control;
pub use embedded::{INVENTORY, SPARE_LUNS, site_text};
pub use evidence::{Exchange, Phase};
pub use inventory::{Distribution, Fcp, Guest, GuestState, Inventory, InventoryError, LentLun};
pub use open::{Behaviour, Embedded, Release, Remote, Session, Target, TargetError};
pub use request::{Auth, Method, Request, decode, encode};
pub use secret::Secret;
pub use secrets::{Secrets, SecretsError};
