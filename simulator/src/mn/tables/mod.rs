//! What the tables mean: their columns, how rows are written, which attributes objects have, conditions on values.

pub mod attributes;
pub mod filter;
mod rows;
pub mod schema;

pub use rows::{DbError, write_row};
