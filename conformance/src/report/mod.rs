//! Views of a run's result.

mod compare;
mod har;
mod html;
mod json;
mod junit;
mod markdown;
mod terminal;

pub use compare::{Change, changes, diff, matrix};
pub use har::har;
pub use html::html;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use terminal::{Progress, summary};
