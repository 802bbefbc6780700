//! The kit as its users see it: against the embedded simulator, against a served one, and against deliberate defects.

mod commands;
mod defects;
mod embedded;
mod killed;
mod served;
