//! Tokens: a client shows its password once and a token afterwards (spec: rest-and-xcatd 3.3, 3.6). Rows of table
//! `token`; `expire` holds seconds since the Unix epoch, or `never`.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Document;
use crate::seam::Release;
use crate::world::World;
use crate::world::tables::Row;

/// Seconds of a day.
const DAY: u64 = 86_400;
/// What stands for a token that does not expire.
const NEVER: &str = "never";

/// Makes a token for a user; the document that tells of it.
pub(super) fn give(world: &mut World, release: Release, user: &str) -> Document {
    let id = uuid(world);
    let now = world.now_ms / 1000;
    let days = world.mn.tables.site("tokenexpiredays").map(str::to_owned);
    let expire = match days.as_deref() {
        Some(NEVER) => NEVER.to_owned(),
        days => {
            let days = days.and_then(|d| d.parse::<u64>().ok()).unwrap_or(1);
            now.saturating_add(days.saturating_mul(DAY)).to_string()
        }
    };
    let mut row: Row = [
        ("tokenid", id.as_str()),
        ("username", user),
        ("expire", &expire),
    ]
    .map(|(column, value)| (column.to_owned(), value.to_owned()))
    .into_iter()
    .collect();
    if release != Release::E {
        row.insert("created".to_owned(), now.to_string());
    }
    world.mn.tables.insert("token", row);
    let token = Document::of("id", [id]).with("expire", [shown(&expire)]);
    Document::default().with_node("data", Document::default().with_node("token", token))
}

/// The user of a token that exists and has not expired.
pub(super) fn owner(world: &World, id: &str) -> Option<String> {
    let row = world.mn.tables.find("token", &[("tokenid", id)]).next()?;
    let expire = row.get("expire")?;
    let valid = expire == NEVER
        || expire
            .parse::<u64>()
            .is_ok_and(|seconds| seconds > world.now_ms / 1000);
    row.get("username").filter(|_| valid).cloned()
}

/// A time as the reply shows it: parts without leading zeros.
fn shown(expire: &str) -> String {
    let Some(time) = expire
        .parse::<i64>()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
    else {
        return expire.to_owned();
    };
    let t = time.to_zoned(TimeZone::UTC);
    format!(
        "{}-{}-{} {}:{}:{}",
        t.year(),
        t.month(),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

/// A random UUID of the site's generator.
fn uuid(world: &mut World) -> String {
    let (high, low) = (world.next_random(), world.next_random());
    let high = (high & !0xf000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_user_until_it_expires() {
        let mut world = World {
            now_ms: 1_795_000_000_000,
            ..World::default()
        };
        give(&mut world, Release::M, "admin");
        let id = world.mn.tables.rows("token")[0]["tokenid"].clone();
        assert_eq!(id.len(), 36);
        assert_eq!(owner(&world, &id).as_deref(), Some("admin"));
        world.now_ms += 1000 * DAY;
        assert_eq!(owner(&world, &id), None);
        assert_eq!(owner(&world, "other"), None);
    }

    #[test]
    fn a_time_is_shown_without_leading_zeros() {
        assert_eq!(shown("never"), "never");
        assert_eq!(shown("1767603909"), "2026-1-5 9:5:9");
    }
}
