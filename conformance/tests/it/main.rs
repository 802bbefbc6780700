//! The kit as its users see it: against the embedded simulator, against a served one, and against deliberate defects.

mod bench;
mod commands;
mod defects;
mod embedded;
mod killed;
mod runner;
mod served;
mod statuses;
