//! Sites of any size: the text of a site file, the same for the same numbers.

use std::fmt::Write as _;

/// Most volumes behind one pair of target ports: their LUNs count up in sixteen bits.
const VOLUMES_PER_PAIR: u32 = 60_000;
/// FCP devices on one channel path of a generated system.
const DEVICES: u16 = 0x100;
/// Sizes of volumes in GiB, taken in turn.
const SIZES: [u64; 5] = [1, 5, 10, 20, 50];
/// Distributions of guests, taken in turn.
const DISTRIBUTIONS: [&str; 5] = ["rhel7", "sles12", "ubuntu16", "rhel7", "ubuntu20"];

/// How large a generated site is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// z/VM systems, each with its zHCP; at least 1, at most 200.
    pub systems: u32,
    /// Guests over all systems.
    pub guests: u32,
    /// LUNs over all systems, in one pool for each system.
    pub luns: u32,
    /// Seed of everything random.
    pub seed: u64,
}

/// SplitMix64, as the world's own generator.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit.max(1)
    }
}

/// The part of `all` that falls to the member `at` of `of`.
fn share(all: u32, at: u32, of: u32) -> u32 {
    all / of + u32::from(at < all % of)
}

/// Writes a site file: systems with two channel paths (the second without NPIV), guests of several distributions, pools
/// whose rows are made of the volumes. Everything is zoned by system; masking is open, so that a million LUNs stay small.
pub fn generate(scale: Scale) -> String {
    let systems = scale.systems.clamp(1, 200);
    let mut random = Random(scale.seed);
    let mut text = format!(
        "schema = 1\nname = \"generated\"\nseed = {}\n\n[mn]\nhost = \"xcat\"\nsystem = \"ZVM1\"\nuserid = \"XCAT\"\n\
         ip = \"10.0.0.1\"\n\n[[mn.user]]\nname = \"admin\"\npassword = \"admin\"\n",
        // TOML's integers are signed.
        scale.seed & 0x7fff_ffff_ffff_ffff
    );
    let mut pairs = 0_u32;
    let mut ports = String::new();
    let mut volumes = String::new();
    let mut zones = String::new();
    let mut guest_number = 0;
    for at in 0..systems {
        let number = at + 1;
        let base = 0xc050_7600_0000_0000_u64 + (u64::from(number) << 20);
        let _ = write!(
            text,
            "\n[[system]]\nname = \"ZVM{number}\"\nnode = \"zvm{number}\"\nvswitches = [\"XCATVSW1\"]\n\n\
             [system.zhcp]\nhost = \"zhcp{number}\"\nuserid = \"ZHCP{number}\"\nip = \"10.0.{number}.1\"\n\n\
             [[system.fcp]]\ndevices = \"1A00-{:04X}\"\nchpid = \"50\"\nnpiv = \"{:016X}\"\nphysical = \"{:016X}\"\n\n\
             [[system.fcp]]\ndevices = \"1B00-{:04X}\"\nchpid = \"51\"\nphysical = \"{:016X}\"\n",
            0x1a00 + DEVICES - 1,
            base + 0x1a00,
            base + 0x50,
            0x1b00 + DEVICES - 1,
            base + 0x51,
        );
        for _ in 0..share(scale.guests, at, systems) {
            guest_number += 1;
            let distribution = DISTRIBUTIONS[random.below(DISTRIBUTIONS.len() as u64) as usize];
            let on = random.below(10) > 0;
            let _ = write!(
                text,
                "\n[[system.guest]]\nnode = \"lnx{guest_number:05}\"\nuserid = \"L{guest_number:07}\"\n\
                 ip = \"10.{}.{}.{}\"\ndistribution = \"{distribution}\"\non = {on}\n",
                1 + guest_number / 62_500,
                guest_number / 250 % 250,
                1 + guest_number % 250,
            );
        }
        let mut left = share(scale.luns, at, systems);
        let mut patterns = Vec::new();
        let mut members = vec![format!("ZVM{number}:1A00-1BFF")];
        while left > 0 {
            let count = left.min(VOLUMES_PER_PAIR);
            left -= count;
            pairs += 1;
            let one = 0x5005_0768_0000_0000_u64 + (u64::from(pairs) << 8) + 1;
            let two = one + 1;
            let _ = write!(
                ports,
                "\n[[san.port]]\nwwpn = \"{one:016X}\"\n\n[[san.port]]\nwwpn = \"{two:016X}\"\n"
            );
            let gib = SIZES[random.below(SIZES.len() as u64) as usize];
            let name = format!("p{pairs}v");
            let _ = write!(
                volumes,
                "\n[[san.volume]]\nname = \"{name}\"\ncount = {count}\nlun = \"0001000000000000\"\n\
                 ports = [\"{one:016X}\", \"{two:016X}\"]\ngib = {gib}\n"
            );
            // One volume alone keeps its name.
            let pattern = if count == 1 { name } else { format!("{name}*") };
            patterns.push(format!("\"{pattern}\""));
            members.push(format!("{one:016X}"));
            members.push(format!("{two:016X}"));
        }
        let _ = write!(
            text,
            "\n[[system.pool]]\nname = \"pool{number}\"\nvolumes = [{}]\nrange = \"1A00-1AFF\"\n",
            patterns.join(", ")
        );
        let members: Vec<String> = members.iter().map(|m| format!("\"{m}\"")).collect();
        let _ = write!(
            zones,
            "\n[[san.zone]]\nname = \"z{number}\"\nmembers = [{}]\n",
            members.join(", ")
        );
    }
    text.push_str("\n[san]\nopen_masking = true\n");
    text.push_str(&ports);
    text.push_str(&volumes);
    text.push_str(&zones);
    text
}

#[cfg(test)]
mod tests {
    use super::super::from_text;
    use super::*;

    const SMALL: Scale = Scale {
        systems: 2,
        guests: 5,
        luns: 21,
        seed: 7,
    };

    #[test]
    fn the_same_numbers_give_the_same_site() {
        assert_eq!(generate(SMALL), generate(SMALL));
        assert_ne!(generate(SMALL), generate(Scale { seed: 8, ..SMALL }));
    }

    #[test]
    fn a_generated_site_has_what_was_asked_for() {
        let world = from_text("generated", &generate(SMALL)).unwrap();
        assert_eq!(world.systems.len(), 2);
        assert_eq!(world.linuxes.len(), 1 + 2 + 5);
        assert_eq!(world.san.volumes.len(), 21);
        let pool = world.linuxes["zhcp1"]
            .fs
            .read("/var/opt/zhcp/zfcp/pool1.conf")
            .unwrap();
        assert_eq!(pool.lines().count(), 1 + 11);
        let initiator = world.systems["ZVM1"].fcp[&crate::world::DeviceNumber(0x1a00)].initiator();
        assert_eq!(
            world.san.visible_luns(initiator).count(),
            22,
            "11 volumes on two ports"
        );
        for scale in [
            Scale {
                systems: 0,
                guests: 0,
                luns: 0,
                seed: 0,
            },
            Scale {
                systems: 1,
                guests: 1,
                luns: 1,
                seed: u64::MAX,
            },
        ] {
            from_text("generated", &generate(scale)).unwrap();
        }
    }

    #[test]
    fn more_luns_than_a_pair_of_ports_has_get_more_ports() {
        let scale = Scale {
            systems: 1,
            guests: 1,
            luns: VOLUMES_PER_PAIR + 10,
            seed: 1,
        };
        let world = from_text("generated", &generate(scale)).unwrap();
        assert_eq!(world.san.volumes.len(), scale.luns as usize);
        assert_eq!(world.san.ports.len(), 4);
    }
}
