//! Images of ours that nobody needs any more on the management node (spec: driver 2.6.9, step 4).

use jiff::civil::Date;

use super::driver::ZvmDriver;
use super::step::VolumeStep;
use super::world::World;
use crate::client::{Call, Table, TableRow};
use crate::error::Result;
use crate::images::profile_name;
use crate::steps::{EntryFile, Step as _};
use crate::types::{Tag, TagKind};

/// Days after which no operation of another machine can be at work on an image any more: its calls and its waits end within hours.
const DAYS: i64 = 2;

/// What the MN keeps of an image that a bundle of this driver's brought, before the date.
const LAST_USE: &str = "auto:last_use_date:";

impl ZvmDriver {
    /// Removes images that were left behind: those whose operation is over and whose removal this machine's journal still has to do,
    /// and those of which the journal knows nothing and whose bundle is days old, because another machine may be at work on a younger
    /// one. Somebody else's images, kept ones, and those of any other operation in the journal stay. Says how many went; what cannot be
    /// removed is logged.
    pub(super) async fn remove_stale_images(&self, world: &World) -> Result<usize> {
        // A dry run changes nothing, and cannot know what this would gain.
        if self.shared.engine.is_rehearsing() {
            return Ok(0);
        }
        let table = self.images_of_mn().await?;
        let today = self.client.clock().now().to_zoned(jiff::tz::TimeZone::UTC);
        let mut removed = 0;
        for row in table.rows() {
            let Some(profile) = ours(row, &world.pool.prefix) else {
                continue;
            };
            let is_old = last_use(row.get("isdeletable"))
                .is_some_and(|day| days_between(day, today.date()) >= DAYS);
            // Held until the image is gone, so that nobody else removes it meanwhile.
            let Some(_entries) = self.unused(&profile, is_old)? else {
                continue;
            };
            match world.remove_image(&profile).await {
                Ok(()) => {
                    tracing::info!(%profile, "a stale image was removed from the management node");
                    removed += 1;
                }
                Err(error) => {
                    tracing::warn!(%profile, %error, "a stale image stays on the management node");
                }
            }
        }
        Ok(removed)
    }

    /// Names of the images that an operation of this driver's made for itself and that no operation in this machine's journal needs or
    /// has still to remove (spec: driver 4.1). One of another machine's operations may be among them.
    pub async fn images_left(&self) -> Result<Vec<String>> {
        let world = self.world()?;
        let table = self.images_of_mn().await?;
        let entries = self.shared.engine.journal().list()?;
        let is_named = |profile: &Tag| {
            let name = profile.as_str();
            entries
                .iter()
                .any(|entry| entry.subject == name || entry.touches.iter().any(|t| t == name))
        };
        Ok(table
            .rows()
            .filter_map(|row| ours(row, &world.pool.prefix))
            .filter(|profile| !is_named(profile))
            .map(|profile| profile_name(&profile))
            .collect())
    }

    /// The MN's images. They have to be read before the journal: an operation's entry is there before its image, so what stands here
    /// and not there is nobody's.
    async fn images_of_mn(&self) -> Result<Table> {
        let done = self.client.call(&Call::Table { table: "osimage" }).await?;
        Ok(Table::parse(&done.answer))
    }

    /// The journal's entries of an image that is not needed: none for an old one, else those that wait for its removal alone. `None`:
    /// it is needed, or may be.
    fn unused(&self, profile: &Tag, is_old: bool) -> Result<Option<Vec<EntryFile>>> {
        let journal = self.shared.engine.journal();
        let name = profile.as_str();
        let mut naming = journal.list()?;
        naming.retain(|entry| entry.subject == name || entry.touches.iter().any(|t| t == name));
        if naming.is_empty() {
            return Ok(is_old.then(Vec::new));
        }
        let entries = journal.open_entries_of(VolumeStep::HALF, name)?;
        let mut is_unused = entries.len() == naming.len();
        for file in &entries {
            let plan = file.plan::<VolumeStep>()?;
            is_unused &= file.rolling_back().is_none();
            is_unused &= plan.steps.iter().enumerate().all(|(index, step)| {
                file.is_over(index)
                    || matches!(step, VolumeStep::RemoveImage { profile: p } if p == profile)
            });
        }
        Ok(is_unused.then_some(entries))
    }
}

/// The profile of a row of the MN's images, when one operation of this driver made it for itself.
fn ours(row: TableRow<'_>, prefix: &str) -> Option<Tag> {
    let profile: Tag = row.get("profile").parse().ok()?;
    // Kept images have a prefix of their own, which nothing forbids as that of volumes.
    let is_ours = profile.kind(prefix) == Some(TagKind::Volume)
        && prefix != "ci"
        && row.get("imagename") == profile_name(&profile);
    is_ours.then_some(profile)
}

fn last_use(text: &str) -> Option<Date> {
    text.strip_prefix(LAST_USE)?.trim().parse().ok()
}

fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn only_a_whole_date_is_an_age() {
        assert_eq!(
            last_use("auto:last_use_date:2026-01-31"),
            Some(date(2026, 1, 31))
        );
        for text in [
            "",
            "yes",
            "2026-01-31",
            "auto:last_use_date:",
            "auto:last_use_date:31",
        ] {
            assert_eq!(last_use(text), None, "{text}");
        }
        assert_eq!(days_between(date(2026, 1, 31), date(2026, 2, 2)), 2);
        assert_eq!(days_between(date(2026, 2, 2), date(2026, 1, 31)), -2);
    }
}
