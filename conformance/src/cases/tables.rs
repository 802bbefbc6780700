//! Nodes, tables, groups and the site as REST clients use them (spec: rest-and-xcatd 1.9, 4).

use crate::target::{Answer, Method, Request};
use crate::{Case, CaseContext, Need, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("tables/node/create", "A node can be defined, with status 201", Must [Core], "rest-and-xcatd" "1.9.1", Reversible [], create),
    case!("tables/node/read-back", "A defined node is read back with its attributes", Must [Core], "rest-and-xcatd" "4.6", Reversible [], read_back),
    case!("tables/node/listed", "A defined node is in the list of nodes", Must [Core], "rest-and-xcatd" "1.9.1", Reversible [], listed),
    case!("tables/node/twice", "Defining a node twice changes nothing of the first definition", Must [Core], "rest-and-xcatd" "4.6", Reversible [], twice),
    case!("tables/node/delete", "A deleted node is gone", Must [Core], "rest-and-xcatd" "1.9.1", Reversible [], delete),
    case!("tables/node/delete-others", "Deleting a node leaves other nodes", Must [Core], "rest-and-xcatd" "4.6", Reversible [], delete_others),
    case!("tables/node/absent", "A node that is not there is reported as an error that names it", Must [Core], "driver" "6.2 PRO-09", ReadOnly [], absent),
    case!("tables/node/absent-status", "A node that is not there is answered with 404, or at least with an error inside", Should [Core], "rest-and-xcatd" "6 RQ3", ReadOnly [], absent_status),
    case!("tables/node/fields", "Only the asked fields of a node are given", Must [Core], "rest-and-xcatd" "4.6", ReadOnly [Need::Hypervisor], fields),
    case!("tables/node/name-whole", "A node name is kept whole", Must [Core], "driver" "6.2 LIM-02", Reversible [], name_whole),
    case!("tables/row/set", "A cell of a node's row can be set and read back", Must [Core], "rest-and-xcatd" "4.5", Reversible [], row_set),
    case!("tables/row/set-again", "A cell that is set again holds the second value, in one row", Must [Core], "rest-and-xcatd" "4.2", Reversible [], row_set_again),
    case!("tables/row/delete", "A deleted row is gone", Must [Core], "rest-and-xcatd" "4.5", Reversible [], row_delete),
    case!("tables/row/unknown-table", "Setting a cell of a table that does not exist says so", Must [Core], "rest-and-xcatd" "4.5", Reversible [], row_unknown),
    case!("tables/row/post-refused", "POST on a table is refused with 405", Must [Core], "rest-and-xcatd" "1.9.4", ReadOnly [], post_refused),
    case!("tables/list/names", "The list of tables holds those that clients use", Must [Core], "rest-and-xcatd" "1.9.4", ReadOnly [], list_names),
    case!("tables/list/unknown", "A table that does not exist is an error inside", Must [Core], "rest-and-xcatd" "4.3", ReadOnly [], list_unknown),
    case!("tables/site/master", "The site's definition names its master", Must [Core], "rest-and-xcatd" "1.9.8", ReadOnly [], site_master),
    case!("tables/node/post-fails", "A POST that fails tells of it inside", Must [Core], "rest-and-xcatd" "6 RQ30", Reversible [], post_fails),
    case!("tables/node/unknown-sub", "An unknown sub-resource of a node is refused", Must [Core], "rest-and-xcatd" "1.9.1", ReadOnly [], unknown_sub),
];

async fn define(c: &mut CaseContext, name: &str) -> Result<Answer, Stop> {
    let request = Request::new(Method::Post, format!("/nodes/{name}")).with_args(&[
        "groups=kit",
        "mgt=zvm",
        "hcp=kithcp.example.com",
        "userid=KITUSER",
    ]);
    c.send(request).await
}

async fn defined(c: &mut CaseContext) -> Result<String, Stop> {
    let name = c.name();
    let a = define(c, &name).await?;
    if a.status == 201 && a.errors().is_empty() {
        Ok(name)
    } else {
        Err(Stop::blocked(format!("no node: {}", a.summary())))
    }
}

async fn create(c: &mut CaseContext) -> Result<(), Stop> {
    let name = c.name();
    let a = define(c, &name).await?;
    c.status("status", &a, 201)?;
    c.check("no-error", a.errors().is_empty(), "no error", || {
        a.summary()
    })
}

async fn read_back(c: &mut CaseContext) -> Result<(), Stop> {
    let name = defined(c).await?;
    let a = c.get(format!("/nodes/{name}")).await?;
    c.status("status", &a, 200)?;
    for wanted in [
        format!("Object name: {name}"),
        "hcp=kithcp.example.com".to_owned(),
        "userid=KITUSER".to_owned(),
        "mgt=zvm".to_owned(),
    ] {
        c.check("attribute", a.says(&wanted), &wanted, || a.summary())?;
    }
    Ok(())
}

async fn names(c: &CaseContext) -> Result<Vec<String>, Stop> {
    let a = c.get("/nodes").await?;
    c.status("list", &a, 200)?;
    Ok(a.info()
        .iter()
        .chain(&a.lines("data"))
        .filter_map(|l| l.split_whitespace().next())
        .map(str::to_owned)
        .collect())
}

async fn listed(c: &mut CaseContext) -> Result<(), Stop> {
    let name = defined(c).await?;
    let seen = names(c).await?;
    c.check("listed", seen.contains(&name), &name, || seen.join(" "))
}

async fn twice(c: &mut CaseContext) -> Result<(), Stop> {
    let name = defined(c).await?;
    let before = c.get(format!("/nodes/{name}")).await?;
    let request = Request::new(Method::Post, format!("/nodes/{name}")).with_args(&[
        "groups=kit",
        "mgt=zvm",
        "userid=OTHER",
    ]);
    let a = c.send(request).await?;
    c.check("refused", !a.errors().is_empty(), "an error", || {
        a.summary()
    })?;
    let after = c.get(format!("/nodes/{name}")).await?;
    c.equal("definition", &after.info(), &before.info())
}

async fn remove(c: &CaseContext, name: &str) -> Result<Answer, Stop> {
    c.send(Request::new(Method::Delete, format!("/nodes/{name}")))
        .await
}

async fn delete(c: &mut CaseContext) -> Result<(), Stop> {
    let name = defined(c).await?;
    let a = remove(c, &name).await?;
    c.status("status", &a, 200)?;
    let seen = names(c).await?;
    c.check("gone", !seen.contains(&name), "a list without it", || {
        seen.join(" ")
    })
}

async fn delete_others(c: &mut CaseContext) -> Result<(), Stop> {
    let (first, second) = (defined(c).await?, defined(c).await?);
    remove(c, &first).await?;
    let seen = names(c).await?;
    c.equal(
        "others",
        &(seen.contains(&first), seen.contains(&second)),
        &(false, true),
    )
}

async fn absent(c: &mut CaseContext) -> Result<(), Stop> {
    let name = c.name();
    let a = c.get(format!("/nodes/{name}")).await?;
    c.check(
        "named",
        a.says("Could not find") && a.says(&name),
        "'Could not find' with the node's name",
        || a.summary(),
    )
}

async fn absent_status(c: &mut CaseContext) -> Result<(), Stop> {
    let name = c.name();
    let a = c.get(format!("/nodes/{name}")).await?;
    c.check(
        "status",
        a.status == 404 || a.status == 200 && !a.errors().is_empty(),
        "404, or 200 with an error inside",
        || a.summary(),
    )?;
    let status = format!("status {}", a.status);
    c.check_as_executed("not-found", a.status == 404, "status 404", &status)
}

async fn fields(c: &mut CaseContext) -> Result<(), Stop> {
    let host = c.host()?.to_owned();
    let a = c
        .send(Request::get(format!("/nodes/{host}")).with("field", "hcp"))
        .await?;
    c.status("status", &a, 200)?;
    c.check("asked", a.says("hcp="), "hcp=", || a.summary())?;
    c.check("others", !a.says("mgt="), "no other attribute", || {
        a.summary()
    })
}

async fn name_whole(c: &mut CaseContext) -> Result<(), Stop> {
    // The prefix alone can be longer than eight characters; what counts is that a name of the kit's usual length is taken
    // whole, and not cut to eight.
    let name = defined(c).await?;
    let a = c.get(format!("/nodes/{name}")).await?;
    let wanted = format!("Object name: {name}");
    c.check("whole", a.says(&wanted), &wanted, || a.summary())
}

async fn set(c: &mut CaseContext, node: &str, comment: &str) -> Result<Answer, Stop> {
    let line = format!("node={node} zvm.comments={comment} zvm.hcp=kithcp");
    c.send(Request::put("/tables/zvm", &line)).await
}

async fn rows(c: &CaseContext, node: &str) -> Result<Vec<String>, Stop> {
    let a = c.get("/tables/zvm").await?;
    let start = format!("\"{node}\",");
    Ok(a.lines("data")
        .into_iter()
        .filter(|l| l.starts_with(&start))
        .collect())
}

async fn row_set(c: &mut CaseContext) -> Result<(), Stop> {
    let node = c.name();
    let a = set(c, &node, "kitfirst").await?;
    c.status("status", &a, 200)?;
    let seen = rows(c, &node).await?;
    c.check(
        "row",
        seen.len() == 1 && seen[0].contains("\"kitfirst\"") && seen[0].contains("\"kithcp\""),
        "one row with the cells as set",
        || seen.join("\n"),
    )
}

async fn row_set_again(c: &mut CaseContext) -> Result<(), Stop> {
    let node = c.name();
    set(c, &node, "kitfirst").await?;
    set(c, &node, "kitsecond").await?;
    let seen = rows(c, &node).await?;
    c.check(
        "row",
        seen.len() == 1 && seen[0].contains("\"kitsecond\""),
        "one row with the second value",
        || seen.join("\n"),
    )
}

async fn row_delete(c: &mut CaseContext) -> Result<(), Stop> {
    let node = c.name();
    set(c, &node, "kitfirst").await?;
    c.send(Request::put("/tables/zvm", &format!("-d node={node} zvm")))
        .await?;
    let seen = rows(c, &node).await?;
    c.equal("rows", &seen, &Vec::new())
}

async fn row_unknown(c: &mut CaseContext) -> Result<(), Stop> {
    let node = c.name();
    let a = c
        .send(Request::put(
            "/tables/zvm",
            &format!("node={node} kitnone.comments=x"),
        ))
        .await?;
    c.check(
        "said",
        a.says("kitnone"),
        "a complaint that names the table",
        || a.summary(),
    )
}

async fn post_refused(c: &mut CaseContext) -> Result<(), Stop> {
    let name = c.name();
    let a = c
        .send(Request::new(Method::Post, format!("/tables/{name}")).with_args(&["x"]))
        .await?;
    c.status("status", &a, 405)
}

async fn list_names(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.get("/tables").await?;
    c.status("status", &a, 200)?;
    let lines = a.lines("data");
    for table in [
        "zvm",
        "mac",
        "hosts",
        "nodelist",
        "osimage",
        "linuximage",
        "site",
        "policy",
    ] {
        c.check(
            "table",
            lines.iter().any(|l| l.trim() == table),
            table,
            || a.summary(),
        )?;
    }
    Ok(())
}

async fn list_unknown(c: &mut CaseContext) -> Result<(), Stop> {
    let name = c.name();
    let a = c.get(format!("/tables/{name}")).await?;
    c.check(
        "named",
        a.says(&name),
        "a complaint that names the table",
        || a.summary(),
    )?;
    c.check("no-rows", !a.says("#node"), "no column line", || {
        a.summary()
    })
}

async fn site_master(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.get("/site").await?;
    c.status("status", &a, 200)?;
    c.check("master", a.says("master="), "master=", || a.summary())
}

async fn post_fails(c: &mut CaseContext) -> Result<(), Stop> {
    let name = defined(c).await?;
    let request = Request::new(Method::Post, format!("/nodes/{name}")).with_args(&["mgt=zvm"]);
    let a = c.send(request).await?;
    c.check("said", !a.errors().is_empty(), "an error inside", || {
        a.summary()
    })
}

async fn unknown_sub(c: &mut CaseContext) -> Result<(), Stop> {
    let name = c.name();
    let request = Request::new(Method::Put, format!("/nodes/{name}/kitsub")).with_args(&["x"]);
    let a = c.send(request).await?;
    c.check(
        "refused",
        a.status == 403 || a.status == 400,
        "403 or 400",
        || a.summary(),
    )
}
