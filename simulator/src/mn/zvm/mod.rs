//! Routines that the z/VM commands share.
