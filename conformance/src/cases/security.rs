//! Authentication (spec: driver 6.2 SEC).

use crate::target::{Auth, Request};
use crate::{Case, CaseContext, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("security/password/wrong", "A wrong password is refused with 401 and 'Authentication failure'", Must [Core], "driver" "6.2 SEC-01", ReadOnly [], wrong_password),
    case!("security/user/unknown", "An unknown user is refused with 401 and 'Authentication failure'", Must [Core], "driver" "6.2 SEC-01", ReadOnly [], unknown_user),
    case!("security/header/accepted", "Credentials in headers are accepted", Should [Core], "driver" "6.2 SEC-03", ReadOnly [], headers),
    case!("security/anonymous/no-user", "A call without user is refused", Must [Core], "driver" "6.2 SEC-14", ReadOnly [], no_user),
    case!("security/anonymous/no-password", "A call without password is refused", Must [Core], "driver" "6.2 SEC-14", ReadOnly [], no_password),
    case!("security/anonymous/zero-password", "The password 0 is refused", Must [Core], "driver" "6.2 SEC-14", ReadOnly [], zero_password),
    case!("security/anonymous/nobody", "A call without user and password is refused", Must [Core], "driver" "6.2 SEC-14", ReadOnly [], nobody),
    case!("security/password/encoded", "A percent-encoded password is decoded", Must [Core], "driver" "6.2 SEC-04", ReadOnly [], encoded),
    case!("security/password/not-echoed", "No answer holds the password that was sent", Must [Core], "driver" "6.2 SEC-09", ReadOnly [], not_echoed),
    case!("security/refusal/not-json", "A refusal says so in plain words whatever the format", Should [Core], "rest-and-xcatd" "1.7", ReadOnly [], refusal_format),
];

fn given(user: Option<&str>, password: Option<&str>) -> Auth {
    let user = user.map(|u| ("userName", u.to_owned()));
    let password = password.map(|p| ("password", p.to_owned()));
    Auth::Given(user.into_iter().chain(password).collect())
}

async fn with(
    c: &CaseContext,
    user: Option<&str>,
    password: Option<&str>,
) -> Result<crate::target::Answer, Stop> {
    c.send(Request::get("/nodes").with_auth(given(user, password)))
        .await
}

async fn wrong_password(c: &mut CaseContext) -> Result<(), Stop> {
    let user = c.account().user.clone();
    let a = with(c, Some(&user), Some("kit-wrong")).await?;
    c.status("status", &a, 401)?;
    c.check(
        "text",
        a.body.contains("Authentication failure"),
        "'Authentication failure'",
        || a.summary(),
    )
}

async fn unknown_user(c: &mut CaseContext) -> Result<(), Stop> {
    let user = c.name();
    let a = with(c, Some(&user), Some("kit-wrong")).await?;
    c.status("status", &a, 401)?;
    c.check(
        "text",
        a.body.contains("Authentication failure"),
        "'Authentication failure'",
        || a.summary(),
    )
}

async fn headers(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c
        .send(Request::get("/nodes").with_auth(Auth::Headers))
        .await?;
    c.status("status", &a, 200)
}

async fn no_user(c: &mut CaseContext) -> Result<(), Stop> {
    let password = c.account().password.reveal().to_owned();
    let a = with(c, None, Some(&password)).await?;
    c.status("refused", &a, 401)
}

async fn no_password(c: &mut CaseContext) -> Result<(), Stop> {
    let user = c.account().user.clone();
    let a = with(c, Some(&user), None).await?;
    c.status("refused", &a, 401)
}

async fn zero_password(c: &mut CaseContext) -> Result<(), Stop> {
    let user = c.account().user.clone();
    let a = with(c, Some(&user), Some("0")).await?;
    c.status("refused", &a, 401)
}

async fn nobody(c: &mut CaseContext) -> Result<(), Stop> {
    let a = with(c, None, None).await?;
    c.status("refused", &a, 401)
}

async fn encoded(c: &mut CaseContext) -> Result<(), Stop> {
    // The client encodes whatever needs it; encoding more than needed must not matter, so the first letter is encoded
    // by hand and must be decoded on the other side.
    let account = c.account().clone();
    let right = with(c, Some(&account.user), Some(account.password.reveal())).await?;
    c.status("plain", &right, 200)?;
    let wrong = format!("{}&%+# =", account.password.reveal());
    let a = with(c, Some(&account.user), Some(&wrong)).await?;
    c.status("whole-password", &a, 401)
}

async fn not_echoed(c: &mut CaseContext) -> Result<(), Stop> {
    let secret = "kit-sEcret-9f3a";
    let user = c.account().user.clone();
    for path in ["/nodes", "/version", "/nosuchthing", "/hypervisor"] {
        let request = Request::get(path).with_auth(given(Some(&user), Some(secret)));
        let a = c.send(request).await?;
        c.check(
            "echo",
            !a.body.contains(secret),
            "an answer without the password",
            || format!("{path} echoes the password"),
        )?;
    }
    Ok(())
}

async fn refusal_format(c: &mut CaseContext) -> Result<(), Stop> {
    let user = c.account().user.clone();
    for format in [Some("json"), Some("xml"), Some("html")] {
        let request = Request::get("/nodes")
            .with_format(format)
            .with_auth(given(Some(&user), Some("kit-wrong")));
        let a = c.send(request).await?;
        c.status("status", &a, 401)?;
        c.check(
            "text",
            a.body.contains("Authentication failure"),
            "'Authentication failure' in every format",
            || a.summary(),
        )?;
    }
    Ok(())
}
