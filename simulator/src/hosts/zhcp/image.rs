//! `creatediskimage` and `unpackdiskimage` (spec: zhcp-and-smapi 1.5, 1.6). A disk's content is the identity of its
//! content; an image is the header of the real format with that identity behind it.

use super::cp;
use super::script::{
    Words, connect, connect_fcp, disconnect, disconnect_fcp, is_running, own, stamp,
};
use crate::hosts::{ProgramEnv, files};
use crate::seam::Outcome;

/// Significant characters of a header, and its length.
const SIGNIFICANT: usize = 55;
const HEADER: usize = 512;
/// Length of the header of version 1.
const OLD_HEADER: usize = 36;
/// Tags of images.
const CKD: &str = "xCAT CKD Disk Image:";
const FBA: &str = "xCAT FBA Part Image:";
const FBA_WHOLE: &str = "xCAT FBA Disk Image:";
const FCP: &str = "xCAT FCP Disk Image:";

/// What an image file says of itself.
#[derive(Debug, PartialEq, Eq)]
struct Image {
    tag: String,
    size: u64,
    compression: char,
    old: bool,
    content: String,
}

impl Image {
    fn parse(text: &str) -> Option<Self> {
        let tag = text.get(..20)?.to_owned();
        if ![CKD, FBA, FBA_WHOLE, FCP].contains(&tag.as_str()) {
            return None;
        }
        let size = text
            .get(20..OLD_HEADER)?
            .split_whitespace()
            .next()?
            .parse()
            .unwrap_or(0);
        let old = text.get(37..42) != Some("HLen:");
        let (compression, start) = if old {
            ('6', OLD_HEADER)
        } else {
            (text.chars().nth(54).unwrap_or('6'), HEADER)
        };
        Some(Self {
            tag,
            size,
            compression,
            old,
            // The line's end is this model's own; blanks are the disk's.
            content: text
                .get(start..)
                .unwrap_or_default()
                .trim_end_matches('\n')
                .to_owned(),
        })
    }

    fn print(tag: &str, size: &str, compression: char, content: &str) -> String {
        let header = format!("{tag}{size:>16} HLen: {SIGNIFICANT:04} GZIP: {compression}");
        format!("{header:<HEADER$}{content}\n")
    }
}

/// A disk that one of the scripts works on.
enum Target {
    Minidisk {
        user: String,
        device: String,
    },
    Lun {
        channel: String,
        wwpn: String,
        lun: String,
    },
}

/// The run of a script: what it has printed.
struct Run {
    name: &'static str,
    failed: &'static str,
    text: String,
}

impl Run {
    fn say(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn end(mut self, env: &ProgramEnv<'_>, rc: i32) -> Outcome {
        let now = stamp(env);
        if rc != 0 {
            self.text.push_str(&format!(
                "\n{}\nA detailed trace can be found at: /var/log/zhcp/{}_trace_{now}.txt\n",
                self.failed, self.name
            ));
        }
        self.text
            .push_str(&format!("{} end time: {now}\n", self.name));
        Outcome {
            rc,
            stdout: self.text,
            stderr: String::new(),
        }
    }

    fn error(mut self, env: &ProgramEnv<'_>, message: &str) -> Outcome {
        self.say(&format!("ERROR: {message}"));
        self.end(env, 3)
    }
}

fn stop(text: String) -> Outcome {
    Outcome {
        rc: 1,
        stdout: text,
        stderr: String::new(),
    }
}

/// Help, version and operands of both scripts.
fn operands(
    words: &Words,
    usage: &str,
    version: &str,
    is_fcp: bool,
) -> Result<(Target, String), Outcome> {
    if words.has(&["-h", "--help"]) {
        return Err(Outcome::ok(usage.to_owned()));
    }
    if words.has(&["-V", "--version"]) {
        return Err(Outcome::ok(format!("{version}\n")));
    }
    let unknown = words
        .options
        .iter()
        .find(|o| !matches!(o.as_str(), "-x" | "--debug"));
    if let Some(option) = unknown {
        return Err(stop(format!(
            "ERROR: Unrecognized Option: \"{option}\".\n{usage}"
        )));
    }
    match words.operands.as_slice() {
        [channel, wwpn, lun, file, ..] if is_fcp => {
            let [channel, wwpn, lun] = [channel, wwpn, lun].map(|w| w.to_ascii_lowercase());
            if wwpn.len() < 18 || lun.len() < 18 {
                return Err(stop(
                    "ERROR: WWPN and LUN must be a 16 byte number.\n".to_owned(),
                ));
            }
            Ok((Target::Lun { channel, wwpn, lun }, file.clone()))
        }
        [user, device, file, ..] if !is_fcp => Ok((
            Target::Minidisk {
                user: user.clone(),
                device: device.clone(),
            },
            file.clone(),
        )),
        _ => Err(stop(format!("ERROR: Missing required parameter.\n{usage}"))),
    }
}

fn introduce(run: &mut Run, target: &Target, file: &str) {
    match target {
        Target::Minidisk { user, device } => {
            run.say(&format!("SOURCE USER ID: \"{user}\""));
            run.say(&format!("DISK CHANNEL:   \"{device}\""));
        }
        Target::Lun { channel, wwpn, lun } => {
            run.say(&format!("FCP CHANNEL:    \"{channel}\""));
            run.say(&format!("WWPN:           \"{wwpn}\""));
            run.say(&format!("LUN:            \"{lun}\""));
        }
    }
    run.say(&format!("IMAGE FILE:     \"{file}\""));
}

fn base(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

/// Where a minidisk's content is kept: minidisks are no volumes of the SAN.
fn minidisk_file(user: &str, device: &str) -> String {
    format!(
        "/var/opt/zhcp/.minidisks/{}.{}",
        user.to_ascii_uppercase(),
        device.to_ascii_uppercase()
    )
}

/// unpackdiskimage.
pub fn unpack(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    const USAGE: &str = "USAGE: unpackdiskimage [OPTIONS] USER_ID CHANNEL_ID IMAGE_FILE\n       \
                         unpackdiskimage [OPTIONS] CHANNEL_ID WWPN LUN IMAGE_FILE\n";
    let words = Words::read(words);
    let (target, file) = match operands(&words, USAGE, "2.0", words.operands.len() >= 4) {
        Ok(target) => target,
        Err(outcome) => return outcome,
    };
    let mut run = Run {
        name: "unpackdiskimage",
        failed: "IMAGE DEPLOYMENT FAILED.",
        text: format!("unpackdiskimage start time: {}\n", stamp(env)),
    };
    introduce(&mut run, &target, &file);
    run.say("");
    let Ok(text) = env.read(&file).map(std::borrow::Cow::into_owned) else {
        return run.error(env, "The specified image file was not found.");
    };
    let Some(image) = Image::parse(&text) else {
        return run.error(env, "Disk image type not recognized");
    };
    if image.old {
        run.say("Version 1 image file detected.");
    }
    run.say(&format!(
        "Image file compression level: {}",
        image.compression
    ));
    if image.size == 0 {
        let what = if image.tag == CKD {
            "cylinder/record"
        } else {
            "block"
        };
        let message = format!(
            "{file} does not contain {what} information. This appears to be a dummy image file."
        );
        return run.error(env, &message);
    }
    match target {
        Target::Minidisk { user, device } => {
            if is_running(env, &user) {
                return run.error(env, "The specified target system is currently running.");
            }
            let connected = match connect(env, &user, &device, "MR") {
                Ok(connected) => connected,
                Err((_, output)) => {
                    run.text.push_str(&output);
                    return run.error(env, &format!("Failed to connect disk: {user}:{device}"));
                }
            };
            let (size, eckd) = size_of(env, &connected);
            let refused = if eckd != (image.tag == CKD) {
                let (image_is, disk_is) = if eckd {
                    ("fixed-block", "a fixed-block")
                } else {
                    ("Count-Key-Data", "a Count-Key-Data")
                };
                Some(format!(
                    "Specified image is of a {image_is} volume, but specified disk is not {disk_is} volume."
                ))
            } else if image.size > size {
                Some("Target disk is too small for specified image.".to_owned())
            } else {
                None
            };
            if let Some(message) = refused {
                let _ = disconnect(env, connected.alias);
                return run.error(env, &message);
            }
            run.say(&format!(
                "Deploying image to {user}'s disk at channel {device}."
            ));
            if size > image.size {
                run.say(
                    "Increasing partition space and file system to use the larger target disk.",
                );
            }
            let now = env.world.now_ms;
            if let Some(linux) = env.world.linuxes.get_mut(&env.host) {
                linux
                    .fs
                    .write(&minidisk_file(&user, &device), image.content, now);
            }
            let _ = disconnect(env, connected.alias);
        }
        Target::Lun { channel, wwpn, lun } => {
            let path = match connect_fcp(env, &channel, &wwpn, &lun) {
                Ok(path) => path,
                Err((_, message)) => {
                    run.text.push_str(&message);
                    return run.end(env, 3);
                }
            };
            if image.tag == CKD {
                disconnect_fcp(env, &channel, &wwpn, &lun);
                return run.error(
                    env,
                    "Specified image is of a Count-Key-Data volume, but specified disk is not a Count-Key-Data volume.",
                );
            }
            if image.size > blocks(env, &path) {
                disconnect_fcp(env, &channel, &wwpn, &lun);
                return run.error(env, "Target disk is too small for specified image.");
            }
            run.say(&format!(
                "Deploying image to {wwpn}/{lun} disk at channel {channel}."
            ));
            let host = env.host.clone();
            let written = files::write(
                env.world,
                &host,
                &path,
                &format!("{}\n", image.content),
                false,
            );
            disconnect_fcp(env, &channel, &wwpn, &lun);
            if let Err(errno) = written {
                let message = format!(
                    "Failed deploying disk image {} at stage(rc): dd(1) {errno}",
                    base(&file)
                );
                return run.error(env, &message);
            }
        }
    }
    run.say("Image deployment successful.");
    run.end(env, 0)
}

/// Size of a connected minidisk, and whether it is ECKD.
fn size_of(env: &mut ProgramEnv<'_>, connected: &super::script::Connected) -> (u64, bool) {
    let own = own(env);
    let text = cp::command(env, &own, &format!("QUERY VIRTUAL {}", connected.alias)).text;
    let words: Vec<&str> = text.split_whitespace().collect();
    let size = words.get(5).and_then(|w| w.parse().ok()).unwrap_or(0);
    (size, text.contains("CYL ON DASD"))
}

/// 512-byte blocks of a block device.
fn blocks(env: &mut ProgramEnv<'_>, path: &str) -> u64 {
    let words: Vec<String> = ["sg_readcap", path].map(str::to_owned).to_vec();
    let answer = crate::hosts::shell::run_words(env, &words, "").unwrap_or_default();
    answer
        .stdout
        .lines()
        .find(|l| l.contains("Device size:"))
        .and_then(|l| l.split_whitespace().nth(2)?.parse::<u64>().ok())
        .map_or(0, |bytes| bytes / 512)
}

/// creatediskimage.
pub fn create(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    const USAGE: &str = "USAGE: creatediskimage [OPTIONS] USER_ID CHANNEL_ID IMAGE_FILE [--compression 0-9]\n       \
                         creatediskimage [OPTIONS] CHANNEL_ID WWPN LUN IMAGE_FILE [--compression 0-9]\n";
    let words = Words::read(words);
    let is_fcp = words.operands.get(1).is_some_and(|w| w.starts_with("0x"));
    let (target, file) = match operands(&words, USAGE, "2.0", is_fcp) {
        Ok(target) => target,
        Err(outcome) => return outcome,
    };
    let compression = words.compression.clone().unwrap_or_else(|| "6".to_owned());
    let level = match compression.as_bytes() {
        [digit] if digit.is_ascii_digit() => char::from(*digit),
        _ => {
            return stop(format!(
                "ERROR: Compression operand is not between 0 and 9, inclusive: {compression}\n"
            ));
        }
    };
    let mut run = Run {
        name: "creatediskimage",
        failed: "IMAGE CREATION FAILED.",
        text: format!("creatediskimage start time: {}\n", stamp(env)),
    };
    introduce(&mut run, &target, &file);
    run.say(&format!("COMPRESSION:    \"{compression}\""));
    run.say("");
    let host = env.host.clone();
    if files::exists(env.world, &host, &env.path(&file)) {
        return run.error(env, "The specified image file already exists.");
    }
    let (tag, size, content, what) = match target {
        Target::Minidisk { user, device } => {
            if is_running(env, &user) {
                return run.error(env, "The specified source system is currently running.");
            }
            let connected = match connect(env, &user, &device, "RR") {
                Ok(connected) => connected,
                Err((_, output)) => {
                    run.text.push_str(&output);
                    return run.error(env, "An error was encountered while attaching disk.");
                }
            };
            let (size, eckd) = size_of(env, &connected);
            let _ = disconnect(env, connected.alias);
            let content = env.read(&minidisk_file(&user, &device)).map_or_else(
                |_| format!("minidisk {user} {device}"),
                std::borrow::Cow::into_owned,
            );
            let (tag, unit) = if eckd { (CKD, "CYL") } else { (FBA, "BLK") };
            let what = format!("{user}'s disk at channel {device}");
            (tag, format!("{size} {unit}"), content, what)
        }
        Target::Lun { channel, wwpn, lun } => {
            let path = match connect_fcp(env, &channel, &wwpn, &lun) {
                Ok(path) => path,
                Err((_, message)) => {
                    run.text.push_str(&message);
                    return run.end(env, 3);
                }
            };
            let size = format!("{} BLK", blocks(env, &path));
            let content = files::read(env.world, &host, &path).map(std::borrow::Cow::into_owned);
            disconnect_fcp(env, &channel, &wwpn, &lun);
            match content {
                Ok(content) => (
                    FCP,
                    size,
                    content,
                    format!("{wwpn}/{lun} disk at channel {channel}"),
                ),
                Err(errno) => {
                    let message = format!(
                        "An error was encountered while creating disk image {}. {errno}",
                        base(&file)
                    );
                    return run.error(env, &message);
                }
            }
        }
    };
    run.say(&format!(
        "Creating {} image file for {what} with disk size {size}.",
        base(&file)
    ));
    run.say(&format!("Compression level: {level}"));
    let text = Image::print(tag, &size, level, content.trim_end());
    match env.write(&file, &text) {
        Ok(()) => {
            run.say("Image creation successful.");
            run.end(env, 0)
        }
        Err(errno) => {
            let message = format!(
                "An error was encountered while creating disk image {}. {errno}",
                base(&file)
            );
            run.error(env, &message)
        }
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn an_image_header_reads_back() {
        let text = Image::print(CKD, "10016 CYL", '6', "content of a disk");
        assert_eq!(&text[20..36], "       10016 CYL");
        assert_eq!(text.chars().nth(54), Some('6'));
        let image = Image::parse(&text).unwrap();
        assert_eq!(
            (image.size, image.old, image.content.as_str()),
            (10_016, false, "content of a disk")
        );
        assert!(
            Image::parse("xCAT CKD Disk Image:       10016 CYLx")
                .unwrap()
                .old
        );
        assert_eq!(Image::parse("no image at all, but long enough"), None);
    }
}
