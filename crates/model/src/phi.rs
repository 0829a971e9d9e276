//! [`Phi`]: protected health information, kept where it belongs by its type.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that is protected health information (45 CFR 160.103).
///
/// It has no `Debug`, `Display` or `Serialize`, so it cannot reach a log line, an error, a
/// URL, an e-mail or a push by accident: such code does not compile. To hand it to the person who
/// may see it, call [`Phi::release`] with the reason that allows it; to store it, seal it.
///
/// A log line or an error cannot hold it:
/// ```compile_fail,E0277
/// let potassium = wardline_model::Phi::new("K 6.8 mmol/L");
/// let line = format!("{potassium:?}");
/// ```
/// Neither can a URL or a push text:
/// ```compile_fail,E0277
/// let potassium = wardline_model::Phi::new("K 6.8 mmol/L");
/// let url = format!("/search?q={potassium}");
/// ```
/// Nor a JSON body, before the policy's decision released it:
/// ```compile_fail,E0277
/// let potassium = wardline_model::Phi::new("K 6.8 mmol/L");
/// let body = serde_json::to_string(&potassium);
/// ```
/// And a released value still cannot be logged:
/// ```compile_fail,E0277
/// use wardline_model::phi::ReleaseBasis;
/// let released = wardline_model::Phi::new("K 6.8").release(ReleaseBasis::Decision);
/// let line = format!("{released:?}");
/// ```
/// What is allowed:
/// ```
/// use wardline_model::phi::ReleaseBasis;
/// let released = wardline_model::Phi::new("K 6.8").release(ReleaseBasis::Decision);
/// assert_eq!(serde_json::to_string(&released).unwrap(), "\"K 6.8\"");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Phi<T>(T);

impl<T> Phi<T> {
    /// Marks a value as protected.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value for computing within the process; never format what comes out.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value for the body of an answer to a person whom the policy allowed to see it.
    pub fn release(self, _basis: ReleaseBasis) -> Released<T> {
        Released(self.0)
    }

    /// Applies a function inside the mark.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Phi<U> {
        Phi(f(self.0))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Phi<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        T::deserialize(d).map(Self)
    }
}

/// Why protected information leaves the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseBasis {
    /// The policy allowed this person, on this device, to see it (45 CFR 164.502(b)).
    Decision,
    /// It is the person's own typing, handed back to them.
    OwnInput,
}

/// Protected information on its way into an answer's body; serialises, but still has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Released<T>(T);

impl<T> Released<T> {
    /// The released value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: Serialize> Serialize for Released<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(s)
    }
}
