//! Virtual time as programs print it.

/// A time in UTC by a `strftime` format; empty when the time has no date.
pub fn format(ms: u64, format: &str) -> String {
    let text = || {
        let timestamp = jiff::Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()?;
        let zoned = timestamp.to_zoned(jiff::tz::TimeZone::UTC);
        let mut out = Vec::new();
        jiff::fmt::strtime::BrokenDownTime::from(&zoned)
            .format(format, &mut out)
            .ok()?;
        String::from_utf8(out).ok()
    };
    text().unwrap_or_default()
}

/// The timestamp of the zHCP's shell scripts: `2017-03-03-16:20:48.011`.
pub fn stamp(ms: u64) -> String {
    format!("{}.{:03}", format(ms, "%Y-%m-%d-%H:%M:%S"), ms % 1_000)
}
