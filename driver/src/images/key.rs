//! The key with which the management node logs in where it copies from and to (spec: driver 2.7.2).

/// What such a key begins with.
const KIND: &str = "ssh-rsa ";

/// The key in a line that `cat` printed on the MN, from its kind on: what stands before it, such as the node's name, is not the file's.
/// `None` when the line is no key, or one that `authorized_keys` would not take as one line of one key.
pub(crate) fn public_key(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(KIND)?;
    let rest = rest.trim_end();
    let blob = rest.split(' ').next()?;
    let encoded = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    // The key tells its kind a second time, in its own encoding.
    let is_key = blob.starts_with("AAAAB3NzaC1yc2E") && blob.chars().all(encoded);
    (is_key && !rest.chars().any(char::is_control)).then(|| format!("{KIND}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_from_its_kind_on() {
        let key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7+x/y== root@mn";
        for line in [
            key.to_owned(),
            format!("mn: {key}\n"),
            format!("command=\"x\" {key}"),
        ] {
            assert_eq!(public_key(&line).as_deref(), Some(key));
        }
        for line in [
            "",
            "cat: /root/.ssh/id_rsa.pub: No such file or directory",
            "ssh-rsa ",
            "ssh-rsa AAAAB3NzaC1yc2E;reboot root@mn",
            "ssh-rsa AAAAB3NzaC1yc2EAAAA root@mn\nssh-rsa AAAAB3NzaC1yc2EAAAA other",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5 root@mn",
        ] {
            assert_eq!(public_key(line), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_line_makes_the_reader_panic(line in "\\PC{0,40}(ssh-rsa )?\\PC{0,40}") {
            let _ = public_key(&line);
        }
    }
}
