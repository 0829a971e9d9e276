//! Closed enums with stable names: the same text in policies, in JSON and in the audit log.

use thiserror::Error;

/// A text that is not one of the names of a closed list.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{name}` is not a known {kind}")]
pub struct UnknownName {
    /// What was expected, for example `action`.
    pub kind: &'static str,
    /// What was found.
    pub name: String,
}

/// Declares an enum whose variants have stable names: `as_str`, `ALL`, `Display`, `FromStr` and
/// serde all use them.
macro_rules! named {
    (
        $(#[$meta:meta])*
        pub enum $name:ident ($kind:literal) {
            $($(#[$doc:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::named::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    other => Err($crate::named::UnknownName {
                        kind: $kind,
                        name: other.to_owned(),
                    }),
                }
            }
        }
    };
}
pub(crate) use named;
