//! `statelite`: a guest whose root is on the network (spec: guests 13.2).

use super::parameters::header;
use super::punch::{punch_all, say_ready};
use super::run::Boot;
use crate::mn::zvm::local;
use crate::mn::zvm::reader::send_file;
use crate::mn::zvm::text::contains_ignoring_case;

/// Sends kernel, parameters and RAM disk.
pub(super) async fn run(boot: &Boot<'_>) -> Option<()> {
    let Boot {
        context,
        node,
        os,
        arch,
        profile,
        ..
    } = boot;
    let Some(state) = context.column("statelite", node, "statemnt") else {
        return boot.fail("Missing node statemnt in statelite table. Please specify one.");
    };
    let install = local::install(context);
    let folder = format!("{install}/netboot/{os}/{arch}/{profile}");
    let parameters = format!("{folder}/parm-statelite");
    if !local::exists(context, &parameters) {
        boot.say("Creating parmfile");
        let sample = sample(boot, &install)?;
        let master = local::site(context, "master").unwrap_or_default();
        let port = local::site(context, "xcatdport").unwrap_or_else(|| "3001".to_owned());
        let text = format!(
            "{}\nNFSROOT={master}:{folder}\nSTATEMNT={state} XCAT={master}:{port}\n",
            header(&sample)
        );
        local::write(context, &parameters, &text);
    }
    let zhcp = &boot.target.zhcp;
    let staged = [
        ("kernel", format!("{folder}/kernel"), format!("{os}-kernel")),
        ("parm", parameters, format!("{os}-parm-statelite")),
        (
            "initrd",
            format!("{folder}/initrd-statelite.gz"),
            format!("{os}-initrd-statelite.gz"),
        ),
    ];
    for (what, from, name) in &staged {
        if *what == "kernel" {
            boot.say(&format!("Looking for kernel {os}-kernel."));
        }
        let listing = zhcp.run_timed(context, "ls /tmp").await.stdout;
        if !listing.contains(name.as_str()) {
            context.print_ln(format!("sendfile {from}, /tmp/{name}"));
            send_file(context, zhcp, from, &format!("/tmp/{name}")).await;
        }
    }
    let [kernel, parm, initrd] = staged.map(|(_, _, name)| format!("/tmp/{name}"));
    punch_all(
        boot,
        &[
            ("kernel", &kernel, "sles.kernel", ""),
            ("parm", &parm, "sles.parm", "-t"),
            ("initrd", &initrd, "sles.initrd", ""),
        ],
    )
    .await?;
    say_ready(boot);
    Some(())
}

/// Text of the distribution's sample parameter file.
fn sample(boot: &Boot<'_>, install: &str) -> Option<String> {
    let os = &boot.os;
    let path = if contains_ignoring_case(os, "sles") {
        format!("{install}/{os}/s390x/1/boot/s390x/parmfile")
    } else if contains_ignoring_case(os, "rhel") {
        format!("{install}/{os}/s390x/images/generic.prm")
    } else {
        return Some(String::new());
    };
    match local::read(boot.context, &path) {
        Some(text) => Some(text),
        None => boot.fail(&format!("Missing {path}")),
    }
}
