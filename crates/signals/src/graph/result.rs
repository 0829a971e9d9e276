//! `deviceActionResult`: what became of an action.

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::Action;
use crate::values;

/// The properties that are read.
pub(super) const SELECT: &str = "id,deviceActionResults";

/// What Intune knows of an action that it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionResult {
    /// Which one.
    pub action: Action,
    /// How it ended; absent while it has not, as far as is said.
    pub ending: Option<Ending>,
    /// When Intune began with it, unix milliseconds.
    pub began_at: u64,
}

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The device has done it.
    Done,
    /// The device could not do it.
    Failed,
    /// The device is of a kind that does not do it.
    NotSupported,
    /// Somebody took it back in Intune.
    Canceled,
}

/// The answer is not about the device that was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the answer does not tell what became of the device's actions")]
pub struct ResultsError;

impl ActionResult {
    /// Reads what is said of a device's actions. Those that are not asked for here are left out,
    /// and those that are not written as Microsoft documents them: one does not hide the rest.
    ///
    /// # Errors
    /// [`ResultsError`]. Nothing of such an answer counts.
    pub fn read(bytes: &[u8], manager_id: &str) -> Result<Vec<Self>, ResultsError> {
        let answer: Answer = serde_json::from_slice(bytes).map_err(|_| ResultsError)?;
        if !answer.id.eq_ignore_ascii_case(manager_id) {
            return Err(ResultsError);
        }
        let results = answer.results.unwrap_or_default();
        Ok(results.into_iter().filter_map(Self::of).collect())
    }

    fn of(value: Value) -> Option<Self> {
        let told: Told = serde_json::from_value(value).ok()?;
        let moment = |text: &Option<String>| values::moment(text.as_deref()?).ok();
        Some(Self {
            action: Action::of_result(&told.name)?,
            ending: Ending::of(&told.state),
            began_at: moment(&told.began).or_else(|| moment(&told.updated))?,
        })
    }
}

impl Ending {
    /// The name as it is written in Wardline's log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::NotSupported => "not_supported",
            Self::Canceled => "canceled",
        }
    }

    /// `none`, `pending` and `active` are no endings, and neither is a state that nobody knows yet.
    fn of(state: &str) -> Option<Self> {
        match state {
            "done" => Some(Self::Done),
            "failed" => Some(Self::Failed),
            "notSupported" => Some(Self::NotSupported),
            "canceled" => Some(Self::Canceled),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    id: String,
    #[serde(rename = "deviceActionResults")]
    results: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct Told {
    #[serde(rename = "actionName")]
    name: String,
    #[serde(rename = "actionState")]
    state: String,
    #[serde(rename = "startDateTime")]
    began: Option<String>,
    #[serde(rename = "lastUpdatedDateTime")]
    updated: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "705c034c-034c-705c-4c03-5c704c035c70";

    fn read(results: &str) -> Vec<ActionResult> {
        let answer = format!(r#"{{"id":"{ID}","deviceActionResults":{results}}}"#);
        ActionResult::read(answer.as_bytes(), ID).unwrap()
    }

    #[test]
    fn what_became_of_actions_is_read() {
        let results = read(
            r##"[
            {"@odata.type": "#microsoft.graph.deviceActionResult", "actionName": "wipe",
             "actionState": "failed", "startDateTime": "2026-05-04T13:37:00Z",
             "lastUpdatedDateTime": "2026-05-04T13:47:00.1234567Z"},
            {"actionName": "factoryReset", "actionState": "done",
             "startDateTime": "0001-01-01T00:00:00Z",
             "lastUpdatedDateTime": "2026-05-04T13:37:00Z"},
            {"actionName": "syncDevice", "actionState": "notSupported", "startDateTime": null,
             "lastUpdatedDateTime": "2026-05-04T13:37:00Z"},
            {"actionName": "removeCompanyData", "actionState": "canceled",
             "startDateTime": "2026-05-04T13:37:00Z"}
        ]"##,
        );
        let told: Vec<(Action, Option<&str>)> = results
            .iter()
            .map(|result| (result.action, result.ending.map(Ending::as_str)))
            .collect();
        assert_eq!(
            told,
            [
                (Action::Wipe, Some("failed")),
                (Action::Wipe, Some("done")),
                (Action::Sync, Some("not_supported")),
                (Action::Retire, Some("canceled")),
            ]
        );
        for result in results {
            assert_eq!(result.began_at, 1_777_901_820_000, "{result:?}");
        }
    }

    #[test]
    fn what_has_not_ended_has_no_ending() {
        for state in ["none", "pending", "active", "", "Done", "somethingNew"] {
            let results = read(&format!(
                r#"[{{"actionName": "rebootNow", "actionState": "{state}",
                    "startDateTime": "2026-05-04T13:37:00Z"}}]"#
            ));
            assert_eq!(results[0].action, Action::Restart);
            assert_eq!(results[0].ending, None, "{state}");
        }
    }

    #[test]
    fn one_result_that_is_not_understood_does_not_hide_the_rest() {
        let results = read(
            r#"[null, 1, "done", [], {}, {"actionName": "wipe"},
            {"actionName": 1, "actionState": "done", "startDateTime": "2026-05-04T13:37:00Z"},
            {"actionName": "wipe", "actionState": "done"},
            {"actionName": "wipe", "actionState": "done", "startDateTime": "yesterday"},
            {"actionName": "wipe", "actionState": 4, "startDateTime": "2026-05-04T13:37:00Z"},
            {"actionName": "locateDevice", "actionState": "done",
             "startDateTime": "2026-05-04T13:37:00Z"},
            {"actionName": "remoteLock", "actionState": "done",
             "startDateTime": "2026-05-04T13:37:00Z"}]"#,
        );
        let [lock] = results[..] else {
            panic!("{results:?}");
        };
        assert_eq!(
            (lock.action, lock.ending),
            (Action::Lock, Some(Ending::Done))
        );
    }

    #[test]
    fn an_answer_about_another_device_tells_nothing() {
        assert_eq!(read("null"), []);
        assert_eq!(read("[]"), []);
        let without = format!(r#"{{"id":"{}"}}"#, ID.to_ascii_uppercase());
        assert_eq!(ActionResult::read(without.as_bytes(), ID), Ok(Vec::new()));
        for other in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"deviceActionResults":[]}"#,
            r#"{"id":null,"deviceActionResults":[]}"#,
            r#"{"id":"705c034c-034c-705c-4c03-5c704c035c71","deviceActionResults":[]}"#,
            r#"{"id":"705c034c-034c-705c-4c03-5c704c035c70","deviceActionResults":{}}"#,
            r#"{"error":{"code":"ResourceNotFound","message":""}}"#,
        ] {
            let outcome = ActionResult::read(other.as_bytes(), ID);
            assert_eq!(outcome, Err(ResultsError), "{other}");
        }
    }
}
