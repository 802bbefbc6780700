//! Mistakes of authentication and policy.

use super::defect::Area::Security;
use super::defect::Mistake::Request as Admission;
use super::defect::{Defect, defect};
use crate::mn::Request;

/// The defects.
#[rustfmt::skip]
pub const DEFECTS: &[Defect] = &[
    defect("security/password-ignored", "Any password is accepted", Security, "security/password/wrong", Admission(|r| if r.credentials.is_some() { as_root(r); })),
    defect("security/anonymous-admitted", "A request without credentials runs with the front end's own rights", Security, "security/anonymous/nobody", Admission(|r| if r.credentials.is_none() { as_root(r); })),
    defect("security/password-letters-folded", "A password is compared without regard to capitals", Security, "security/password/case", Admission(|r| password(r, str::to_lowercase))),
    defect("security/password-cut", "A password is compared by its first five characters", Security, "security/password/prefix", Admission(|r| password(r, |p| p.chars().take(5).collect()))),
    defect("security/policy-not-for-chvm", "Everybody may change guests", Security, "security/policy/guest-refused", Admission(|r| if r.command.as_deref() == Some("chvm") { as_root(r); })),
    defect("security/policy-not-for-chhypervisor", "Everybody may change pools", Security, "security/policy/pool-refused", Admission(|r| if r.command.as_deref() == Some("chhypervisor") { as_root(r); })),
    defect("security/reading-refused", "The second account may not read what its policy allows", Security, "security/policy/read-allowed", Admission(|r| if r.command.as_deref() == Some("lsdef") { password(r, |p| if p == "viewer" { String::new() } else { p.to_owned() }); })),
    defect("security/user-unknown-admitted", "A user without a password in the table is admitted", Security, "security/user/unknown", Admission(|r| if r.credentials.as_ref().is_some_and(|c| c.user != "admin" && c.user != "viewer") { as_root(r); })),
];

/// The request comes as if the front end itself had sent it.
fn as_root(request: &mut Request) {
    request.credentials = None;
    request.certificate = Some("root".to_owned());
}

fn password(request: &mut Request, change: impl Fn(&str) -> String) {
    if let Some(credentials) = &mut request.credentials {
        credentials.password = change(&credentials.password);
    }
}
