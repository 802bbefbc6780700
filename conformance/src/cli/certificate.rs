//! `certify`, `verify` and `keygen`: certificates of runs.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use ed25519_dalek::SigningKey;

use super::args::{CertifyArgs, KeygenArgs, VerifyArgs};
use crate::certificate::{hex, sign, unhex, verify, verify_evidence};
use crate::result::ExitStatus;

/// Carries out `keygen`: a secret key in a file that only its owner can read; the public key on standard output.
pub fn keygen(args: &KeygenArgs) -> anyhow::Result<ExitStatus> {
    let mut seed = [0_u8; 32];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut seed))
        .context("cannot read random numbers")?;
    let key = SigningKey::from_bytes(&seed);
    let mut file = std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&args.file)
        .with_context(|| format!("cannot make {}", args.file.display()))?;
    writeln!(file, "{}", hex(&seed))?;
    println!("{}", hex(key.verifying_key().as_bytes()));
    Ok(ExitStatus::Success)
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Carries out `certify`.
pub fn certify(args: &CertifyArgs) -> anyhow::Result<ExitStatus> {
    let run = super::report::load(&args.result)?;
    let seed = unhex(read(&args.key)?.trim())
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .with_context(|| format!("{} does not hold a secret key", args.key.display()))?;
    let text = sign(&run, &SigningKey::from_bytes(&seed));
    std::fs::write(&args.out, &text)
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    for profile in &run.profiles {
        let word = if profile.certified {
            "certified"
        } else {
            "not certified"
        };
        println!(
            "{:<10} {word}",
            format!("{:?}", profile.profile).to_lowercase()
        );
    }
    Ok(if run.certified() {
        ExitStatus::Success
    } else {
        ExitStatus::Incomplete
    })
}

/// Carries out `verify`.
pub fn check(args: &VerifyArgs) -> anyhow::Result<ExitStatus> {
    let text = read(&args.certificate)?;
    let verified = match verify(&text, args.key.as_deref()) {
        Ok(verified) => verified,
        Err(error) => {
            println!("NOT GOOD: {error}");
            return Ok(ExitStatus::Failed);
        }
    };
    if let Some(path) = &args.result {
        let run = super::report::load(path)?;
        if let Err(error) = verify_evidence(&text, &run) {
            println!("NOT GOOD: {error}");
            return Ok(ExitStatus::Failed);
        }
    }
    println!("good: signed by {}", verified.key);
    println!("{} cases; verdicts derived again", verified.cases);
    for claim in &verified.claims {
        println!("  {claim}");
    }
    if args.key.is_none() {
        eprintln!("note: without --key anybody may have signed it");
    }
    if verified.cases == 0 {
        bail!("the certificate holds no case");
    }
    Ok(ExitStatus::Success)
}
