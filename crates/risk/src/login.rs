//! A sign-in as the model sees it.

use std::net::IpAddr;

use crate::area::Area;
use crate::fade::day_of;

/// One sign-in. What is not known is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Login {
    /// When, unix milliseconds.
    pub at_ms: i64,
    /// Who, by the name that the account has.
    pub user: String,
    /// From which address.
    pub address: Option<IpAddr>,
    /// The address's country, as its database names it.
    pub country: String,
    /// Its city.
    pub city: String,
    /// The number of its autonomous system.
    pub network: String,
    /// The whole user agent.
    pub agent: String,
    /// The browser with its version.
    pub browser: String,
    /// The system with its version.
    pub system: String,
    /// `mobile`, `tablet`, `desktop` and the like.
    pub device_kind: String,
    /// The enrolled device whose key signed.
    pub device: String,
    /// Whether a list of bad addresses has this one.
    pub address_is_bad: bool,
    /// Whether it was let in.
    pub successful: bool,
    /// The person's role, by whose people they are measured as long as little is known of them; empty
    /// where it is not known.
    pub role: String,
    /// Where the address is, as its database says.
    pub area: Option<Area>,
    /// Whether the address is one behind which people from anywhere stand: a carrier's, a tunnel's.
    /// How far it is from the last one says nothing then.
    pub address_is_shared: bool,
    /// Where the device says that it is. Only with the person's consent, and never believed where it
    /// would help: it counts where it contradicts the network, and nothing of it is kept.
    pub claimed: Option<Area>,
}

impl Login {
    /// The address by which it came from outside, where that says anything: one of a private network
    /// is as good as none.
    pub(crate) fn outside(&self) -> Option<IpAddr> {
        self.address
            .map(|address| address.to_canonical())
            .filter(|address| match address {
                IpAddr::V4(v4) => {
                    let behind_carrier = v4.to_bits() >> 22 == SHARED_SPACE;
                    let near = v4.is_private() || v4.is_loopback() || v4.is_link_local();
                    !(near || behind_carrier)
                }
                IpAddr::V6(v6) => {
                    !(v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local())
                }
            })
    }

    /// The day on which it was.
    pub(crate) fn day(&self) -> i32 {
        day_of(self.at_ms)
    }

    /// Kind of device, system and browser, without versions.
    pub(crate) fn client(&self) -> [&str; 3] {
        [
            &self.device_kind,
            family(&self.system),
            family(&self.browser),
        ]
    }
}

/// 100.64.0.0/10, by its first ten bits: what carriers give out behind their own addresses (RFC 6598).
const SHARED_SPACE: u32 = (100 << 24 | 64 << 16) >> 22;

/// An address as a number, below the block that its owner is likely to keep: a /24, or a /48 of IPv6
/// with its /64, since the rest of those changes by the hour.
pub(crate) fn block(address: IpAddr) -> (u64, u64) {
    match address {
        IpAddr::V4(v4) => {
            let whole = u64::from(v4.to_bits());
            (whole >> 8, whole)
        }
        IpAddr::V6(v6) => {
            // Shifted by half of its bits, it fits. Those of IPv4 are far below any that is given out.
            let whole = u64::try_from(v6.to_bits() >> 64).unwrap_or(u64::MAX);
            (whole >> 16, whole)
        }
    }
}

/// The name of a browser or system without its version: `Chrome 138` is `Chrome`.
fn family(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ' ' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_no_part_of_the_family() {
        assert_eq!(family("Mobile Safari 18.2"), "Mobile Safari");
        assert_eq!(family("Windows 10"), "Windows");
        assert_eq!(family(""), "");
    }
}
