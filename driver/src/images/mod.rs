//! Images in and out: the FCP disk image, the bundle in which the MN takes and gives it, and the services at either end
//! (spec: driver 2.7).
//!
//! What comes from elsewhere is not trusted: a bundle can neither write outside the work area nor grow without bound (I22).

mod bundle;
mod disk_image;
mod key;
mod mover;
mod service;
mod work;

pub use bundle::{Bundle, BundleError, profile_name};
pub use disk_image::{DiskImage, DiskImageError, HEADER, Packing};
pub(crate) use key::public_key;
pub use mover::{FileMover, Offer, ThisMachine};
pub use service::{DiskFormat, FolderImages, ImageMeta, ImageService};
pub use work::WorkFolder;
