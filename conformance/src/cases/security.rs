//! Authentication (spec: driver 6.2 SEC).

use crate::target::GuestState;
use crate::target::{Auth, Request};
use crate::{Case, CaseContext, Need, Stop};

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
    case!("security/header/query-wins", "Credentials in the query override those in headers", Must [Core], "rest-and-xcatd" "1.5", ReadOnly [], query_wins),
    case!("security/policy/read-allowed", "The second account may read what its policy allows", Must [Core], "rest-and-xcatd" "3.7", ReadOnly [Need::RestrictedAccount, Need::Hypervisor], policy_read),
    case!("security/policy/guest-refused", "The second account may not change a guest: 401 and 'Permission denied'", Must [Core], "driver" "6.2 SEC-02", Destructive [Need::RestrictedAccount, Need::StoppedGuests(1), Need::FcpDevices(1)], policy_guest),
    case!("security/policy/guest-unchanged", "A refused change leaves the guest's directory entry as it was", Must [Core], "driver" "6.2 SEC-02", Destructive [Need::RestrictedAccount, Need::StoppedGuests(1), Need::FcpDevices(1)], policy_unchanged),
    case!("security/policy/pool-refused", "The second account may not change a pool, and the pool stays as it was", Must [Core], "driver" "6.2 SEC-02", Reversible [Need::RestrictedAccount, Need::Hypervisor], policy_pool),
    case!("security/policy/before-node", "What a policy refuses is refused whether or not the node exists", Should [Core], "rest-and-xcatd" "3.3", ReadOnly [Need::RestrictedAccount], policy_before_node),
    case!("security/password/policies-echo", "The list of policies shows nothing of the request, which holds the caller's password", Should [Core], "rest-and-xcatd" "6 RQ9", ReadOnly [], policies_echo),
    case!("security/password/accounts-hashed", "The list of accounts shows no password in clear", Must [Core], "rest-and-xcatd" "3.6", ReadOnly [], accounts_hashed),
    case!("security/password/case", "A password in other letters is another password", Must [Core], "driver" "6.2 SEC-01", ReadOnly [], password_case),
    case!("security/password/prefix", "A password with something behind it is another password", Must [Core], "driver" "6.2 SEC-01", ReadOnly [], password_prefix),
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

async fn query_wins(c: &mut CaseContext) -> Result<(), Stop> {
    // The client puts the target's own account into the headers only; the query's wrong one must win.
    let user = c.account().user.clone();
    let wrong = with(c, Some(&user), Some("kit-wrong")).await?;
    c.status("wrong", &wrong, 401)?;
    let a = c
        .send(
            Request::get("/nodes")
                .with_auth(Auth::HeadersAnd(vec![("password", "kit-wrong".to_owned())])),
        )
        .await?;
    c.status("query-wins", &a, 401)
}

fn second(c: &CaseContext) -> Result<Auth, Stop> {
    let (user, password) = c.restricted()?;
    Ok(given(Some(&user), Some(password.reveal())))
}

async fn policy_read(c: &mut CaseContext) -> Result<(), Stop> {
    let auth = second(c)?;
    let host = c.host()?.to_owned();
    let a = c
        .send(Request::get(format!("/nodes/{host}")).with_auth(auth))
        .await?;
    c.status("status", &a, 200)
}

fn refused(c: &CaseContext, a: &crate::target::Answer) -> Result<(), Stop> {
    c.status("status", a, 401)?;
    c.check(
        "text",
        a.body.contains("Permission denied"),
        "'Permission denied'",
        || a.summary(),
    )
}

async fn change_guest(
    c: &mut CaseContext,
) -> Result<(String, String, crate::target::Answer), Stop> {
    let auth = second(c)?;
    let node = c.guest(GuestState::Off, 0)?;
    let device = c.fcp(0)?.device;
    let line = format!("--dedicatedevice {device} {device} 0");
    let a = c
        .send(Request::put(format!("/vms/{node}"), &line).with_auth(auth))
        .await?;
    Ok((node, device, a))
}

async fn policy_guest(c: &mut CaseContext) -> Result<(), Stop> {
    let (_, _, a) = change_guest(c).await?;
    refused(c, &a)
}

async fn policy_unchanged(c: &mut CaseContext) -> Result<(), Stop> {
    let (node, device, _) = change_guest(c).await?;
    super::disk::dedicated_is(c, &node, &device, false).await
}

async fn policy_pool(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = c.pool_with(&[("free", "1G", "")]).await?;
    let before = c.pool(&pool).await?;
    let auth = second(c)?;
    let at = c.address();
    let line = format!("--addzfcp2pool {pool} free {} {} 1G", at.wwpn, at.lun);
    let a = c.send(c.hypervisor_request(&line)?.with_auth(auth)).await?;
    refused(c, &a)?;
    c.equal("unchanged", &c.pool(&pool).await?, &before)
}

async fn policy_before_node(c: &mut CaseContext) -> Result<(), Stop> {
    let auth = second(c)?;
    let node = c.name();
    let a = c
        .send(Request::put(format!("/vms/{node}"), "--nosuch").with_auth(auth))
        .await?;
    c.check(
        "refused",
        a.status == 401 || a.status == 403,
        "401 or 403",
        || a.summary(),
    )?;
    c.record("status", a.status.to_string());
    Ok(())
}

async fn policies_echo(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.get("/policies").await?;
    let account = c.account().clone();
    // A password that equals its user's name stands in the table as that name.
    let leaked =
        account.password.reveal() != account.user && a.body.contains(account.password.reveal());
    c.status("status", &a, 200)?;
    let dump = a.body.starts_with("request is ");
    let seen = match (dump, leaked) {
        (true, true) => "begins with a dump of the request, password included",
        (true, false) => "begins with a dump of the request",
        (false, true) => "holds the password",
        (false, false) => "holds neither the request nor the password",
    };
    c.check(
        "no-dump",
        !dump && !leaked,
        "policies, and nothing of the request",
        || seen.to_owned(),
    )
}

async fn accounts_hashed(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.get("/accounts").await?;
    c.status("status", &a, 200)?;
    let shown = c.account().password.reveal().to_owned();
    let user = c.account().user.clone();
    // A password that equals its user's name stands in the table as that name.
    let clear = shown != user && a.body.contains(&shown);
    c.check("hashed", !clear, "no password in clear", || {
        "the table of accounts holds the caller's password in clear".to_owned()
    })
}

async fn password_case(c: &mut CaseContext) -> Result<(), Stop> {
    let account = c.account().clone();
    let password = account.password.reveal();
    let other: String = if password == password.to_uppercase() {
        password.to_lowercase()
    } else {
        password.to_uppercase()
    };
    if other == password {
        return Err(Stop::Skip("the password has no letters".to_owned()));
    }
    let a = with(c, Some(&account.user), Some(&other)).await?;
    c.status("refused", &a, 401)
}

async fn password_prefix(c: &mut CaseContext) -> Result<(), Stop> {
    let account = c.account().clone();
    let longer = format!("{}x", account.password.reveal());
    let a = with(c, Some(&account.user), Some(&longer)).await?;
    c.status("longer", &a, 401)?;
    let mut shorter = account.password.reveal().to_owned();
    shorter.pop();
    let a = with(c, Some(&account.user), Some(&shorter)).await?;
    c.status("shorter", &a, 401)
}
