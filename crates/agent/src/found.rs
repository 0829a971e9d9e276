//! What a look for one fact gives: the fact, or why it is not known.

use crate::system::{System, Unread};

/// The answer for one fact.
pub(crate) type Found<T> = Result<Known<T>, Unknown>;

/// What is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known<T> {
    pub(crate) value: T,
    /// What lies behind it, where that helps a person.
    pub(crate) note: Option<String>,
}

/// Why it is not known: a sentence without its full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unknown(pub(crate) String);

/// A fact that needs no explanation.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it is the answer of functions that can fail"
)]
pub(crate) fn known<T>(value: T) -> Found<T> {
    Ok(Known { value, note: None })
}

/// A fact and what lies behind it.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it is the answer of functions that can fail"
)]
pub(crate) fn known_by<T>(value: T, note: impl Into<String>) -> Found<T> {
    Ok(Known {
        value,
        note: Some(note.into()),
    })
}

/// No fact.
pub(crate) fn unknown<T>(reason: impl Into<String>) -> Result<T, Unknown> {
    Err(Unknown(reason.into()))
}

/// A file's text, without white space around it.
pub(crate) fn text(system: &impl System, path: &str) -> Result<String, Unknown> {
    let bytes = system.read(path).map_err(|error| unread(path, &error))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Unknown(format!("{path} is no text")))?;
    Ok(text.trim().to_owned())
}

/// Whether there is a file or a folder.
///
/// # Errors
/// When that may not be asked.
pub(crate) fn exists(system: &impl System, path: &str) -> Result<bool, Unknown> {
    match system.modified_ms(path) {
        Ok(_) => Ok(true),
        Err(Unread::Missing) => Ok(false),
        Err(error) => Err(unread(path, &error)),
    }
}

/// Why a file or a program gave nothing.
pub(crate) fn unread(what: &str, error: &Unread) -> Unknown {
    Unknown(match error {
        Unread::Missing => format!("{what} is not there"),
        Unread::Denied => format!("the agent may not use {what}"),
        Unread::Late => format!("{what} gave no answer in time"),
        Unread::TooMuch => format!("{what} says more than can be"),
        Unread::Failed(why) => format!("{what} cannot be used: {why}"),
    })
}
