//! Devices by the names they are sold under.

use super::Feeds;
use super::Platform;
use super::product::{Product, Release};

/// A device that the feeds know.
pub(super) struct Model<'f> {
    pub(super) product: &'f Product,
    pub(super) release: &'f Release,
}

/// The products that are devices of a platform.
const fn devices(platform: Platform) -> &'static [&'static str] {
    match platform {
        Platform::Android => &[
            "pixel",
            "samsung-mobile",
            "samsung-galaxy-tab",
            "oneplus",
            "fairphone",
            "nokia",
            "motorola-mobility",
        ],
        Platform::Ios => &["iphone", "ipad"],
        // The feed has no lists of computers.
        Platform::MacOs | Platform::Windows | Platform::Linux => &[],
    }
}

/// Looks a model up by its name, with or without its maker's. Names are compared whole, so that a
/// `Pixel 4` is no `Pixel 4a`.
pub(super) fn find<'f>(feeds: &'f Feeds, platform: Platform, name: &str) -> Option<Model<'f>> {
    let name = plain(name);
    devices(platform)
        .iter()
        .filter_map(|id| feeds.products.get(*id))
        .flat_map(|product| {
            product
                .releases
                .iter()
                .map(move |release| (product, release))
        })
        .find(|(product, release)| is_named(product, release, &name))
        .map(|(product, release)| Model { product, release })
}

fn is_named(product: &Product, release: &Release, name: &str) -> bool {
    let family = match product.id.as_str() {
        // Their models have a family's name of their own.
        "samsung-mobile" | "samsung-galaxy-tab" | "motorola-mobility" => "",
        other => other,
    };
    [release.cycle.as_str(), release.label()]
        .into_iter()
        .map(plain)
        .any(|known| {
            known == name && (family.is_empty() || known.starts_with(family))
                || !family.is_empty() && name == format!("{family}{known}")
        })
}

/// Small letters, digits and the plus that tells models apart, without the maker's name.
fn plain(name: &str) -> String {
    let plain: String = name
        .chars()
        .filter(|it| it.is_alphanumeric() || *it == '+')
        .flat_map(char::to_lowercase)
        .collect();
    let maker = ["apple", "google", "samsung"]
        .iter()
        .find_map(|maker| plain.strip_prefix(maker))
        .filter(|rest| !rest.is_empty());
    maker.map_or_else(|| plain.clone(), str::to_owned)
}
