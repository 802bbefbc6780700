//! Images and copies (spec: driver 6.2 IMG; scsi-pools 2.4, 2.5).

use super::disk::{Disk, disk, disks, row, row_of};
use super::needs::{F1, F2, HV, L1, L2, Z};
use crate::target::{Answer, Method, Request};
use crate::{Case, CaseContext, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("image/import/missing-file", "Importing a file that is not there never looks like a success", Must [Image], "driver" "6.2 PRO-04", ReadOnly [], import_missing),
    case!("image/list/absent", "An image that is not there is not listed", Must [Image], "driver" "2.4 RB7", ReadOnly [], list_absent),
    case!("image/capture/too-few", "Capturing with too few parameters is refused", Must [Image], "scsi-pools-and-hypervisor" "2.5", Reversible [HV], capture_too_few),
    case!("image/capture/absent-lun", "Capturing a LUN that is in no pool is refused", Must [Image], "scsi-pools-and-hypervisor" "2.5", Destructive [HV, Z], capture_absent),
    case!("image/capture/compression", "A compression of two digits is refused", Must [Image], "driver" "6.2 IMG-07", Destructive [HV, Z, L1, F1], capture_compression),
    case!("image/capture/confirmed", "A LUN is captured, and the image is confirmed by name", Must [Image], "driver" "6.2 IMG-05", Destructive [HV, Z, L1, F1], capture_confirmed),
    case!("image/capture/listed", "A captured image is listed as osimage", Must [Image], "scsi-pools-and-hypervisor" "2.5", Destructive [HV, Z, L1, F1], capture_listed),
    case!("image/capture/row-restored", "After a capture the row is as it was", Must [Image], "driver" "4 I6", Destructive [HV, Z, L1, F1], capture_row),
    case!("image/capture/without-range", "A row without usable channel is not captured and not left in use", Should [Image], "driver" "6.2 IMG-09", Destructive [HV, Z, L1], capture_no_range),
    case!("image/capture/used-row", "A LUN that a guest uses is not captured", Should [Image], "driver" "5 D29", Destructive [HV, Z, L1, F1], capture_used),
    case!("image/deploy/missing-argument", "Deploying without a LUN is refused", Must [Image], "scsi-pools-and-hypervisor" "2.5", Reversible [HV], deploy_missing),
    case!("image/deploy/invalid-name", "An image name of three parts is refused", Must [Image], "scsi-pools-and-hypervisor" "2.5", Destructive [HV, Z, L1], deploy_invalid),
    case!("image/deploy/absent-image", "Deploying an image without files is refused and leaves the row alone", Must [Image], "scsi-pools-and-hypervisor" "2.5", Destructive [HV, Z, L1], deploy_absent),
    case!("image/deploy/confirmed", "A captured image is deployed to another LUN and confirmed", Must [Image], "driver" "6.2 IMG-01", Destructive [HV, Z, L2, F1], deploy_confirmed),
    case!("image/deploy/row-after", "After a deployment the row is reserved", Must [Image], "driver" "2.3 X8", Destructive [HV, Z, L2, F1], deploy_row),
    case!("image/deploy/used-row", "An image is not deployed over a LUN in use", Should [Image], "scsi-pools-and-hypervisor" "6.3 Q50", Destructive [HV, Z, L2, F1], deploy_used),
    case!("image/copy/wrong-count", "Copying with three arguments is refused", Must [Image], "scsi-pools-and-hypervisor" "2.4", Reversible [HV], copy_count),
    case!("image/copy/absent-source", "Copying a LUN that is in no pool is refused", Must [Image], "scsi-pools-and-hypervisor" "2.4", Destructive [HV, Z, L1, F1], copy_absent),
    case!("image/copy/absent-target", "Copying to a LUN that is not in the pool is refused, and the source is as before", Must [Image], "driver" "4 I6", Destructive [HV, Z, L1, F1], copy_absent_target),
    case!("image/copy/used-source", "A source in use is not copied", Must [Image], "driver" "2.3 X6", Destructive [HV, Z, L2, F1], copy_used),
    case!("image/copy/megabytes", "A LUN is copied to another and confirmed, sizes in M", Must [Image], "driver" "6.2 IMG-12", Destructive [HV, Z, L2, F2], copy_megabytes),
    case!("image/copy/gigabytes", "A LUN is copied to another and confirmed, sizes in G", Must [Image], "driver" "6.2 IMG-12", Destructive [HV, Z, L2, F2], copy_gigabytes),
    case!("image/copy/too-small", "A smaller target is refused, sizes in M", Must [Image], "driver" "6.2 IMG-14", Destructive [HV, Z, L2, F2], copy_too_small),
    case!("image/copy/source-row", "After a copy the source's row is as before", Must [Image], "driver" "4 I6", Destructive [HV, Z, L2, F2], copy_source_row),
];

fn image_of(profile: &str) -> String {
    format!("unknown-s390x-raw-{profile}")
}

async fn import_missing(c: &mut CaseContext) -> Result<(), Stop> {
    let file = c.name();
    let request =
        Request::new(Method::Post, "/images/import").with_args(&[&format!("osimage=/tmp/{file}")]);
    let a = c.send(request).await?;
    c.record("answer", a.summary());
    c.check(
        "no-success",
        !a.says("Successfully imported"),
        "no word of a success",
        || a.summary(),
    )
}

async fn list_absent(c: &mut CaseContext) -> Result<(), Stop> {
    let image = image_of(&c.name());
    let a = c.get(format!("/images/{image}")).await?;
    c.check(
        "not-listed",
        !a.info().iter().any(|l| l.contains("Object name")),
        "no object of that name",
        || a.summary(),
    )
}

async fn capture_too_few(c: &mut CaseContext) -> Result<(), Stop> {
    let profile = c.name();
    let a = c.hypervisor(&format!("--capturezfcp {profile}")).await?;
    c.refuses("refused", &a, "(Error) Wrong number of parameters")
}

async fn capture(c: &mut CaseContext, disk: &Disk) -> Result<(String, Answer), Stop> {
    let profile = c.name();
    let line = format!("--capturezfcp {profile} {} {}", disk.wwpn, disk.lun);
    let a = c.hypervisor(&line).await?;
    Ok((profile, a))
}

async fn captured(c: &mut CaseContext, disk: &Disk) -> Result<String, Stop> {
    let (profile, a) = capture(c, disk).await?;
    if a.says("Completed capturing the volume.") {
        Ok(image_of(&profile))
    } else {
        Err(Stop::fail("captured", "an image to build on", a.summary()))
    }
}

async fn capture_absent(c: &mut CaseContext) -> Result<(), Stop> {
    let at = c.address();
    let profile = c.name();
    let line = format!("--capturezfcp {profile} {} {}", at.wwpn, at.lun);
    let a = c.hypervisor(&line).await?;
    c.check("refused", !a.errors().is_empty(), "an error", || {
        a.summary()
    })?;
    c.check(
        "not-confirmed",
        !a.says("Completed capturing"),
        "no confirmation",
        || a.summary(),
    )
}

async fn capture_compression(c: &mut CaseContext) -> Result<(), Stop> {
    let disk = disk(c, 0, 0).await?;
    let before = row(c, &disk).await?;
    let profile = c.name();
    let line = format!("--capturezfcp {profile} {} {} 12", disk.wwpn, disk.lun);
    let a = c.hypervisor(&line).await?;
    c.refuses(
        "refused",
        &a,
        "(Error) compression property is not a single digit from 0 to 9",
    )?;
    c.equal("row", &row(c, &disk).await?, &before)
}

async fn capture_confirmed(c: &mut CaseContext) -> Result<(), Stop> {
    let disk = disk(c, 0, 0).await?;
    let (profile, a) = capture(c, &disk).await?;
    let wanted = format!(
        "Completed capturing the volume. Image({}) is stored at ",
        image_of(&profile)
    );
    c.confirms("confirmed", &a, &wanted)
}

async fn capture_listed(c: &mut CaseContext) -> Result<(), Stop> {
    let disk = disk(c, 0, 0).await?;
    let image = captured(c, &disk).await?;
    let a = c.get(format!("/images/{image}")).await?;
    c.status("status", &a, 200)?;
    c.check(
        "listed",
        a.says(&format!("Object name: {image}")),
        "the image's object",
        || a.summary(),
    )?;
    c.check("method", a.says("provmethod=raw"), "provmethod=raw", || {
        a.summary()
    })
}

async fn capture_row(c: &mut CaseContext) -> Result<(), Stop> {
    let disk = disk(c, 0, 0).await?;
    let before = row(c, &disk).await?;
    captured(c, &disk).await?;
    c.equal("row", &row(c, &disk).await?, &before)
}

async fn capture_no_range(c: &mut CaseContext) -> Result<(), Stop> {
    let lent = c.lun(1, 0)?;
    let pool = c.new_pool()?;
    // A range that no device of the system is in.
    let disk = row_of(c, &pool, &lent, &lent.wwpns[0].clone(), "0001", "10G").await?;
    let (_, a) = capture(c, &disk).await?;
    c.check("refused", !a.complaints().is_empty(), "a complaint", || {
        a.summary()
    })?;
    let status = row(c, &disk).await?.status;
    c.equal("row", &status.as_str(), &"free")
}

async fn used(c: &mut CaseContext, disk: &Disk) -> Result<(), Stop> {
    let line = format!(
        "--reservezfcp {} used kitother {} 0 {} {}",
        disk.pool, disk.fcp, disk.wwpn, disk.lun
    );
    let a = c.hypervisor(&line).await?;
    if a.says("Reserving FCP device... Done") {
        Ok(())
    } else {
        Err(Stop::blocked(a.summary()))
    }
}

async fn capture_used(c: &mut CaseContext) -> Result<(), Stop> {
    let disk = disk(c, 0, 0).await?;
    used(c, &disk).await?;
    let before = row(c, &disk).await?;
    let (_, a) = capture(c, &disk).await?;
    c.check(
        "refused",
        !a.says("Completed capturing"),
        "no capture of a LUN in use",
        || a.summary(),
    )?;
    c.equal("row", &row(c, &disk).await?, &before)
}

async fn deploy_missing(c: &mut CaseContext) -> Result<(), Stop> {
    let image = image_of(&c.name());
    let a = c
        .hypervisor(&format!("--deployzfcp {image} 500507630300c562"))
        .await?;
    c.refuses(
        "refused",
        &a,
        "(Error) Missing one or more arguments: image name, wwpn, or lun",
    )
}

async fn deploy(c: &CaseContext, image: &str, disk: &Disk) -> Result<Answer, Stop> {
    let line = format!("--deployzfcp {image} {} {}", disk.wwpn, disk.lun);
    c.hypervisor(&line).await
}

async fn deploy_invalid(c: &mut CaseContext) -> Result<(), Stop> {
    let disk = disk(c, 0, 0).await?;
    let a = deploy(c, "unknown-s390x-raw", &disk).await?;
    c.refuses("refused", &a, "(Error) The image name is not valid")
}

async fn deploy_absent(c: &mut CaseContext) -> Result<(), Stop> {
    let disk = disk(c, 0, 0).await?;
    let before = row(c, &disk).await?;
    let image = image_of(&c.name());
    let a = deploy(c, &image, &disk).await?;
    c.refuses("refused", &a, "does not contain image files")?;
    c.equal("row", &row(c, &disk).await?, &before)
}

async fn deploy_confirmed(c: &mut CaseContext) -> Result<(), Stop> {
    let [source, target] = disks(c, [0, 0]).await?;
    let image = captured(c, &source).await?;
    let a = deploy(c, &image, &target).await?;
    c.confirms(
        "confirmed",
        &a,
        &format!("Completed deploying image({image})"),
    )
}

async fn deploy_row(c: &mut CaseContext) -> Result<(), Stop> {
    let [source, target] = disks(c, [0, 0]).await?;
    let image = captured(c, &source).await?;
    deploy(c, &image, &target).await?;
    let status = row(c, &target).await?.status;
    c.equal("row", &status.as_str(), &"reserved")
}

async fn deploy_used(c: &mut CaseContext) -> Result<(), Stop> {
    let [source, target] = disks(c, [0, 0]).await?;
    let image = captured(c, &source).await?;
    used(c, &target).await?;
    let before = row(c, &target).await?;
    let a = deploy(c, &image, &target).await?;
    c.check(
        "refused",
        !a.says("Completed deploying"),
        "no deployment over a LUN in use",
        || a.summary(),
    )?;
    c.equal("row", &row(c, &target).await?, &before)
}

async fn copy_count(c: &mut CaseContext) -> Result<(), Stop> {
    let at = c.address();
    let a = c
        .hypervisor(&format!("--copyzfcp auto {}", at.wwpn))
        .await?;
    c.refuses("refused", &a, "(Error) Wrong number of parameters")
}

async fn copy(c: &CaseContext, fcp: &str, from: &Disk, to: &Disk) -> Result<Answer, Stop> {
    let line = format!(
        "--copyzfcp {fcp} {} {} {} {}",
        from.wwpn, from.lun, to.wwpn, to.lun
    );
    c.hypervisor(&line).await
}

fn absent(c: &mut CaseContext, pool: &str) -> Result<Disk, Stop> {
    let at = c.address();
    Ok(Disk {
        pool: pool.to_owned(),
        wwpn: at.wwpn,
        lun: at.lun,
        size: "10G".to_owned(),
        fcp: c.fcp(0)?.device,
    })
}

fn not_copied(c: &CaseContext, a: &Answer) -> Result<(), Stop> {
    c.check("refused", !a.errors().is_empty(), "an error", || {
        a.summary()
    })?;
    c.check(
        "not-confirmed",
        !a.says("Source disk copied onto"),
        "no confirmation",
        || a.summary(),
    )
}

async fn copy_absent(c: &mut CaseContext) -> Result<(), Stop> {
    let target = disk(c, 0, 0).await?;
    let source = absent(c, &target.pool.clone())?;
    let a = copy(c, &target.fcp, &source, &target).await?;
    not_copied(c, &a)
}

async fn copy_absent_target(c: &mut CaseContext) -> Result<(), Stop> {
    let source = disk(c, 0, 0).await?;
    let target = absent(c, &source.pool.clone())?;
    let before = row(c, &source).await?;
    let a = copy(c, &source.fcp, &source, &target).await?;
    not_copied(c, &a)?;
    c.equal("source", &row(c, &source).await?, &before)
}

async fn copy_used(c: &mut CaseContext) -> Result<(), Stop> {
    let [source, target] = disks(c, [0, 0]).await?;
    used(c, &source).await?;
    let before = row(c, &source).await?;
    let a = copy(c, &source.fcp, &source, &target).await?;
    not_copied(c, &a)?;
    c.equal("source", &row(c, &source).await?, &before)
}

/// Two lent LUNs as rows of these sizes.
async fn sized(c: &mut CaseContext, from: &str, to: &str) -> Result<(Disk, Disk), Stop> {
    let pool = c.new_pool()?;
    let fcp = c.fcp(0)?.device;
    let (first, second) = (c.lun(1, 0)?, c.lun(1, 1)?);
    let source = row_of(c, &pool, &first, &first.wwpns[0].clone(), &fcp, from).await?;
    let target = row_of(c, &pool, &second, &second.wwpns[0].clone(), &fcp, to).await?;
    Ok((source, target))
}

async fn copied(c: &mut CaseContext, from: &str, to: &str) -> Result<(Disk, Answer), Stop> {
    let (source, target) = sized(c, from, to).await?;
    let a = copy(c, &source.fcp, &source, &target).await?;
    Ok((source, a))
}

async fn copy_megabytes(c: &mut CaseContext) -> Result<(), Stop> {
    let (_, a) = copied(c, "10240M", "10240M").await?;
    c.confirms("confirmed", &a, "Copying zFCP device... Done")?;
    c.confirms("names-target", &a, "Source disk copied onto zFCP device ")
}

async fn copy_gigabytes(c: &mut CaseContext) -> Result<(), Stop> {
    let (_, a) = copied(c, "10G", "10G").await?;
    c.confirms("confirmed", &a, "Copying zFCP device... Done")
}

async fn copy_too_small(c: &mut CaseContext) -> Result<(), Stop> {
    let (_, a) = copied(c, "10240M", "9216M").await?;
    c.refuses("refused", &a, "is not large enough")?;
    not_copied(c, &a)
}

async fn copy_source_row(c: &mut CaseContext) -> Result<(), Stop> {
    let (source, target) = sized(c, "10240M", "10240M").await?;
    let before = row(c, &source).await?;
    let a = copy(c, &source.fcp, &source, &target).await?;
    c.confirms("confirmed", &a, "Copying zFCP device... Done")?;
    c.equal("source", &row(c, &source).await?, &before)?;
    // The copy is over: the zHCP keeps nothing.
    let status = row(c, &target).await?.status;
    c.check(
        "target",
        status == "reserved" || status == "free",
        "a target that is not in use",
        || status.clone(),
    )
}
