use proptest::prelude::*;

use crate::hosts::shell::run;
use crate::seam::Outcome;
use crate::world::{HostName, Linux, World};

fn world() -> (World, HostName) {
    let mut world = World::default();
    let host = HostName::new("h");
    let mut linux = Linux::default();
    linux.fs.write("/var/p/a.conf", "one\ntwo\n", 0);
    linux.fs.write("/var/p/b.conf", "three\n", 0);
    world.linuxes.insert(host.clone(), linux);
    (world, host)
}

fn sh(line: &str) -> Outcome {
    let (mut world, host) = world();
    run(&mut world, &host, "root", line)
}

#[test]
fn words_are_what_bash_makes_of_them() {
    assert_eq!(
        sh("echo a\\ b 'c  d' \"$HOME\" ~ x$nope").stdout,
        "a b c  d /root /root x\n"
    );
    assert_eq!(sh("A='x  y'; echo $A \"$A\"").stdout, "x y x  y\n");
    assert_eq!(
        sh("echo $(echo a; echo b) `echo \\`echo c\\``").stdout,
        "a b c\n"
    );
    assert_eq!(
        sh("echo /var/p/*.conf /no/*.x").stdout,
        "/var/p/a.conf /var/p/b.conf /no/*.x\n"
    );
    assert_eq!(
        sh("echo KERNEL==\\\"sd*\\\", vdb\\%n\\\"").stdout,
        "KERNEL==\"sd*\", vdb%n\"\n"
    );
    assert_eq!(sh("echo '' | cat; false; echo $?").stdout, "\n1\n");
}

#[test]
fn lists_and_redirections() {
    assert_eq!(sh("false && echo a || echo b").stdout, "b\n");
    assert_eq!(sh("cat /x 2>/dev/null || echo gone").stdout, "gone\n");
    assert_eq!(sh("cat /x 2>&1 | grep -c No").stdout, "1\n");
    assert_eq!(
        sh("echo 1 > /tmp/f; echo 2 >>/tmp/f; cat < /tmp/f").stdout,
        "1\n2\n"
    );
    assert_eq!(sh("cat /x &> /dev/null; echo $?").stdout, "1\n");
    let outcome = sh("echo x > /none/f");
    assert_eq!(
        outcome,
        Outcome::fail(1, "bash: line 1: /none/f: No such file or directory\n")
    );
    assert_eq!(
        sh("if false; then echo a; else echo b; fi; for i in 1 2; do echo $i; done").stdout,
        "b\n1\n2\n"
    );
    assert_eq!(sh("(exit 3); echo $?; exit 4; echo no").rc, 4);
}

#[test]
fn failures() {
    assert_eq!(
        sh("nosuch x"),
        Outcome::fail(127, "bash: line 1: nosuch: command not found\n")
    );
    assert_eq!(sh("echo \"").rc, 2);
    assert_eq!(sh("echo a; ; b").rc, 2);
    assert_eq!(sh(&"(".repeat(5_000)).rc, 2);
    assert_eq!(sh(&"$(".repeat(5_000)).rc, 2);
}

proptest! {
    #[test]
    fn nothing_panics(line in "[ a-z$(){}\\[\\]'\"`\\\\;|&<>*?!=\n0-9/-]{0,60}") {
        let _ = sh(&line);
    }
}
