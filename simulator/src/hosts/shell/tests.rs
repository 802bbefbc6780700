use proptest::prelude::*;

use crate::hosts::shell::host::run_tree;
use crate::hosts::shell::run;
use crate::seam::Outcome;
use crate::world::{HostName, Linux, World};

fn world() -> (World, HostName) {
    let mut world = World::default();
    let host = HostName::new("h");
    let mut linux = Linux::default();
    linux.fs.write("/var/p/a.conf", "one\ntwo\n", 0);
    linux.fs.write("/var/p/b.conf", "three\n", 0);
    linux
        .fs
        .write("/root/s.sh", "#!/bin/bash\necho \"$0 $# $1\"; exit 3\n", 0);
    world.linuxes.insert(host.clone(), linux);
    (world, host)
}

fn sh(line: &str) -> Outcome {
    let (mut world, host) = world();
    run(&mut world, &host, "root", line)
}

/// Output of a line that succeeds without complaints.
fn out(line: &str) -> String {
    let outcome = sh(line);
    assert_eq!((outcome.rc, outcome.stderr.as_str()), (0, ""), "{line}");
    outcome.stdout
}

#[test]
fn words_are_what_bash_makes_of_them() {
    for (line, expected) in [
        (
            "echo a\\ b 'c  d' \"$HOME\" ~ x$nope",
            "a b c  d /root /root x\n",
        ),
        ("A='x  y'; echo $A \"$A\"", "x y x  y\n"),
        ("echo $(echo a; echo b) `echo \\`echo c\\``", "a b c\n"),
        (
            "echo /var/p/*.conf /no/*.x",
            "/var/p/a.conf /var/p/b.conf /no/*.x\n",
        ),
        (
            "echo KERNEL==\\\"sd*\\\", vdb\\%n\\\"",
            "KERNEL==\"sd*\", vdb%n\"\n",
        ),
        ("echo '' | cat; false; echo $?", "\n1\n"),
        (
            "echo a{1,2}b {3..1} {a..c} {x}",
            "a1b a2b 3 2 1 a b c {x}\n",
        ),
        ("echo $'a\\tb'", "a\tb\n"),
        (
            "set -- 'a b' c; for i in \"$@\"; do echo \"<$i>\"; done; echo $#",
            "<a b>\n<c>\n2\n",
        ),
        ("set --; for i in \"$@\"; do echo \"<$i>\"; done", ""),
        ("IFS=:; a=x:y; echo $a", "x y\n"),
    ] {
        assert_eq!(out(line), expected, "{line}");
    }
}

#[test]
fn parameters_are_expanded() {
    for (line, expected) in [
        (
            "echo ${a:-d} ${a-e} ${a:=f} $a ${a:+g} ${a:-h}",
            "d e f f g f\n",
        ),
        ("a=; echo ${a-x}${a:-y}${a+z}", "yz\n"),
        (
            "a=/x/y.tar.gz; echo ${a##*/} ${a%.*} ${a%%.*} ${a#/x} ${#a}",
            "y.tar.gz /x/y.tar /x/y /y.tar.gz 11\n",
        ),
        (
            "a=banana; echo ${a/an/AN} ${a//an/AN} ${a//[bn]/_} ${a/#b/B} ${a/%a/A}",
            "bANana bANANa _a_a_a Banana bananA\n",
        ),
        (
            "a=0x0004; echo ${a:2} ${a:0:2} ${a: -2} ${a^^} ${a,,}",
            "0004 0x 04 0X0004 0x0004\n",
        ),
        ("a='*'; echo \"${a#\\*}\"x", "x\n"),
        (
            "echo $((2 * (3 + 4))) $((a = 5)) $a; ((a > 3)) && echo yes",
            "14 5 5\nyes\n",
        ),
        ("i=0; while ((i < 3)); do ((i++)); done; echo $i", "3\n"),
        ("a=x; a+=y; echo $a", "xy\n"),
    ] {
        assert_eq!(out(line), expected, "{line}");
    }
}

#[test]
fn lists_and_redirections() {
    for (line, expected) in [
        ("false && echo a || echo b", "b\n"),
        ("cat /x 2>/dev/null || echo gone", "gone\n"),
        ("cat /x 2>&1 | grep -c No", "1\n"),
        ("echo 1 > /tmp/f; echo 2 >>/tmp/f; cat < /tmp/f", "1\n2\n"),
        ("cat /x &> /dev/null; echo $?", "1\n"),
        (
            "cat <<EOF\na $((1+1)) \"$HOME\"\nEOF\necho end",
            "a 2 \"/root\"\nend\n",
        ),
        ("cat <<'EOF'\n$HOME\nEOF", "$HOME\n"),
        ("cat <<-EOF | tr a b\n\ta\n\tEOF", "b\n"),
        ("tr a-z A-Z <<< word", "WORD\n"),
        (
            "while read a b; do echo \"$b:$a\"; done <<< 'x y z'",
            "y z:x\n",
        ),
        (
            "printf 'a\\nb\\n' | while read l; do echo \"[$l]\"; done",
            "[a]\n[b]\n",
        ),
        ("a=1; echo x | read a; echo $a", "1\n"),
    ] {
        assert_eq!(out(line), expected, "{line}");
    }
    assert_eq!(
        sh("echo x > /none/f"),
        Outcome::fail(1, "bash: line 1: /none/f: No such file or directory\n")
    );
    assert_eq!(
        sh("echo $(cat /x) | cat").stderr,
        "cat: /x: No such file or directory\n"
    );
}

#[test]
fn compound_commands() {
    for (line, expected) in [
        (
            "if false; then echo a; else echo b; fi; for i in 1 2; do echo $i; done",
            "b\n1\n2\n",
        ),
        (
            "case b805 in *[!0-9a-f]*) echo bad;; b8*|B8*) echo fcp;; esac",
            "fcp\n",
        ),
        ("case x in a) echo a;; *) echo other; esac", "other\n"),
        (
            "f() { local a=$1; echo \"<$a>\"; return 4; }; f 'x y'; echo $?",
            "<x y>\n4\n",
        ),
        ("a=1; f() { local a=2; echo $a; }; f; echo $a", "2\n1\n"),
        ("function g { echo $#; }; g 1 2 3", "3\n"),
        (
            "for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done",
            "1\n3\n",
        ),
        ("[[ -d /etc && ! -e /nope ]] && echo yes", "yes\n"),
        (
            "a=0x5005; [[ $a == 0x* && $a =~ ^0x([0-9]+)$ ]] && echo $BASH_REMATCH",
            "0x5005\n",
        ),
        ("[[ ( 1 -eq 2 || abc < abd ) ]] && echo yes", "yes\n"),
        ("[[ -z $nope ]]; echo $?", "0\n"),
        ("x=$(if true; then echo in; fi); echo $x", "in\n"),
        ("until [ \"$n\" = aaa ]; do n=a$n; done; echo $n", "aaa\n"),
        ("(cd /etc; pwd); pwd", "/etc\n/root\n"),
        ("eval 'a=1; echo' '$a'", "1\n"),
        ("command -v cat >/dev/null && echo there", "there\n"),
        ("! false; echo $?", "0\n"),
    ] {
        assert_eq!(out(line), expected, "{line}");
    }
    assert_eq!(sh("(exit 3); echo $?; exit 4; echo no").rc, 4);
    assert_eq!(sh("./s.sh a b"), Outcome::ok("./s.sh 2 a\n").with_status(3));
    assert_eq!(sh("bash s.sh q").stdout, "s.sh 1 q\n");
    assert_eq!(sh("set -e; false; echo no").stdout, "");
    assert_eq!(sh("set -e; false || true; echo yes").stdout, "yes\n");
    assert_eq!(sh("set -o pipefail; false | true").rc, 1);
    assert_eq!(sh("set -x; echo a").stderr, "+ echo a\n");
}

#[test]
fn failures() {
    assert_eq!(
        sh("nosuch x"),
        Outcome::fail(127, "bash: line 1: nosuch: command not found\n")
    );
    assert_eq!(
        sh("true\n\nnosuch x").stderr,
        "bash: line 3: nosuch: command not found\n"
    );
    assert_eq!(
        sh("/no/such"),
        Outcome::fail(127, "bash: line 1: /no/such: No such file or directory\n")
    );
    assert_eq!(sh("/etc").rc, 126);
    for bad in [
        "echo \"",
        "echo a; ; b",
        "if true; fi",
        "( )",
        "case x in",
        "f() ",
        "[[ a",
        "for in",
        "<",
        "${",
        "${a!b}",
        "done",
    ] {
        assert_eq!(sh(bad).rc, 2, "{bad}");
    }
    assert_eq!(sh("echo $((1/0))").rc, 1);
    assert_eq!(sh("set -u; echo $nope").rc, 127);
    assert_eq!(sh(&"(".repeat(5_000)).rc, 2);
    assert_eq!(sh(&"$(".repeat(5_000)).rc, 2);
    assert_eq!(sh(&"echo ${a:-".repeat(5_000)).rc, 2);
}

/// Nothing runs for ever, alone or in shells within shells; nothing grows beyond measure.
#[test]
fn endless_lines_are_stopped() {
    for line in [
        "while :; do :; done",
        "until false; do echo x; done > /dev/null",
        "f() { f; f; }; f",
        "while :; do bash -c 'while :; do :; done'; done",
        "a=aaaaaaaa; while :; do a=$a$a; done",
        "while true; do continue; done",
    ] {
        assert_ne!(sh(line).rc, 0, "{line}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(line in "[ a-z$(){}\\[\\]'\"`\\\\;|&<>*?!=\n0-9/#%:^,+-]{0,60}") {
        let _ = sh(&line);
    }

    /// Lines of the words that the grammar is made of get further than random characters.
    #[test]
    fn no_sentence_panics(words in proptest::collection::vec(
        proptest::sample::select(vec![
            "if", "then", "else", "fi", "for", "i", "in", "do", "done", "while", "case", "esac", "x)", ";;", "[[", "]]",
            "((", "))", "(", ")", "{", "}", ";", "&&", "||", "|", "!", "f()", "<<EOF\n", "EOF\n", "<", ">", "2>&1", "$i",
            "\"$@\"", "${a:-b}", "${a//x/y}", "$((1+", "read", "a", "a=1", "echo", "return", "break", "set", "--", "shift",
            "\n", "eval", "-e", "==", "=~", "exit", "3",
        ]),
        0..24,
    )) {
        let _ = sh(&words.join(" "));
    }
}

#[test]
fn a_plain_line_does_what_its_tree_does() {
    for line in [
        "echo a 'b c' && cat /var/p/a.conf",
        "cat /none || echo \"x\"; false",
        "true && false || echo y && none",
        "/root/s.sh one && echo z",
        "/root/s.sh; /none a; ./s.sh 'a b' || echo $?",
        "/var/p; none",
        "sudo whoami; whoami; sudo env",
        "sed -i -e 's/one/1/' /var/p/a.conf; cp /var/p/a.conf /root/c; rm /var/p/b.conf; ls /root",
        "test -d /var/p && echo Exists; test -e /var/p/c.conf && echo Exists",
        "env A=1 sh -c 'echo $A'; echo x | cat",
        "xargs echo; seq 3; tee /root/t; exit 3",
    ] {
        for user in ["root", "", "adm"] {
            let ((mut one, host), (mut other, _)) = (world(), world());
            let outcome = run(&mut one, &host, user, line);
            assert_eq!(outcome, run_tree(&mut other, &host, user, line), "{line}");
            assert_eq!(one, other, "{line}");
        }
    }
}
