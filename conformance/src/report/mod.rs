//! Views of a run's result.

mod html;
mod json;
mod junit;
mod markdown;
mod terminal;

pub use html::html;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use terminal::{Progress, summary};
