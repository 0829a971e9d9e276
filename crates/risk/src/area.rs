//! Places on earth, as far as they are known.

use serde::{Deserialize, Serialize};

/// A circle on the ground.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Area {
    /// Degrees, north above zero.
    latitude: f32,
    /// Degrees, east above zero.
    longitude: f32,
    radius_m: f32,
}

impl Area {
    /// A circle by its middle, in degrees, and its radius in metres; absent where it is none on
    /// earth.
    pub fn new(latitude: f64, longitude: f64, radius_m: f64) -> Option<Self> {
        let on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0 && radius_m >= 0.0;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a metre is enough, and the radius is cut to what the earth has"
        )]
        on_earth.then(|| Self {
            latitude: latitude as f32,
            longitude: longitude as f32,
            radius_m: radius_m.min(AROUND_M / 2.0) as f32,
        })
    }

    /// How far it is at least from any point of this one to any of another, metres.
    pub(crate) fn apart_m(self, other: Self) -> f64 {
        let radii = f64::from(self.radius_m) + f64::from(other.radius_m);
        (self.between_m(other) - radii).max(0.0)
    }

    /// Whether it is one that this code can have made.
    pub(crate) fn is_sound(self) -> bool {
        let [latitude, longitude, radius_m] =
            [self.latitude, self.longitude, self.radius_m].map(f64::from);
        Self::new(latitude, longitude, radius_m) == Some(self)
    }

    /// From middle to middle, over the ground, metres (haversine, on a sphere).
    fn between_m(self, other: Self) -> f64 {
        let radians = |degrees: f32| f64::from(degrees).to_radians();
        let half = |a: f32, b: f32| ((radians(b) - radians(a)) / 2.0).sin().powi(2);
        let along = radians(self.latitude).cos() * radians(other.latitude).cos();
        let part =
            half(self.latitude, other.latitude) + along * half(self.longitude, other.longitude);
        AROUND_M / std::f64::consts::PI * part.clamp(0.0, 1.0).sqrt().asin()
    }
}

/// Once around the earth, metres.
const AROUND_M: f64 = 40_030_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn area(latitude: f64, longitude: f64, radius_m: f64) -> Area {
        Area::new(latitude, longitude, radius_m).unwrap()
    }

    #[test]
    fn it_is_as_far_from_paris_to_berlin_as_it_is() {
        let (paris, berlin) = (area(48.857, 2.352, 0.0), area(52.520, 13.405, 0.0));
        let far = paris.apart_m(berlin);
        assert!((far - 878_000.0).abs() < 5_000.0, "{far}");
        assert!((far - berlin.apart_m(paris)).abs() < 1.0);
        let wide = area(48.857, 2.352, 100_000.0).apart_m(berlin);
        assert!((far - wide - 100_000.0).abs() < 100.0, "{wide}");
        assert!(paris.apart_m(paris) < 1.0);
        // Over the line at which dates change.
        assert!(area(0.0, 179.9, 0.0).apart_m(area(0.0, -179.9, 0.0)) < 23_000.0);
        let other_side = area(0.0, 0.0, 0.0).apart_m(area(0.0, 180.0, 0.0));
        assert!((other_side - AROUND_M / 2.0).abs() < 10.0);
    }

    #[test]
    fn what_is_nowhere_on_earth_is_no_place() {
        assert_eq!(Area::new(91.0, 0.0, 1.0), None);
        assert_eq!(Area::new(0.0, 181.0, 1.0), None);
        assert_eq!(Area::new(0.0, 0.0, -1.0), None);
        assert_eq!(Area::new(f64::NAN, 0.0, 1.0), None);
        let wide = Area::new(0.0, 0.0, f64::INFINITY).unwrap();
        assert!(wide.is_sound() && wide.apart_m(area(0.0, 180.0, 0.0)) < 10.0);
    }
}
