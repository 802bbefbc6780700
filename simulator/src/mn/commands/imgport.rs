//! `imgexport` and `imgimport`: an image as one bundle (spec: rest-and-xcatd 4.14, driver 2.7.2). The bundle is a tar
//! file with a manifest; it is not compressed, whatever the lines say, for files here are texts.

use std::fmt::Write as _;

use super::options::Options;
use super::{mn_files, tar};
use crate::mn::{Context, Document};
use crate::seam::RemoteCommand;
use crate::world::Database;
use crate::world::tables::Row;

const EXPORT: &[&str] = &["e=", "h|help", "p=", "R=", "v|verbose"];
const IMPORT: &[&str] = &["f=", "h|help", "n|nozip", "p=", "R=", "v|verbose"];
const MANIFEST: &str = "manifest.xml";
/// Tables whose rows travel with an image.
const TABLES: [&str; 2] = ["linuximage", "osimage"];

fn say(context: &Context, text: impl Into<String>) {
    context.push(Document::of("data", [text.into()]));
}

/// `imgexport {image} [{destination}] [-p node] [-e file] [-R user@host] [-v]`.
pub async fn export(context: &Context, args: &[String]) {
    let options = Options::read(EXPORT, args);
    let Some(image) = options.operands.first() else {
        let usage = "imgexport <image_name> [destination] [[-e|--extra <file:dir>] ... ] [-p|--postscripts <node_name>]";
        context.push(Document::of("data", ["Usage:", usage]).with("errorcode", ["1"]));
        return;
    };
    let remote = options.value("R");
    // The client's directory is empty when it came through the REST program.
    say(
        context,
        format!("Exporting {image} to {}...", remote.unwrap_or_default()),
    );
    if context.tables(|db| row(db, "osimage", image).is_none()) {
        context.push(Document::error(format!(
            "Cannot find image '{image}' from the osimage table."
        )));
        return;
    }
    let (mut manifest, directory) = context.tables(|db| {
        let mut manifest = String::from("<?xml version=\"1.0\"?>\n<xcatimage>\n");
        for table in TABLES {
            let _ = writeln!(manifest, "<{table}>");
            for (column, value) in row(db, table, image).into_iter().flatten() {
                let _ = writeln!(manifest, "<{column}>{}</{column}>", escaped(value));
            }
            let _ = writeln!(manifest, "</{table}>");
        }
        let directory = row(db, "linuximage", image)
            .and_then(|row| row.get("rootimgdir").cloned())
            .unwrap_or_default();
        (manifest, directory)
    });
    let mut files = mn_files::tree(context, &directory);
    manifest += "<rawimagefiles>\n";
    for (path, _) in &files {
        let _ = writeln!(manifest, "<files>{}</files>", escaped(path));
    }
    manifest += "</rawimagefiles>\n</xcatimage>\n";
    for (path, _) in &mut files {
        let name = path.rsplit('/').next().unwrap_or_default();
        *path = format!("{image}/{name}");
    }
    files.insert(0, (format!("{image}/{MANIFEST}"), manifest));
    say(
        context,
        format!("Compressing {image} bundle.  Please be patient."),
    );
    let destination = options
        .operands
        .get(1)
        .cloned()
        .unwrap_or_else(|| format!("/{image}.tgz"));
    let bundle = if remote.is_some() {
        format!("/tmp/{image}.tgz")
    } else {
        destination.clone()
    };
    mn_files::write(context, &bundle, tar::pack(&files));
    say(context, "Done!");
    if let Some(remote) = remote {
        say(
            context,
            format!("Moving the image bundle to the remote system location {destination}"),
        );
        let copy = RemoteCommand::Scp {
            opts: vec!["-B".to_owned()],
            from: vec![bundle.clone()],
            to: format!("{remote}:{destination}"),
        };
        let outcome = context.remote(copy).await;
        mn_files::remove(context, &bundle);
        if outcome.rc != 0 {
            context.push(Document::error(format!(
                "Unable to copy the image bundle to the remote system: {}",
                outcome.stderr.trim_end()
            )));
        }
    }
}

/// `imgimport {bundle} [-f profile] [-R user@host] [-p node] [-n] [-v]`.
pub async fn import(context: &Context, args: &[String]) {
    let options = Options::read(IMPORT, args);
    let Some(path) = options.operands.first() else {
        let usage = "imgimport <bundle_file_name> [-p|--postscripts <nodelist>] [-f|--profile <new_profile>]";
        context.push(Document::of("data", ["Usage:", usage]).with("errorcode", ["1"]));
        return;
    };
    let mut bundle = path.clone();
    if let Some(remote) = options.value("R") {
        say(
            context,
            format!("Obtaining the image bundle from the remote system {path}"),
        );
        bundle = format!("/tmp/{}", path.rsplit('/').next().unwrap_or_default());
        let copy = RemoteCommand::Scp {
            opts: vec!["-B".to_owned()],
            from: vec![format!("{remote}:{path}")],
            to: bundle.clone(),
        };
        let outcome = context.remote(copy).await;
        if outcome.rc != 0 {
            context.push(Document::error(format!(
                "Unable to copy the image bundle {bundle} from the remote host"
            )));
            return;
        }
    }
    let text = mn_files::read(context, &bundle);
    if options.has("R") {
        mn_files::remove(context, &bundle);
    }
    let Some(text) = text else {
        context.push(Document::error(format!("{path} does not exist.")));
        return;
    };
    say(context, "Unbundling image...");
    match tar::unpack(&text)
        .ok_or_else(|| "Failed to extract the bundle".to_owned())
        .and_then(|files| place(context, &files, options.value("f")))
    {
        Ok(image) => say(context, format!("Successfully imported the image {image}.")),
        Err(error) => context.push(Document::error(error)),
    }
}

/// Puts the files and rows of a bundle where they belong; gives the image's name.
fn place(
    context: &Context,
    files: &[(String, String)],
    profile: Option<&str>,
) -> Result<String, String> {
    let is_manifest = |name: &str| name.rsplit('/').next() == Some(MANIFEST);
    let (_, manifest) = files
        .iter()
        .find(|(name, _)| is_manifest(name))
        .ok_or("Failed to find the manifest.xml file in your bundle.")?;
    let section = |name: &str| between(manifest, name);
    let mut osimage = columns(section("osimage").unwrap_or_default());
    let mut linuximage = columns(section("linuximage").unwrap_or_default());
    if section("rawimagefiles").is_none() {
        return Err("The 'rawimagefiles' section is not defined in manifest.xml.".to_owned());
    }
    let value = |row: &Row, column: &str| row.get(column).cloned().unwrap_or_default();
    let (old, mut directory) = (value(&osimage, "profile"), value(&linuximage, "rootimgdir"));
    if let Some(profile) = profile {
        osimage.insert("profile".to_owned(), profile.to_owned());
        let name = format!(
            "{}-{}-{}-{profile}",
            value(&osimage, "osvers"),
            value(&osimage, "osarch"),
            value(&osimage, "provmethod")
        );
        osimage.insert("imagename".to_owned(), name.clone());
        linuximage.insert("imagename".to_owned(), name);
        if let Some(parent) = directory.strip_suffix(&old) {
            directory = format!("{parent}{profile}");
        }
        linuximage.insert("rootimgdir".to_owned(), directory.clone());
    }
    let image = value(&osimage, "imagename");
    if image.is_empty() || !directory.starts_with('/') {
        return Err("The manifest.xml file does not name an image and its directory.".to_owned());
    }
    if context.tables(|db| row(db, "osimage", &image).is_some()) {
        return Err(format!(
            "The image {image} already exists in the osimage table."
        ));
    }
    for (name, text) in files.iter().filter(|(name, _)| !is_manifest(name)) {
        let name = name.rsplit('/').next().unwrap_or_default();
        mn_files::write(context, &format!("{directory}/{name}"), text.clone());
    }
    context.tables_mut(|db| {
        db.insert("osimage", osimage);
        db.delete("linuximage", "imagename", &image);
        db.insert("linuximage", linuximage);
    });
    Ok(image)
}

fn row<'a>(db: &'a Database, table: &str, image: &str) -> Option<&'a Row> {
    db.find(table, &[("imagename", image)]).next()
}

/// Text of the first element of that name.
fn between<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

/// The elements of a section as columns.
fn columns(section: &str) -> Row {
    let mut row = Row::default();
    let mut rest = section;
    while let Some((_, tail)) = rest.split_once('<') {
        let Some((name, tail)) = tail.split_once('>') else {
            break;
        };
        rest = tail;
        if let Some((value, tail)) = tail.split_once(&format!("</{name}>")) {
            if !value.trim().is_empty() {
                row.insert(name.to_owned(), unescaped(value.trim()));
            }
            rest = tail;
        }
    }
    row
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
