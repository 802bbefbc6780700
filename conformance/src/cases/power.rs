//! Power of guests (spec: guests 7).

use super::disk::{off, power, power_state, running, start, until_reachable};
use super::needs::{G1, O1};
use crate::target::Request;
use crate::{Case, CaseContext, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("power/stat/on", "A running guest is on", Must [Attach], "guests" "7", ReadOnly [G1], stat_on),
    case!("power/stat/off", "A shut-down guest is off", Must [Attach], "guests" "7", ReadOnly [O1], stat_off),
    case!("power/stat/get", "GET and PUT give the same state", Must [Core], "rest-and-xcatd" "1.9.1", ReadOnly [G1], stat_get),
    case!("power/reachable/off", "A shut-down guest is unreachable, as information and not as an error", Must [Attach], "guests" "7", ReadOnly [O1], reachable_off),
    case!("power/on/confirmed", "Starting a guest is confirmed, and it is on", Must [Attach], "guests" "7", Destructive [O1], on_confirmed),
    case!("power/on/reachable", "A started guest becomes reachable", Must [Attach], "guests" "7", Destructive [O1], on_reachable),
    case!("power/on/twice", "Starting a running guest is refused with 200/8", Must [Attach], "guests" "7", Destructive [O1], on_twice),
    case!("power/off/confirmed", "Stopping a guest is confirmed, and it is off", Must [Attach], "guests" "7", Destructive [O1], off_confirmed),
    case!("power/off/twice", "Stopping a stopped guest says so and is no error", Must [Attach], "guests" "7", Destructive [O1], off_twice),
    case!("power/refused/operand", "An unknown power operand is refused", Must [Core], "guests" "7", Destructive [O1], operand),
    case!("power/refused/none", "A power request without operand is a bad request", Must [Core], "rest-and-xcatd" "1.9.1", Destructive [O1], no_operand),
];

async fn stat_on(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let state = power_state(c, &node).await?;
    c.equal("state", &state.as_str(), &"on")
}

async fn stat_off(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let state = power_state(c, &node).await?;
    c.equal("state", &state.as_str(), &"off")
}

async fn stat_get(c: &mut CaseContext) -> Result<(), Stop> {
    let node = running(c)?;
    let put = power(c, &node, "stat").await?;
    let get = c.get(format!("/nodes/{node}/power")).await?;
    c.equal("same", &get.info(), &put.info())?;
    c.check("some", !get.info().is_empty(), "a state", || get.summary())
}

async fn reachable_off(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let a = power(c, &node, "isreachable").await?;
    c.equal("lines", &a.info(), &vec![format!("{node}: unreachable")])?;
    c.check(
        "no-error",
        a.errors().is_empty(),
        "no error element",
        || a.summary(),
    )
}

async fn on_confirmed(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let a = start(c, &node).await?;
    c.check(
        "confirmed",
        a.info()
            .iter()
            .any(|l| l.contains("Activating ") && l.contains("... Done")),
        "'Activating … Done' as information",
        || a.summary(),
    )?;
    let state = power_state(c, &node).await?;
    c.equal("state", &state.as_str(), &"on")
}

async fn on_reachable(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    start(c, &node).await?;
    until_reachable(c, &node).await
}

async fn on_twice(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    start(c, &node).await?;
    let a = power(c, &node, "on").await?;
    c.refuses("refused", &a, "Image already active")?;
    c.refuses("code", &a, "Return Code: 200")
}

async fn off_confirmed(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    start(c, &node).await?;
    let a = power(c, &node, "off").await?;
    c.check(
        "confirmed",
        a.info()
            .iter()
            .any(|l| l.contains("Stopping ") && l.contains("... Done")),
        "'Stopping … Done' as information",
        || a.summary(),
    )?;
    let state = power_state(c, &node).await?;
    c.equal("state", &state.as_str(), &"off")
}

async fn off_twice(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let a = power(c, &node, "off").await?;
    c.check(
        "says-so",
        a.info().iter().any(|l| l.contains("already logged off.")) && a.errors().is_empty(),
        "'already logged off.' as information",
        || a.summary(),
    )
}

async fn operand(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let a = power(c, &node, "--nosuch").await?;
    c.refuses("refused", &a, "(Error) Option not supported")
}

async fn no_operand(c: &mut CaseContext) -> Result<(), Stop> {
    let node = off(c)?;
    let request =
        Request::new(crate::target::Method::Put, format!("/nodes/{node}/power")).with_args(&[]);
    let a = c.send(request).await?;
    c.status("status", &a, 400)?;
    c.check(
        "text",
        a.body.contains("No power operands were supplied."),
        "'No power operands were supplied.'",
        || a.summary(),
    )
}
