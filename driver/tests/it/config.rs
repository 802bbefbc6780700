//! `cinder.conf` files as they stand in `fixtures/cinder`.

use std::path::{Path, PathBuf};

use zvm_volume::config::{
    Config, DriverOption, Level, OPTIONS, OptionGroup, OptionType, TlsVerify,
};
use zvm_volume::volumes::VolumeDriver as _;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/cinder")
        .join(name)
}

#[test]
fn the_seeds_sample_loads_unmodified() {
    let config = Config::load(&fixture("seed-sample.conf")).unwrap();
    assert_eq!(config.backends.len(), 1);
    let backend = config.backend(None).unwrap();
    assert_eq!(backend.section, "zvmssio1");
    assert_eq!(backend.volume_backend_name, "SCSI_zvmssio1");
    assert_eq!(backend.server, "9.60.27.176");
    assert_eq!(backend.username, "root");
    assert_eq!(backend.password.expose(), "root");
    assert_eq!(backend.pool.as_str(), "scsipol1");
    assert_eq!(backend.port, 443);
    // Against xCAT's self-signed certificate the sample can only work without verification; that is said aloud.
    assert_eq!(backend.tls.verify, TlsVerify::None);
    assert!(
        config
            .warnings
            .iter()
            .any(|warning| warning.message.contains("not verified"))
    );
}

#[test]
fn two_systems_share_defaults_and_keep_their_secret() {
    let config = Config::load(&fixture("two-systems.conf")).unwrap();
    let names: Vec<_> = config
        .backends
        .iter()
        .map(|backend| backend.section.as_str())
        .collect();
    assert_eq!(names, ["zvmssio1", "zvmssio2"]);
    let first = config.backend(Some("SCSI_zvmssio1")).unwrap();
    // A secret may contain what would be a remark elsewhere.
    assert_eq!(first.password.expose(), "s3cret #1 with a hash");
    assert_eq!(first.pool.as_str(), "scsipol1");
    assert!(first.compute.multiple_fcp);
    assert_eq!(first.compute.fcp_list.devices().count(), 24);
    assert!(!format!("{config:?}").contains("s3cret"));
    assert!(
        config.backend(None).is_none(),
        "two back ends: none is the default one"
    );
}

#[test]
fn every_error_of_a_file_is_reported_with_section_key_and_line() {
    let error = Config::load(&fixture("broken.conf")).unwrap_err();
    insta::assert_snapshot!(
        error
            .problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    );
    let typo = error
        .problems
        .iter()
        .find(|problem| problem.key.as_deref() == Some("zvm_xcat_pasword"))
        .unwrap();
    assert_eq!(typo.level, Level::Warning);
}

#[test]
fn d41_a_ca_file_that_is_missing_is_an_error() {
    let text = "zvm_xcat_server = a\nzvm_xcat_username = u\nzvm_xcat_password = p\nzvm_scsi_pool = x\nzvm_xcat_ca_file = /nonexistent\n";
    let error = Config::parse(text).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("line 5: [DEFAULT] zvm_xcat_ca_file: cannot read /nonexistent"),
        "{error}"
    );
}

#[test]
fn d48_overlapping_device_lists_are_an_error() {
    let text = "zvm_xcat_server = a\nzvm_xcat_username = u\nzvm_xcat_password = p\nzvm_scsi_pool = x\n\
                zvm_fcp_list = 1-4\nzvm_zhcp_fcp_list = 4-5\n";
    assert!(
        Config::parse(text)
            .unwrap_err()
            .to_string()
            .contains("0004")
    );
}

#[test]
fn keys_of_default_are_not_inherited() {
    let text = "enabled_backends = a\nzvm_xcat_server = mn\n[a]\nzvm_xcat_username = u\nzvm_xcat_password = p\nzvm_scsi_pool = x\n";
    let error = Config::parse(text).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("[a] zvm_xcat_server: is required"),
        "{error}"
    );
}

/// Spec: driver 1.3.3, `zvm_image_remote`.
#[test]
fn images_come_from_this_user_at_my_ip_unless_an_address_is_given() {
    let remote = |service: &str, keys: &str| {
        let text = format!(
            "[DEFAULT]\nenabled_backends = a\n{service}\n[a]\nzvm_xcat_server = mn\nzvm_xcat_username = u\n\
             zvm_xcat_password = p\nzvm_scsi_pool = x\nzvm_xcat_tls_verify = full\n{keys}\n"
        );
        let config = Config::parse(&text).unwrap();
        let warnings: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
        (config.backends[0].copying.remote.clone(), warnings)
    };
    let id = std::process::Command::new("id")
        .arg("-un")
        .output()
        .unwrap();
    let user = String::from_utf8(id.stdout).unwrap().trim().to_owned();
    for (address, written) in [
        ("192.0.2.7", "192.0.2.7"),
        (
            "cinder-1.example.com  # the controller",
            "cinder-1.example.com",
        ),
        ("2001:db8::7", "[2001:db8::7]"),
    ] {
        let (remote, warnings) = remote(&format!("my_ip = {address}"), "");
        assert_eq!(remote.unwrap(), format!("{user}@{written}"));
        assert!(warnings.is_empty(), "{warnings:?}");
    }
    let (given, _) = remote("my_ip = 192.0.2.7", "zvm_image_remote = cinder@192.0.2.9");
    assert_eq!(given.as_deref(), Some("cinder@192.0.2.9"));
    // The key is the service's, not a back end's, and the address is one that a shell may read.
    assert_eq!(remote("", "my_ip = 192.0.2.7").0, None);
    let (none, warnings) = remote("my_ip = 192.0.2.7;reboot", "");
    assert_eq!(none, None);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("[DEFAULT] my_ip: gives no default of zvm_image_remote"));
}

/// The page of all keys is the documentation of each: it names every key once, and its defaults are the program's.
#[test]
fn the_page_of_all_keys_is_complete_and_its_defaults_are_the_programs() {
    let path = fixture("all-keys.conf");
    let text = std::fs::read_to_string(&path).unwrap();
    let key = |line: &str| {
        let line = line.strip_prefix('#').unwrap_or(line);
        let (key, _) = line.split_once('=')?;
        let key = key.trim_end();
        let plain = |c: char| c.is_ascii_lowercase() || c == '_';
        (!key.is_empty() && key.chars().all(plain)).then(|| key.to_owned())
    };
    let mut named: Vec<String> = text
        .lines()
        .filter_map(key)
        .filter(|key| key.starts_with("zvm_"))
        .collect();
    named.sort();
    assert_eq!(named, OPTIONS.map(|option| option.name));
    for line in text.lines().filter(|line| line.starts_with("#zvm_")) {
        let (name, default) = line[1..].split_once('=').unwrap();
        let option = DriverOption::find(name.trim()).unwrap();
        assert_eq!(option.default.unwrap_or_default(), default.trim(), "{name}");
        assert!(!option.required, "{name}");
    }
    let plain = Config::load(&path).unwrap();
    // With every default that has a value written out, nothing changes.
    let spelled: Vec<&str> = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if key(line).is_some() && !rest.trim_end().ends_with('=') => rest,
            _ => line,
        })
        .collect();
    let spelled = Config::parse(&spelled.join("\n")).unwrap();
    assert_eq!(
        spelled.warnings.len(),
        plain.warnings.len(),
        "{:?}",
        spelled.warnings
    );
    let (mut a, b) = (spelled.backends[0].clone(), plain.backends[0].clone());
    // The default filter is made when figures are asked for.
    a.filter_function.clone_from(&b.filter_function);
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
}

/// Two back ends without `zvm_host`, or one of the two, would find the same system by its pool (V5).
#[test]
fn v5_a_system_that_is_to_be_found_is_taken_for_the_same() {
    let text = |hosts: [&str; 2]| {
        let section = |name: &str, host: &str| {
            format!(
                "[{name}]\nzvm_xcat_server = mn\nzvm_xcat_username = u\nzvm_xcat_password = p\nzvm_scsi_pool = x\n{host}\n"
            )
        };
        format!(
            "[DEFAULT]\nenabled_backends = a, b\n{}{}",
            section("a", hosts[0]),
            section("b", hosts[1])
        )
    };
    for hosts in [["", ""], ["zvm_host = zvm1", ""], ["", "zvm_host = zvm1"]] {
        let error = Config::parse(&text(hosts)).unwrap_err().to_string();
        assert!(error.contains("set zvm_host in both"), "{error}");
    }
    let same = ["zvm_host = zvm1", "zvm_host = ZVM1"];
    let error = Config::parse(&text(same)).unwrap_err().to_string();
    assert!(
        error.contains("[a] manages the same pool of the same system"),
        "{error}"
    );
    Config::parse(&text(["zvm_host = zvm1", "zvm_host = zvm2"])).unwrap();
}

/// V8, where Nova's keys stand.
#[test]
fn v8_a_mistyped_key_in_default_is_reported() {
    let text = "[DEFAULT]\nenabled_backends = a\nzvm_fpc_list = 1a00-1a0e\n[a]\nzvm_xcat_server = mn\n\
                zvm_xcat_username = u\nzvm_xcat_password = p\nzvm_scsi_pool = x\nzvm_xcat_semantics = modern\n\
                zvm_zhcp_fcp_range = 1a0f\n";
    let config = Config::parse(text).unwrap();
    let told = |key: &str, text: &str| {
        config
            .warnings
            .iter()
            .any(|warning| warning.key.as_deref() == Some(key) && warning.message.contains(text))
    };
    assert!(told("zvm_fpc_list", "unknown key"), "{config:?}");
    assert!(told("zvm_xcat_semantics", "has no effect"), "{config:?}");
    assert!(told("zvm_zhcp_fcp_range", "has no effect"), "{config:?}");
    // They change nothing, and a mistake in one is an error all the same.
    let required =
        "zvm_xcat_server = a\nzvm_xcat_username = u\nzvm_xcat_password = p\nzvm_scsi_pool = x\n";
    let plain = Config::parse(required).unwrap().backends;
    for (key, good, bad) in [
        ("zvm_xcat_semantics", "legacy", "old"),
        ("zvm_zhcp_fcp_range", "1a00-1a0f", "1a0f-1a00"),
    ] {
        let with = |value: &str| Config::parse(&format!("{required}{key} = {value}\n"));
        assert_eq!(with(good).unwrap().backends, plain, "{key}");
        let error = with(bad).unwrap_err().to_string();
        assert!(error.contains(key), "{error}");
    }
}

/// Keys that are only carried are typed all the same (1.3.4).
#[test]
fn mistakes_in_keys_that_are_only_carried_are_told() {
    let text = "[DEFAULT]\nzvm_xcat_server = mn\nzvm_xcat_username = u\nzvm_xcat_password = p\nzvm_scsi_pool = x\n\
                zvm_diskpool_type = XYZ\nzvm_console_log_size = abc\nxcat_image_clean_period = soon\n\
                zvm_config_drive_inject_password = maybe\n";
    let error = Config::parse(text).unwrap_err().to_string();
    for told in [
        "zvm_diskpool_type: 'XYZ' is not ECKD or FBA",
        "zvm_console_log_size: 'abc' is not a number",
        "xcat_image_clean_period: 'soon' is not a number",
        "zvm_config_drive_inject_password: ",
    ] {
        assert!(error.contains(told), "{told} in {error}");
    }
}

/// The table of keys is the loader's, and what it says of a key is what the loader does with it (spec: driver 2.5.1).
#[test]
fn the_driver_options_are_what_the_loader_reads() {
    let options = zvm_volume::volumes::ZvmDriver::get_driver_options();
    assert!(options.is_sorted_by_key(|option| option.name));
    let required = [
        ("zvm_xcat_server", "mn.example.com"),
        ("zvm_xcat_username", "u"),
        ("zvm_xcat_password", "p"),
        ("zvm_scsi_pool", "x"),
    ];
    let with = |name: &str, value: Option<&str>| {
        let others = required.iter().filter(|(key, _)| *key != name);
        let mut text: String = others
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect();
        if let Some(value) = value {
            text += &format!("{name} = {value}\n");
        }
        Config::parse(&text)
    };
    let plain = with("", None).unwrap();
    for option in options {
        let name = option.name;
        assert!(option.help.ends_with('.'), "{name}");
        assert_eq!(with(name, None).is_err(), option.required, "{name}");
        // Written out, a default changes nothing.
        if let Some(default) = option.default {
            let spelled = with(name, Some(default)).unwrap();
            assert_eq!(spelled.backends, plain.backends, "{name}");
            assert_eq!(spelled.warnings.len(), plain.warnings.len(), "{name}");
        }
        // A value of another type is an error.
        let wrong: Option<&str> = match option.kind {
            OptionType::Boolean | OptionType::Choice(_) => Some("perhaps"),
            OptionType::Integer | OptionType::Port => Some("many"),
            OptionType::Seconds => Some("0"),
            OptionType::FcpList => Some("1a0f-1a00"),
            _ => None,
        };
        let is_checked = option.group != OptionGroup::Carried
            || matches!(option.kind, OptionType::Boolean | OptionType::Choice(_));
        if let Some(wrong) = wrong.filter(|_| is_checked) {
            let error = with(name, Some(wrong)).unwrap_err().to_string();
            assert!(error.contains(name), "{name}: {error}");
        }
        if let OptionType::Choice(choices) = option.kind {
            assert!(
                option
                    .default
                    .is_none_or(|default| choices.contains(&default))
            );
            for choice in choices {
                let read = with(name, Some(choice));
                // `ca` needs a file beside it.
                let needs = read.err().map(|error| error.to_string());
                assert!(
                    needs.as_ref().is_none_or(|text| text.contains("ca needs")),
                    "{name}: {needs:?}"
                );
            }
        }
    }
    let listed = serde_json::to_value(options[1]).unwrap();
    assert_eq!(listed["name"], "zvm_connector_host");
    assert_eq!(listed["type"]["choice"][0], "system");
    assert_eq!(listed["default"], "system");
}
