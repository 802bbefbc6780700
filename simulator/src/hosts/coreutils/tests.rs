use proptest::prelude::*;

use crate::hosts::shell::run;
use crate::seam::Outcome;
use crate::world::{HostName, Linux, World};

const POOL: &str =
    "#status,wwpn,lun\nfree,w1,l1,1G,,,\nused,w2,l2,2G,,lnx1,b801\nFREE,w1,l3,1G,,,\n";

fn world() -> (World, HostName) {
    let mut world = World {
        now_ms: 1_479_933_191_000,
        ..World::default()
    };
    let host = HostName::new("h");
    let mut linux = Linux::default();
    linux.fs.write("/p/a.conf", POOL, 0);
    linux.fs.write("/p/b.conf", "free,w9,l9\n", 0);
    world.linuxes.insert(host.clone(), linux);
    (world, host)
}

fn sh(line: &str) -> Outcome {
    let (mut world, host) = world();
    run(&mut world, &host, "root", line)
}

#[test]
fn grep_selects() {
    assert_eq!(
        sh("grep -i free,w1 /p/a.conf").stdout,
        "free,w1,l1,1G,,,\nFREE,w1,l3,1G,,,\n"
    );
    assert_eq!(sh("grep -a -i -l w9,L9 /p/*.conf").stdout, "/p/b.conf\n");
    assert_eq!(
        sh("grep -c free /p/a.conf /p/b.conf").stdout,
        "/p/a.conf:1\n/p/b.conf:1\n"
    );
    assert_eq!(sh("egrep -v '^(#|used)' /p/a.conf | wc -l").stdout, "2\n");
    assert_eq!(
        sh("grep x /none"),
        Outcome::fail(2, "grep: /none: No such file or directory\n")
    );
    assert_eq!(sh("grep nothing /p/a.conf"), Outcome::fail(1, ""));
    assert_eq!(sh("ls /p/*.conf | xargs grep ''").stdout.lines().count(), 5);
    assert_eq!(
        sh("grep 'a\\{2\\}\\|l[13],' /p/a.conf | cut -d, -f3").stdout,
        "l1\nl3\n"
    );
}

#[test]
fn sed_edits_in_place() {
    let after = |script: &str| {
        let outcome = sh(&format!(
            "sed {script} /p/a.conf; s=$?; cat /p/a.conf; exit $s"
        ));
        (outcome.rc, outcome.stdout, outcome.stderr)
    };
    assert_eq!(
        after("--in-place -e 's#free,W1,l1,1G,,,#used,w1,l1,1G,,lnx1,b801,#i'").1,
        POOL.replace("free,w1,l1,1G,,,", "used,w1,l1,1G,,lnx1,b801,")
    );
    assert_eq!(
        after("-i -e /'free,w1'/d").1,
        POOL.replace("free,w1,l1,1G,,,\n", "")
    );
    assert_eq!(after("-i -e 2,\\$d").1, "#status,wwpn,lun\n");
    assert_eq!(sh("sed -n '2,3p' /p/a.conf").stdout.lines().count(), 2);
    assert_eq!(
        sh("echo ab/c | sed 's/\\(a\\)\\(b\\)/\\2\\1&/;s#/#|#g'").stdout,
        "baab|c\n"
    );
    assert_eq!(
        sh("sed -i -e /x/d /etc/zfcp.conf"),
        Outcome::fail(
            2,
            "sed: can't read /etc/zfcp.conf: No such file or directory\n"
        )
    );
}

#[test]
fn q6_a_pattern_of_two_rows_is_refused() {
    let outcome = sh("sed --in-place -e 's#free,1\nfree,2#used,1#i' /p/a.conf");
    assert_eq!(
        outcome,
        Outcome::fail(
            1,
            "sed: -e expression #1, char 8: unterminated `s' command\n"
        )
    );
}

#[test]
fn files_come_and_go() {
    assert_eq!(sh("test -d /p && echo Exists").stdout, "Exists\n");
    assert_eq!(sh("[ -e /p/c.conf ] || echo no").stdout, "no\n");
    assert_eq!(
        sh("ls /none"),
        Outcome::fail(2, "ls: cannot access '/none': No such file or directory\n")
    );
    assert_eq!(
        sh("rm -f /p/*.conf; ls /p; test -d /p && echo still").stdout,
        "still\n"
    );
    assert_eq!(
        sh("mkdir -p /x/y && cp /p/b.conf /x/y && mv /x/y/b.conf /x/z; cat /x/z; ls /x").stdout,
        "free,w9,l9\ny\nz\n"
    );
    assert_eq!(
        sh("rm /none").stderr,
        "rm: cannot remove '/none': No such file or directory\n"
    );
    assert_eq!(
        sh("stat -c '%n %Z' /p/b.conf; stat --printf=%n /none").stdout,
        "/p/b.conf 0\n"
    );
}

#[test]
fn text_tools() {
    assert_eq!(sh("date").stdout, "Wed Nov 23 20:33:11 UTC 2016\n");
    assert_eq!(sh("date +%Y-%m-%d").stdout, "2016-11-23\n");
    assert_eq!(sh("echo b a | tr ' a-z' '\\nA-Z' | sort").stdout, "A\nB\n");
    assert_eq!(
        sh("echo 'a b c' | awk '{print $2,$NF \"x\"}'").stdout,
        "b cx\n"
    );
    assert_eq!(
        sh("cat /p/a.conf | head -n 1; tail -1 /p/a.conf").stdout,
        "#status,wwpn,lun\nFREE,w1,l3,1G,,,\n"
    );
    assert_eq!(sh("printf '%s-%03d\\n' a 7").stdout, "a-007\n");
    assert_eq!(sh("sudo sh -c 'cat /p/b.conf'").stdout, "free,w9,l9\n");
}

#[test]
fn numbers_and_digests() {
    assert_eq!(sh("seq 3").stdout, "1\n2\n3\n");
    assert_eq!(sh("seq -s , 6 -2 1").stdout, "6,4,2\n");
    assert_eq!(sh("seq 3 1"), Outcome::ok(""));
    assert_eq!(
        sh("for i in $(seq 1 2); do echo n$i; done").stdout,
        "n1\nn2\n"
    );
    assert_eq!(
        sh("printf abc | md5sum").stdout,
        "900150983cd24fb0d6963f7d28e17f72  -\n"
    );
    assert_eq!(
        sh("printf abc >/p/x; sha256sum /p/x /p/none").stdout,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  /p/x\n"
    );
}

proptest! {
    #[test]
    fn sed_never_panics(script in "[a-z0-9/#,;$!^\\[\\](){}\\\\&.*+ \n]{0,30}") {
        let (mut world, host) = world();
        let line = format!("echo abc | sed '{script}'");
        let _ = run(&mut world, &host, "root", &line);
    }

    #[test]
    fn grep_never_panics(pattern in "[a-z\\[\\](){}\\\\.*+?|^$:=0-9,-]{0,30}", flag in "-[EFviwxcoln]") {
        let (mut world, host) = world();
        let line = format!("grep {flag} -e '{pattern}' /p/a.conf");
        let _ = run(&mut world, &host, "root", &line);
    }

    /// What is searched for as plain text is found exactly where the text has it.
    #[test]
    fn fixed_grep_agrees_with_contains(word in "[a-z0-9,]{1,6}") {
        let found = sh(&format!("grep -F {word} /p/a.conf")).stdout;
        let expected: String = POOL.split_inclusive('\n').filter(|l| l.contains(&word)).collect();
        prop_assert_eq!(found, expected);
    }
}
