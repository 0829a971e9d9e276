//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! Each answers whether the bytes were accepted, and panics when something that must always hold
//! does not.

use crate::{
    Action, Circumstances, Decision, Engine, LoadError, PolicyChange, PolicyFile, PolicyTexts,
    Question, Resource, Sign, Source,
};

/// A file of policies, alone under the baseline's schema.
///
/// # Panics
/// When a problem points outside the text, or accepted policies open what no permit opens.
pub fn policies(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let source = Source {
        name: "ours.cedar",
        text,
    };
    match Engine::from_texts(crate::baseline::SCHEMA, &[source]) {
        Ok(engine) => {
            answers(&engine, text);
            true
        }
        Err(error) => {
            in_place(&error, &[crate::baseline::SCHEMA, source]);
            false
        }
    }
}

/// A schema, without policies.
///
/// # Panics
/// When a problem points outside the text, or anything is allowed.
pub fn schema(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let source = Source {
        name: "ours.cedarschema",
        text,
    };
    match Engine::from_texts(source, &[]) {
        Ok(engine) => {
            answers(&engine, "");
            true
        }
        Err(error) => {
            in_place(&error, &[source]);
            false
        }
    }
}

/// Files that an officer edited, in JSON.
///
/// # Panics
/// When the same files again are another set, a set differs from itself, a change does not tell
/// the texts before and after, or a problem points outside its file.
pub fn edited(bytes: &[u8]) -> bool {
    let Ok(files) = serde_json::from_slice::<Vec<PolicyFile>>(bytes) else {
        return false;
    };
    let texts = match PolicyTexts::edited(files) {
        Ok(texts) => texts,
        Err(error) => {
            assert!(!error.problem().message.is_empty());
            return false;
        }
    };
    let reversed = texts.files().iter().rev().cloned().collect();
    assert_eq!(PolicyTexts::edited(reversed).as_ref(), Ok(&texts));

    let first = crate::baseline::POLICIES[0].into();
    let before = PolicyTexts::edited(vec![first]);
    if let Some(changes) = before.ok().and_then(|b| texts.changes_since(&b).ok()) {
        changes.iter().for_each(told);
        assert_eq!(texts.changes_since(&texts), Ok(Vec::new()));
    }
    match texts.engine() {
        Ok(engine) => {
            assert_eq!(engine.hash(), texts.hash());
            let text: String = texts.policies().iter().map(|source| source.text).collect();
            answers(&engine, &text);
            true
        }
        Err(error) => {
            let mut sources = texts.policies();
            sources.push(texts.schema());
            in_place(&error, &sources);
            false
        }
    }
}

/// The lines of a change are those before and after it.
fn told(change: &PolicyChange) {
    assert_ne!(change.before, change.after);
    for (whole, other) in [
        (&change.before, Sign::Added),
        (&change.after, Sign::Removed),
    ] {
        let lines = change.lines.iter().filter(|line| line.sign != other);
        let told: String = lines.map(|line| line.text.as_str()).collect();
        let whole = whole.as_deref().unwrap_or_default();
        let ends = ['\r', '\n'];
        assert_eq!(told.replace(ends, ""), whole.replace(ends, ""));
    }
}

/// Every question of somebody unknown is answered; without a permit by a refusal with advice.
fn answers(engine: &Engine, text: &str) {
    for action in [Action::HospitalRead, Action::MeRead] {
        let question = Question {
            principal: None,
            device: None,
            session: None,
            action,
            resource: Resource::Hospital,
            context: Circumstances::at(1_767_225_600_000),
        };
        let decided = engine.decide(&question);
        assert_eq!(decided, engine.decide(&question));
        match decided.decision {
            Decision::Allow => assert!(text.contains("permit"), "allowed by nothing"),
            Decision::StepUp {
                methods, advice, ..
            } => {
                assert!(!methods.is_empty() && !advice.is_empty());
            }
            Decision::Deny { code, advice } => assert!(!code.is_empty() && !advice.is_empty()),
        }
    }
}

fn in_place(error: &LoadError, sources: &[Source<'_>]) {
    assert!(!error.problems.is_empty());
    for problem in &error.problems {
        let source = sources.iter().find(|source| source.name == problem.file);
        assert!(source.is_some(), "{problem}");
        let line = source.and_then(|source| source.text.split('\n').nth(problem.line - 1));
        assert!(
            line.is_some_and(|line| problem.column <= line.chars().count() + 1),
            "outside the text: {problem}"
        );
    }
}
