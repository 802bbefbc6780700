//! The command `zvm-volume` as a person or a program meets it: the binary itself, against a simulator in this process.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::CommandFactory as _;
use serde_json::Value;
use xcat_simulator::seam::{BreakPoint, Target, When};
use xcat_simulator::site;
use xcat_simulator::world::World;
use zvm_volume::cli::Cli;

use crate::check::content;
use crate::image_files::write_whole;
use crate::rig::{CURRENT, Rig, VARIANTS, Variant, set_pool, tag};

/// The account's password: with everything that a query string and a shell would read.
const SECRET: &str = "s3cr&t+%#x";

const A: &str = "00000000-0000-4000-8000-0000000000a1";
const B: &str = "00000000-0000-4000-8000-0000000000b2";
const C: &str = "00000000-0000-4000-8000-0000000000c3";
const S: &str = "00000000-0000-4000-8000-0000000000d4";

/// A site, a configuration file, and the program.
struct Shop {
    rig: Rig,
    config: PathBuf,
}

/// Brings a file between this machine and the simulated one that stands for it.
type Ferry = fn(&Shop, &str);

/// How a run ended.
struct Run {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Shop {
    async fn open(variant: Variant, keys: &str) -> Self {
        let text = site::LAB.replacen(
            "password = \"admin\"",
            &format!("password = \"{SECRET}\""),
            1,
        );
        Self::of(variant, keys, site::from_text("lab", &text).unwrap()).await
    }

    /// The same with another site, whose account is the laboratory's.
    async fn of(variant: Variant, keys: &str, world: World) -> Self {
        let rig = Rig::world(variant, world).await;
        let config = rig.folder.path().join("cinder.conf");
        let folder = rig.folder.path().display();
        let text = format!(
            "[DEFAULT]\nenabled_backends = lab\n[lab]\nzvm_xcat_server = mn.example.com\nzvm_xcat_username = admin\n\
             zvm_xcat_password = {SECRET}\nzvm_host = zvm1\nzvm_scsi_pool = scsipol1\nzvm_fcp_list = 1a00-1a0d;1b00-1b0e\n\
             zvm_state_dir = {folder}/state\nzvm_image_tmp_path = {folder}/images\nzvm_lock_timeout = 5\n{keys}\n"
        );
        std::fs::write(&config, text).unwrap();
        Self { rig, config }
    }

    /// The program with a clean environment.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zvm-volume"));
        command
            .env_clear()
            .arg("--config")
            .arg(&self.config)
            .args(args);
        if !args.contains(&"--url") {
            let url = format!("{}/xcatws", self.rig.simulator.url());
            command.arg("--url").arg(url);
        }
        command
    }

    /// Runs the program.
    async fn run(&self, args: &[&str]) -> Run {
        let mut command = self.command(args);
        let output = tokio::task::spawn_blocking(move || command.output())
            .await
            .unwrap()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let run = Run {
            status: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        // I22: whatever is said, the secret is not.
        for said in [&run.stdout, &run.stderr] {
            for form in [SECRET, "s3cr", "%26t%2B"] {
                assert!(!said.contains(form), "{args:?}: {said}");
            }
        }
        run
    }

    /// Fails the test unless the run ends well.
    async fn good(&self, args: &[&str]) -> Run {
        let run = self.run(args).await;
        assert_eq!(run.status, 0, "{args:?}: {}", run.stderr);
        run
    }

    /// Starts the program and kills it while the MN works on its request for an operation.
    async fn killed(&self, args: &[&str], operation: &str) {
        let site = self.rig.simulator.site();
        let point = BreakPoint {
            id: "kill".to_owned(),
            target: Target {
                operation: Some(operation.to_owned()),
                ..Target::default()
            },
            ..BreakPoint::default()
        };
        site.add_break(point).unwrap();
        let mut command = self.command(args);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        assert!(site.wait_held("kill").await.is_some(), "{args:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        site.release_break("kill");
        site.clear_breaks();
    }

    /// How many operations are written down as unfinished.
    fn unfinished(&self) -> usize {
        let journal = self.rig.folder.path().join("state/journal");
        let items = std::fs::read_dir(journal).unwrap().flatten();
        items
            .filter(|item| item.path().extension().is_some_and(|end| end == "json"))
            .count()
    }

    /// Loses everything that the program remembers.
    fn lose_state(&self) {
        std::fs::remove_dir_all(self.rig.folder.path().join("state")).unwrap();
    }

    /// A run as a transcript, with places of this run replaced.
    async fn shown(&self, args: &[&str]) -> String {
        let run = self.run(args).await;
        let mut text = format!("$ zvm-volume {}\n", args.join(" "));
        text.push_str(&run.stdout);
        for line in run.stderr.lines() {
            let _ = writeln!(text, "! {line}");
        }
        // When a guest got its devices differs from run to run.
        if let Some((before, rest)) = text.split_once("\"since\": ") {
            let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            text = format!("{before}\"since\": TIME{after}");
        }
        if run.status != 0 {
            let _ = writeln!(text, "status {}", run.status);
        }
        text.push('\n');
        text.replace(&self.rig.folder.path().display().to_string(), "FOLDER")
            .replace(&self.rig.simulator.url(), "URL")
    }

    /// A file of this machine as the simulated one has it from which the MN copies, under the same name.
    fn lend(&self, name: &str) {
        let work = self.rig.folder.path().join("images");
        for item in std::fs::read_dir(work).unwrap().flatten() {
            let file = item.path().join(name);
            if let Ok(text) = std::fs::read_to_string(&file) {
                self.rig.change(|world| {
                    let host = world.resolve("lnx1").unwrap().clone();
                    let now = world.now_ms;
                    let fs = &mut world.linuxes.get_mut(&host).unwrap().fs;
                    fs.write(file.to_str().unwrap(), text, now);
                });
            }
        }
    }

    /// And what the MN has brought there, here.
    fn fetch(&self, name: &str) {
        let work = self.rig.folder.path().join("images");
        for item in std::fs::read_dir(work).unwrap().flatten() {
            let file = item.path().join(name);
            let text = {
                let world = self.rig.simulator.site().look();
                let host = world.resolve("lnx1").unwrap();
                let found = world.linuxes[host].fs.read(file.to_str().unwrap());
                found.map(std::borrow::Cow::into_owned)
            };
            if let Some(text) = text {
                write_whole(&text, &file).unwrap();
            }
        }
    }

    /// The folders of image requests, on the simulated machine as well.
    fn lend_folder(&self, _: &str) {
        let work = self.rig.folder.path().join("images");
        for item in std::fs::read_dir(work).unwrap().flatten() {
            self.rig.change(|world| {
                let host = world.resolve("lnx1").unwrap().clone();
                let now = world.now_ms;
                let fs = &mut world.linuxes.get_mut(&host).unwrap().fs;
                let place = item.path().join("here");
                fs.write(place.to_str().unwrap(), String::new(), now);
            });
        }
    }

    /// Runs the program; whenever the MN has come to the copy of a file of this name, `ferry` brings something over.
    async fn ferried(&self, args: &[&str], file: &str, stops: &[(When, Ferry)]) -> Run {
        let site = self.rig.simulator.site();
        for (number, (when, _)) in stops.iter().enumerate() {
            let point = BreakPoint {
                id: format!("ferry{number}"),
                target: Target {
                    command: Some(format!("scp.*{file}")),
                    ..Target::default()
                },
                when: *when,
                ..BreakPoint::default()
            };
            site.add_break(point).unwrap();
        }
        let run = self.run(args);
        tokio::pin!(run);
        for (number, (_, ferry)) in stops.iter().enumerate() {
            let id = format!("ferry{number}");
            let held = tokio::select! {
                run = &mut run => panic!("{args:?} did not come to {file}: {}", run.stderr),
                held = site.wait_held(&id) => held,
            };
            assert!(held.is_some());
            ferry(self, file);
            site.release_break(&id);
        }
        let run = run.await;
        site.clear_breaks();
        run
    }

    fn traces(&self) -> String {
        self.rig.traces()
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.rig.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }
}

/// Every sub-command, in an order in which each has something to do.
const LIFE: [&[&str]; 47] = [
    &["config", "check"],
    &["init"],
    &["create", "1", "--id", A],
    &["create", "999"],
    &["list"],
    &["list", "--all"],
    &["show", A],
    &["show", B],
    &["extend", A, "1"],
    &["extend", A, "5"],
    &["clone", A, "--id", B, "--size", "2"],
    &["snapshot", "create", A, "--id", S],
    &["snapshot", "restore", S, "--volume", C],
    &["snapshot", "delete", S],
    &["snapshot", "restore", S],
    &["retype", A],
    &["retype", A, "--host", "zvm2@other#pool"],
    &["retype", A, "--diff", "{"],
    &["unmanage", C],
    &["manageable"],
    &["manage", "4099403300000000"],
    &["manage", "4012403300000000", "--id", C],
    &["delete", C],
    &["stats"],
    &["fcp"],
    &["connector", "lnx1"],
    &["attach", A, "lnx1", "--mount", "/dev/vdb"],
    &["attach", A, "lnx1", "--mount", "/dev/vdb"],
    &["attach", B, "lnx1", "--mount", "auto"],
    &["attach", B, "lnx1", "--mount", "/tmp/$(x)"],
    &["attachments"],
    &["list"],
    &["show", A],
    &["delete", A],
    &["reconcile", "--check"],
    &["detach", A],
    &["detach", A, "lnx1"],
    &["detach", B, "lnx1"],
    &[
        "boot",
        "prepare",
        B,
        "lnx3",
        "--root",
        "/dev/sda1",
        "--image",
        "/boot/vmlinuz",
        "--ramdisk",
        "/boot/initrd",
        "--os",
        "ubuntu16.04",
    ],
    &["boot", "cleanup", "lnx3"],
    &["boot", "prepare", B, "lnx3"],
    &["attach", B, "nosuch", "--os", "rhel7"],
    &["delete", A],
    &["delete", B],
    &["delete", A],
    &["reconcile"],
    &["--dry-run", "create", "1", "--id", A],
];

async fn life(json: bool) -> String {
    let shop = Shop::open(CURRENT, "volume_clear_size = 1").await;
    let mut text = String::new();
    for args in LIFE {
        let mut all = vec![];
        if json {
            all.push("--json");
        }
        all.extend(args);
        text.push_str(&shop.shown(&all).await);
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_for_people() {
    insta::assert_snapshot!(life(false).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_for_programs() {
    let text = life(true).await;
    insta::assert_snapshot!(text);
    // What a program reads is JSON, on success and on failure.
    let shop = Shop::open(CURRENT, "").await;
    for args in LIFE {
        let mut all = vec!["--json"];
        all.extend(args);
        let run = shop.run(&all).await;
        for said in [&run.stdout, &run.stderr] {
            let talk = said.is_empty() || run.status == 2 || said.starts_with("note: ");
            if !talk && said.starts_with('{') {
                serde_json::from_str::<Value>(said)
                    .unwrap_or_else(|e| panic!("{args:?}: {e}: {said}"));
            }
        }
        if run.status == 0 {
            serde_json::from_str::<Value>(&run.stdout)
                .unwrap_or_else(|e| panic!("{args:?}: {e}: {}", run.stdout));
        }
    }
}

#[test]
fn no_command_is_left_out() {
    fn leaves(command: &clap::Command, path: &str, found: &mut BTreeSet<String>) {
        for sub in command.get_subcommands() {
            let path = format!("{path} {}", sub.get_name()).trim().to_owned();
            if sub.has_subcommands() {
                leaves(sub, &path, found);
            } else {
                found.insert(path);
            }
        }
    }
    let mut all = BTreeSet::new();
    leaves(&Cli::command(), "", &mut all);
    // Tested on their own below.
    for apart in [
        "completions",
        "man",
        "reference",
        "image in",
        "image out",
        "image key",
    ] {
        assert!(all.remove(apart), "{apart}");
    }
    for args in LIFE {
        let words: Vec<&str> = args
            .iter()
            .copied()
            .filter(|word| !word.starts_with('-'))
            .collect();
        all.remove(words[0]);
        if words.len() > 1 {
            all.remove(&format!("{} {}", words[0], words[1]));
        }
    }
    assert_eq!(all, BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn images_go_in_and_out_by_file() {
    // The MN takes the bundle from this machine: the simulator's MN sees the folder of the test.
    let shop = Shop::open(CURRENT, "volume_clear_size = 1").await;
    shop.good(&["create", "1", "--id", A]).await;
    let image = shop.file("disk.raw", &[7; 4096]);
    // Without an address the back end cannot do images, and says what is missing.
    let run = shop.run(&["image", "in", A, &image]).await;
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(run.stderr.contains("zvm_image_remote"), "{}", run.stderr);
    let run = shop.run(&["image", "out", A, "/nonexistent/x"]).await;
    assert_ne!(run.status, 0, "{}", run.stderr);
}

/// Spec: driver 2.7.2.
#[tokio::test(flavor = "multi_thread")]
async fn the_mns_key_is_printed_for_those_who_admit_it() {
    let key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 root@mn";
    for variant in VARIANTS {
        let shop = Shop::open(variant, "zvm_xcat_master = zhcp1").await;
        let run = shop.run(&["image", "key"]).await;
        assert_ne!(run.status, 0, "{variant}: {}", run.stdout);
        assert!(!run.stdout.contains("ssh-rsa"));
        shop.rig.change(|world| {
            let name = world.resolve("zhcp1").unwrap().clone();
            let now = world.now_ms;
            let fs = &mut world.linuxes.get_mut(&name).unwrap().fs;
            fs.write("/root/.ssh/id_rsa.pub", format!("{key}\n"), now);
        });
        assert_eq!(
            shop.good(&["image", "key"]).await.stdout,
            format!("{key}\n")
        );
        let said: Value =
            serde_json::from_str(&shop.good(&["--json", "image", "key"]).await.stdout).unwrap();
        assert_eq!(said["key"], key);
    }
    let run = Shop::open(CURRENT, "").await.run(&["image", "key"]).await;
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(run.stderr.contains("zvm_xcat_master"), "{}", run.stderr);
}

/// A volume made from an image, an image made from a volume, with the MN between: lnx1 stands for the machine of the program.
#[tokio::test(flavor = "multi_thread")]
async fn a_volume_is_made_from_an_image_and_an_image_from_a_volume() {
    for variant in VARIANTS {
        let text = site::LAB.replacen(
            "password = \"admin\"",
            &format!("password = \"{SECRET}\""),
            1,
        );
        let mut world = site::from_text("lab", &text).unwrap();
        set_pool(
            &mut world,
            &[
                "free,500507630300c562,4010403300000000,4M,1A00-1A0F;1B00-1B0F,,,",
                "free,500507630300c562,4011403300000000,2G,1A00-1A0F;1B00-1B0F,,,",
            ],
        );
        world.san.volumes.get_mut("one0").unwrap().bytes = 4 << 20;
        // The management node is the zHCP itself, as many sites have it (Q49).
        world.mn.host = world.resolve("zhcp1").unwrap().clone();
        let tables = &mut world.mn.tables;
        tables.set("site", "key", "master", &[("value", "10.10.0.2")]);
        let shop = Shop::of(variant, "zvm_image_remote = root@lnx1", world).await;
        let before = shop.rig.pool();

        let mut disk = b"system of image one".to_vec();
        disk.resize(512, b' ');
        let image = shop.file("disk.raw", &disk);
        shop.good(&["create", "1", "--id", A]).await;
        shop.good(&["manage", "4010403300000000", "--id", B]).await;
        for (id, lun) in [(A, "4011403300000000"), (B, "4010403300000000")] {
            let run = shop
                .ferried(
                    &["--json", "image", "in", id, &image],
                    "bundle.tar",
                    &[(When::Before, Shop::lend)],
                )
                .await;
            assert_eq!(run.status, 0, "{variant}: {}", run.stderr);
            let said: Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!(said["written"]["bytes"], 512);
            let world = shop.rig.simulator.site().look();
            let there = content(&world, "500507630300c562", lun);
            assert_eq!(there.trim_end(), "system of image one", "{variant}");
        }

        let out = shop.rig.folder.path().join("out.raw");
        let run = shop
            .ferried(
                &["--json", "image", "out", B, out.to_str().unwrap()],
                "export.tgz",
                &[
                    (When::Before, Shop::lend_folder),
                    (When::After, Shop::fetch),
                ],
            )
            .await;
        assert_eq!(run.status, 0, "{variant}: {}", run.stderr);
        let bytes = std::fs::read(&out).unwrap();
        assert_eq!(
            bytes.len(),
            4 << 20,
            "{variant}: to the last byte of the LUN"
        );
        assert!(bytes.starts_with(b"system of image one"), "{variant}");

        // Nothing of it is left: not here, not on the MN, not on the zHCP.
        let listed = std::fs::read_dir(shop.rig.folder.path().join("images"));
        assert_eq!(listed.unwrap().count(), 0, "{variant}");
        let world = shop.rig.simulator.site().look().clone();
        let mn = &world.linuxes[&world.mn.host].fs.files;
        let left: Vec<_> = mn
            .keys()
            .filter(|path| path.starts_with("/install/") && path.contains("cv"))
            .collect();
        assert!(left.is_empty(), "{variant}: {left:?}");
        shop.good(&["delete", A]).await;
        shop.good(&["delete", B]).await;
        assert_eq!(shop.rig.pool(), before, "{variant}");
    }
}

/// Every status that the help documents, from a run that ends with it.
#[tokio::test(flavor = "multi_thread")]
async fn each_exit_status_is_met() {
    let shop = Shop::open(CURRENT, "volume_clear = none").await;
    assert_eq!(shop.run(&["create", "1", "--id", A]).await.status, 0);
    // 1: failed, and nothing is left.
    let rule = serde_json::json!({"name": "F37", "target": {"lun": "4010403300000000"}});
    let rule = shop
        .rig
        .simulator
        .site()
        .add_fault(serde_json::from_value(rule).unwrap())
        .unwrap();
    let run = shop.run(&["attach", A, "lnx1"]).await;
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stderr.contains("check LUN masking"), "{}", run.stderr);
    shop.rig.simulator.site().remove_fault(&rule.id);
    assert_eq!(shop.run(&["create"]).await.status, 2);
    assert_eq!(shop.run(&["--backend", "x", "list"]).await.status, 2);
    // The address reaches a shell on the MN.
    let run = shop
        .run(&["boot", "prepare", A, "lnx3", "--remote", "nova@host;reboot"])
        .await;
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("not user@address"), "{}", run.stderr);
    assert_eq!(shop.run(&["show", B]).await.status, 4);
    shop.good(&["attach", A, "lnx1"]).await;
    assert_eq!(shop.run(&["delete", A]).await.status, 5);
    assert_eq!(shop.run(&["create", "999"]).await.status, 8);
    // 7: something is left, and reconcile takes it away.
    let rule = serde_json::json!({"name": "smapi-204-44", "target": {}});
    let rule = shop
        .rig
        .simulator
        .site()
        .add_fault(serde_json::from_value(rule).unwrap())
        .unwrap();
    let run = shop.run(&["detach", A]).await;
    assert_eq!(run.status, 7, "{}", run.stderr);
    assert_eq!(shop.run(&["reconcile", "--check"]).await.status, 7);
    shop.rig.simulator.site().remove_fault(&rule.id);
    assert_eq!(shop.run(&["reconcile"]).await.status, 0);
    assert_eq!(shop.run(&["reconcile", "--check"]).await.status, 0);
    // 3: the file, and the account.
    let good = std::fs::read_to_string(&shop.config).unwrap();
    std::fs::write(&shop.config, good.replace("zvm_scsi_pool", "zvm_pool")).unwrap();
    assert_eq!(shop.run(&["list"]).await.status, 3);
    std::fs::write(&shop.config, good.replace(SECRET, "wrong")).unwrap();
    assert_eq!(shop.run(&["list"]).await.status, 3);
    std::fs::write(&shop.config, good).unwrap();
    // 6: nobody there.
    let nowhere = ["--url", "http://127.0.0.1:1/xcatws", "list"];
    assert_eq!(shop.run(&nowhere).await.status, 6);
}

/// Only `reconcile` itself resolves what a crash left, and it shows it.
#[tokio::test(flavor = "multi_thread")]
async fn a_check_and_a_dry_run_resolve_nothing() {
    let shop = Shop::open(CURRENT, "volume_clear = none").await;
    shop.good(&["create", "1", "--id", A]).await;
    shop.killed(&["delete", A], "--releasezfcp").await;
    assert_eq!(shop.unfinished(), 1);
    let stamp = tag(0xa1);
    let open = format!("open: delete of {stamp} (");
    for args in [
        &["reconcile", "--check"] as &[&str],
        &["--dry-run", "reconcile", "--check"],
    ] {
        let run = shop.run(args).await;
        assert_eq!(run.status, 7, "{args:?}: {}", run.stderr);
        assert!(run.stdout.starts_with(&open), "{args:?}: {}", run.stdout);
        assert_eq!(shop.unfinished(), 1, "{args:?}");
    }
    shop.good(&["--dry-run", "list"]).await;
    assert_eq!(shop.unfinished(), 1);
    let run = shop.good(&["--dry-run", "reconcile"]).await;
    assert!(run.stdout.starts_with(&open), "{}", run.stdout);
    assert!(!run.stderr.contains("no call"), "{}", run.stderr);
    let run = shop.good(&["--json", "--dry-run", "reconcile"]).await;
    let said: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(said["open"][0]["subject"], stamp.as_str());
    assert_eq!(shop.unfinished(), 1);

    let run = shop.good(&["reconcile"]).await;
    assert_eq!(run.stdout, format!("delete of {stamp}: finished\n"));
    assert_eq!(shop.unfinished(), 0);
    assert_eq!(shop.good(&["reconcile", "--check"]).await.stdout, "");
    let run = shop.good(&["--dry-run", "reconcile"]).await;
    assert_eq!(run.stdout, "");
    assert!(
        run.stderr.contains("no call would be made"),
        "{}",
        run.stderr
    );
    assert_eq!(shop.run(&["show", A]).await.status, 4);
}

/// What `boot prepare` is given for lnx3.
const ROOT: [&str; 8] = [
    "--root",
    "/dev/sda1",
    "--image",
    "/x",
    "--ramdisk",
    "/y",
    "--os",
    "ubuntu16.04",
];

/// An image that an operation left on the management node is told of, and stays.
#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_was_left_is_told_of() {
    let text = site::LAB.replacen(
        "password = \"admin\"",
        &format!("password = \"{SECRET}\""),
        1,
    );
    let mut world = site::from_text("lab", &text).unwrap();
    let name = format!("unknown-s390x-raw-{}", tag(7));
    let columns = [("profile", tag(7)), ("provmethod", "raw".to_owned())];
    let columns = columns
        .each_ref()
        .map(|(key, value)| (*key, value.as_str()));
    let tables = &mut world.mn.tables;
    tables.set("osimage", "imagename", &name, &columns);
    let shop = Shop::of(CURRENT, "", world).await;
    for args in [&["reconcile", "--check"][..], &["reconcile"]] {
        let run = shop.run(args).await;
        assert_eq!(run.status, 7, "{}", run.stderr);
        assert!(
            run.stdout.contains(&format!("image {name}: ")),
            "{}",
            run.stdout
        );
    }
}

/// The row of a volume that a guest was given while it was off carries no stamp: only the ledger says whose it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_volume_of_a_guest_that_is_off_is_not_deleted() {
    let shop = Shop::open(CURRENT, "volume_clear = none").await;
    shop.good(&["create", "1", "--id", A]).await;
    let mut boot = vec!["boot", "prepare", A, "lnx3"];
    boot.extend(ROOT);
    let gives: [(&[&str], &[&str]); 2] = [
        (&["attach", A, "lnx3"], &["detach", A]),
        (&boot, &["boot", "cleanup", "lnx3"]),
    ];
    for (give, take) in gives {
        shop.good(give).await;
        let given = shop.rig.pool();
        assert!(!given.contains(&tag(0xa1)), "{given}");
        // A person may write the id in other letters.
        for id in [A, &A.to_uppercase()] {
            let run = shop.run(&["delete", id]).await;
            assert_eq!(run.status, 5, "{give:?}: {} {}", run.stdout, run.stderr);
            assert!(
                run.stderr.contains("is busy: lnx3 has it"),
                "{}",
                run.stderr
            );
        }
        assert_eq!(shop.rig.pool(), given, "{give:?}");
        shop.good(take).await;
    }
    shop.good(&["delete", A]).await;
    assert!(shop.rig.line("4010403300000000").starts_with("free"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_of_a_guest_that_is_off_is_known_to_every_command() {
    let shop = Shop::open(CURRENT, "volume_clear = none").await;
    shop.good(&["create", "1", "--id", A]).await;
    shop.good(&["attach", A, "lnx3"]).await;
    let given = shop.rig.pool();
    let run = shop.good(&["attach", A, "lnx3"]).await;
    assert!(
        run.stdout.contains("it was attached before"),
        "{}",
        run.stdout
    );
    shop.good(&["extend", A, "1"]).await;
    let refused: [&[&str]; 4] = [
        &["extend", A, "5"],
        &["unmanage", A],
        &["clone", A],
        &["attach", A, "lnx1"],
    ];
    for args in refused {
        let run = shop.run(args).await;
        assert_eq!(run.status, 5, "{args:?}: {}", run.stderr);
    }
    assert_eq!(shop.rig.pool(), given);
    shop.good(&["detach", A, "lnx3"]).await;
    shop.good(&["delete", A]).await;
}

/// With the ledger gone the row is the record: of the volume, and of the others that need the same devices.
#[tokio::test(flavor = "multi_thread")]
async fn a_volume_is_detached_without_a_record_of_it() {
    let shop = Shop::open(CURRENT, "volume_clear = none").await;
    let before = shop.traces();
    shop.good(&["create", "1", "--id", A]).await;
    shop.good(&["create", "2", "--id", B]).await;
    shop.good(&["attach", A, "lnx1"]).await;
    shop.good(&["attach", B, "lnx1"]).await;
    shop.lose_state();
    // This reserves other devices, which are not those of the detach.
    let run = shop.run(&["attach", A, "lnx1"]).await;
    assert_eq!(run.status, 5, "{}", run.stderr);
    assert!(run.stderr.contains("detach it first"), "{}", run.stderr);
    let channel = |lun: &str| {
        let line = shop.rig.line(lun);
        line.split(',').nth(6).unwrap_or_default().to_owned()
    };
    let device = channel("4010403300000000");
    assert_ne!(device, "");
    let attached = shop.traces();
    shop.good(&["--dry-run", "detach", A, "lnx1"]).await;
    assert_eq!(shop.traces(), attached);
    let run = shop.good(&["detach", A, "lnx1"]).await;
    assert!(!run.stderr.contains("was not attached"), "{}", run.stderr);
    let row = shop.rig.line("4010403300000000");
    assert!(
        row.starts_with("reserved") && row.contains(&tag(0xa1)),
        "{row}"
    );
    // The other one keeps its paths, and is recorded again.
    assert_eq!(channel("4011403300000000"), device);
    let listed = shop.good(&["attachments"]).await.stdout;
    assert!(listed.contains(B) && listed.contains(&device), "{listed}");
    assert!(!listed.contains(A), "{listed}");
    assert_eq!(shop.good(&["reconcile", "--check"]).await.stdout, "");
    shop.good(&["detach", B]).await;
    let run = shop.good(&["detach", A, "lnx1"]).await;
    assert!(run.stderr.contains("was not attached"), "{}", run.stderr);
    for id in [A, B] {
        shop.good(&["delete", id]).await;
    }
    assert_eq!(shop.traces(), before);
}

/// The row of a guest that is off names no volume: with the ledger gone the connection data must come from outside, and the
/// devices from the row.
#[tokio::test(flavor = "multi_thread")]
async fn connection_data_of_a_detach_need_not_name_the_devices() {
    let shop = Shop::open(CURRENT, "volume_clear = none").await;
    shop.good(&["create", "1", "--id", A]).await;
    shop.good(&["attach", A, "lnx3"]).await;
    shop.lose_state();
    let run = shop.run(&["detach", A, "lnx3"]).await;
    assert_eq!(run.status, 5, "{}", run.stderr);
    assert!(run.stderr.contains("--connection"), "{}", run.stderr);
    let data = serde_json::json!({"data": {
        "zvm_lun": "4010403300000000", "target_wwn": "500507630300c562", "zvm_lifecycle": "pool", "zvm_tag": tag(0xa1),
    }});
    let file = shop.file("connection.json", data.to_string().as_bytes());
    let detach = ["detach", A, "lnx3", "--connection", file.as_str()];
    // A row that does not say by which devices cannot be taken back.
    let row = shop.rig.line("4010403300000000");
    let mut cells: Vec<&str> = row.split(',').collect();
    cells[6] = "";
    let nameless = cells.join(",");
    shop.rig.edit(&row, &nameless);
    let run = shop.run(&detach).await;
    assert_eq!(run.status, 5, "{}", run.stderr);
    assert!(run.stderr.contains("names no FCP device"), "{}", run.stderr);
    shop.rig.edit(&nameless, &row);

    let run = shop.good(&detach).await;
    assert!(!run.stderr.contains("was not attached"), "{}", run.stderr);
    let row = shop.rig.line("4010403300000000");
    assert!(
        row.starts_with("reserved") && row.contains(&tag(0xa1)),
        "{row}"
    );
    // Nothing was reserved for it, and nothing is held any more.
    assert_eq!(shop.good(&["attachments"]).await.stdout, "");
    let run = shop.good(&detach).await;
    assert!(run.stderr.contains("was not attached"), "{}", run.stderr);
    shop.good(&["delete", A]).await;
}

/// Keys, what goes before, and the operation.
type Operation<'a> = (&'a str, &'a [&'a [&'a str]], &'a [&'a str]);

/// What a dry run prints is what is sent then: every command of xCAT that changes something, in its order.
#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_prints_what_is_sent_then_and_changes_nothing() {
    let kept = "volume_clear = none";
    let cleared = "volume_clear_size = 1";
    let made: &[&[&str]] = &[&["create", "1", "--id", A]];
    let boot: &[&str] = &[
        "boot",
        "prepare",
        A,
        "lnx3",
        "--root",
        "/dev/sda1",
        "--image",
        "/x",
        "--ramdisk",
        "/y",
        "--os",
        "ubuntu16.04",
    ];
    let on: &[&str] = &["attach", A, "lnx1", "--mount", "/dev/vdb"];
    let off: &[&str] = &[
        "attach",
        A,
        "lnx3",
        "--mount",
        "/dev/vdb",
        "--os",
        "ubuntu16.04",
    ];
    let operations: [Operation; 15] = [
        (kept, &[], &["create", "1", "--id", A]),
        (kept, made, &["delete", A]),
        (cleared, made, &["delete", A]),
        (
            "volume_clear_size = 1\nzvm_zhcp_fcp_list = 1a0e",
            made,
            &["delete", A],
        ),
        (kept, made, &["unmanage", A]),
        (kept, &[], &["manage", "4012403300000000", "--id", A]),
        (kept, made, &["clone", A, "--id", B]),
        (kept, made, &["snapshot", "create", A, "--id", S]),
        (
            kept,
            &[made[0], &["snapshot", "create", A, "--id", S]],
            &["snapshot", "delete", S],
        ),
        (kept, made, on),
        (kept, &[made[0], on], &["detach", A]),
        (kept, made, off),
        (kept, &[made[0], off], &["detach", A]),
        (kept, made, boot),
        (kept, &[made[0], boot], &["boot", "cleanup", "lnx3"]),
    ];
    for variant in VARIANTS {
        for (keys, before, operation) in operations {
            let shop = Shop::open(variant, keys).await;
            for args in before {
                shop.good(args).await;
            }
            let site = shop.traces();
            let mut dry = vec!["--dry-run", "--json"];
            dry.extend(operation);
            let first = shop.rig.simulator.site().journal.lock().last_id();
            let printed: Value = serde_json::from_str(&shop.good(&dry).await.stdout).unwrap();
            assert_eq!(sent(&shop, first), Vec::<String>::new(), "{operation:?}");
            assert_eq!(shop.traces(), site, "{operation:?}");
            let printed: Vec<String> = printed["calls"]
                .as_array()
                .unwrap()
                .iter()
                .map(|call| call.as_str().unwrap().to_owned())
                .filter(|call| !call.contains("/dsh "))
                .map(|call| plain(&call))
                .collect();
            let first = shop.rig.simulator.site().journal.lock().last_id();
            shop.good(operation).await;
            let sent = sent(&shop, first);
            let same = printed.len() == sent.len()
                && printed
                    .iter()
                    .zip(&sent)
                    .all(|(said, done)| agrees(said, done));
            assert!(same, "{variant} {operation:?}: {printed:#?} {sent:#?}");
            assert!(!printed.is_empty());
        }
    }
}

/// A printed call without its number: method, path, words.
fn plain(call: &str) -> String {
    let (_, call) = call.split_once(' ').unwrap();
    match call.split_once(" [") {
        Some((head, body)) => {
            let body: Vec<String> = serde_json::from_str(&format!("[{body}")).unwrap();
            format!("{head} {}", body.join(" "))
        }
        None => call.to_owned(),
    }
}

/// Whether a request is the printed one; `<channel>` stands for a device that the MN has chosen by then.
fn agrees(said: &str, done: &str) -> bool {
    let (said, done) = (said.split(' '), done.split(' '));
    said.clone().count() == done.clone().count()
        && said
            .zip(done)
            .all(|(said, done)| said == done || (said == "<channel>" && done.len() == 4))
}

/// Changing requests that the simulator has seen since one; what runs in a guest's or a zHCP's shell is not xCAT's.
fn sent(shop: &Shop, since: u64) -> Vec<String> {
    let journal = shop.rig.simulator.site().journal.lock();
    let mut found = Vec::new();
    for request in journal.requests().filter(|request| request.id > since) {
        let http = request.http.as_ref().unwrap();
        let changes =
            http.method != "GET" && !["xdsh", ""].contains(&request.facts.command.as_str());
        let reads = request.facts.command == "rpower";
        if changes && !reads {
            let path = http.path.trim_start_matches("/xcatws");
            let words = request.facts.args.join(" ");
            found.push(
                format!("{} {path} {words}", http.method)
                    .trim_end()
                    .to_owned(),
            );
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn config_check_tells_every_fault_with_its_place() {
    let shop = Shop::open(CURRENT, "").await;
    let broken = include_str!("../../../fixtures/cinder/broken.conf");
    std::fs::write(&shop.config, broken).unwrap();
    let people = shop.shown(&["config", "check"]).await;
    let programs = shop.shown(&["--json", "config", "check"]).await;
    insta::assert_snapshot!(format!("{people}{programs}"));
}

/// A line about the certificate comes once for a folder; at `config check`, `init` and `stats` it is always said.
#[tokio::test(flavor = "multi_thread")]
async fn an_unverified_certificate_is_noted_once() {
    let simulator = xcat_simulator::Simulator::builder()
        .site(site::lab())
        .start()
        .await
        .unwrap();
    let rig = Rig::lab(CURRENT).await;
    let config = rig.folder.path().join("cinder.conf");
    let port = simulator.url().rsplit(':').next().unwrap().to_owned();
    std::fs::write(
        &config,
        format!(
            "zvm_xcat_server = 127.0.0.1\nzvm_xcat_port = {port}\nzvm_xcat_username = admin\nzvm_xcat_password = admin\n\
             zvm_host = zvm1\nzvm_scsi_pool = scsipol1\nzvm_state_dir = {}\n",
            rig.folder.path().join("state").display()
        ),
    )
    .unwrap();
    let said = |args: &'static [&'static str]| {
        let config = config.clone();
        async move {
            let mut command = Command::new(env!("CARGO_BIN_EXE_zvm-volume"));
            command.env_clear().arg("--config").arg(config).args(args);
            let output = tokio::task::spawn_blocking(move || command.output());
            let output = output.await.unwrap().unwrap();
            assert!(output.status.success(), "{output:?}");
            let text = String::from_utf8(output.stderr).unwrap();
            (text, String::from_utf8(output.stdout).unwrap())
        }
    };
    let (first, _) = said(&["list"]).await;
    assert_eq!(first.lines().count(), 1, "{first}");
    assert!(first.contains("is not verified"), "{first}");
    let (second, _) = said(&["list"]).await;
    assert_eq!(second, "");
    for args in [&["stats"] as &'static [&'static str], &["config", "check"]] {
        let (talk, data) = said(args).await;
        let all = format!("{talk}{data}");
        assert!(all.contains("not verified"), "{args:?}: {all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_man_pages_and_reference_are_made() {
    let shop = Shop::open(CURRENT, "").await;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = shop.good(&["completions", shell]).await.stdout;
        assert!(
            script.contains("zvm-volume") && script.contains("attach"),
            "{shell}"
        );
    }
    let folder = shop.rig.folder.path().join("man");
    shop.good(&["man", &folder.display().to_string()]).await;
    let mut pages: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    assert!(pages.contains(&"zvm-volume.1".to_owned()), "{pages:?}");
    assert!(
        pages.contains(&"zvm-volume-attach.1".to_owned()),
        "{pages:?}"
    );
    let page = std::fs::read_to_string(folder.join("zvm-volume.1")).unwrap();
    assert!(page.contains(".TH zvm-volume 1"), "{page}");
    let reference = shop.good(&["reference"]).await.stdout;
    assert!(reference.contains("### `zvm-volume attach`"), "{reference}");
}

/// SEC-09, D42, I23: at the most talkative level every call is told, and no secret, as [`Shop::run`] asks; nor is one in a file.
#[tokio::test]
async fn sec_09_d42_nothing_secret_is_said_at_the_most_talkative_level() {
    let shop = Shop::open(CURRENT, "volume_clear = none").await;
    for (status, args) in [
        (0, &["create", "1", "--id", A][..]),
        (0, &["attach", A, "lnx1", "--mount", "/dev/vdb"]),
        (5, &["delete", A]),
        (0, &["detach", A, "lnx1"]),
        (4, &["attach", A, "nosuch"]),
        (0, &["delete", A]),
    ] {
        let run = shop.run(&[&["-vvv"], args].concat()).await;
        assert_eq!(run.status, status, "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains("call="), "{args:?}: {}", run.stderr);
    }
    let mut folders = vec![shop.rig.folder.path().join("state")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for item in std::fs::read_dir(folder).unwrap().flatten() {
            if item.path().is_dir() {
                folders.push(item.path());
                continue;
            }
            files += 1;
            let text = String::from_utf8_lossy(&std::fs::read(item.path()).unwrap()).into_owned();
            for form in [SECRET, "s3cr", "%26t%2B"] {
                assert!(!text.contains(form), "{}", item.path().display());
            }
        }
    }
    assert!(files > 0, "nothing was looked at");
}
