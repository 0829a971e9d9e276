//! Files that officers edit.

use super::people::engine;
use crate::texts::{MOST_BYTES, MOST_FILES};
use crate::{PolicyFile, PolicyTexts, TextsError, baseline};

fn file(name: &str, text: &str) -> PolicyFile {
    PolicyFile {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

#[test]
fn the_baseline_as_files_is_the_baseline_of_the_engine() {
    let texts = PolicyTexts::baseline();
    assert_eq!(texts.engine().unwrap().hash(), engine().hash());
    assert_eq!(texts.hash(), engine().hash());
    assert_eq!(texts.files()[0].name, "wardline.cedarschema");
}

#[test]
fn the_same_files_are_the_same_policies_in_whatever_order_they_come() {
    let mut files = PolicyTexts::baseline().files().to_vec();
    files.push(file("zebra.cedar", ""));
    files.push(file("apple.cedar", ""));
    let texts = PolicyTexts::edited(files.clone()).unwrap();
    files.reverse();
    let reversed = PolicyTexts::edited(files.clone()).unwrap();
    files.retain(|file| file.name != baseline::SCHEMA.name);
    let without_schema = PolicyTexts::edited(files).unwrap();
    assert_eq!(texts, reversed);
    assert_eq!(texts, without_schema);
    let names: Vec<_> = texts.policies().iter().map(|source| source.name).collect();
    let ours = baseline::POLICIES.iter().map(|source| source.name);
    let expected: Vec<_> = ours.chain(["apple.cedar", "zebra.cedar"]).collect();
    assert_eq!(names, expected);
}

#[test]
fn the_schema_is_the_products_and_nobody_edits_it() {
    let mut files = PolicyTexts::baseline().files().to_vec();
    files[0].text.push(' ');
    let error = PolicyTexts::edited(files).unwrap_err();
    assert_eq!(error, TextsError::SchemaChanged);
    assert_eq!(error.problem().file, "wardline.cedarschema");
    let another = vec![file("ours.cedarschema", "")];
    assert_eq!(
        PolicyTexts::edited(another),
        Err(TextsError::Name("ours.cedarschema".to_owned()))
    );
}

#[test]
fn a_version_of_an_earlier_release_keeps_its_hash_and_runs_under_todays_schema() {
    let mut files = PolicyTexts::baseline().files().to_vec();
    files[0].text.push_str("// As it was.\n");
    let stored = serde_json::to_string(&files).unwrap();
    let texts: PolicyTexts = serde_json::from_str(&stored).unwrap();
    assert_ne!(texts.hash(), engine().hash());
    assert_eq!(serde_json::to_string(&texts).unwrap(), stored);
    assert_eq!(texts.under_this_schema().hash(), engine().hash());
}

#[test]
fn a_name_that_is_none_or_stands_twice_is_refused() {
    for name in [
        "",
        ".cedar",
        "ours",
        "Ours.cedar",
        "../ours.cedar",
        "a/b.cedar",
        "a.b.cedar",
        "ours.cedar ",
        "größe.cedar",
    ] {
        let error = PolicyTexts::edited(vec![file(name, "")]).unwrap_err();
        assert_eq!(error, TextsError::Name(name.to_owned()));
    }
    let twice = vec![file("ours_2.cedar", ""), file("ours_2.cedar", "// b")];
    assert_eq!(
        PolicyTexts::edited(twice).unwrap_err().to_string(),
        "two files are called `ours_2.cedar`"
    );
    let schemas = vec![baseline::SCHEMA.into(), baseline::SCHEMA.into()];
    assert!(matches!(
        PolicyTexts::edited(schemas),
        Err(TextsError::Twice(_))
    ));
}

#[test]
fn a_set_has_an_end() {
    let many = |count: usize| (1..count).map(|n| file(&format!("f{n}.cedar"), ""));
    assert!(PolicyTexts::edited(many(MOST_FILES).collect()).is_ok());
    assert_eq!(
        PolicyTexts::edited(many(MOST_FILES + 1).collect()),
        Err(TextsError::TooMany)
    );
    let left = MOST_BYTES - baseline::SCHEMA.name.len() - baseline::SCHEMA.text.len();
    let long = |bytes: usize| vec![file("long.cedar", &" ".repeat(bytes - "long.cedar".len()))];
    assert!(PolicyTexts::edited(long(left)).is_ok());
    assert_eq!(
        PolicyTexts::edited(long(left + 1)),
        Err(TextsError::TooLong)
    );
}

#[test]
fn what_an_approver_could_not_see_is_refused_with_its_place() {
    for unseen in [
        '\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{8}', '\0',
    ] {
        let text = format!("// für\n// alle{unseen}\n");
        let error = PolicyTexts::edited(vec![file("ours.cedar", &text)]).unwrap_err();
        let problem = error.problem();
        assert_eq!(
            (problem.file.as_str(), problem.line, problem.column),
            ("ours.cedar", 2, 8),
            "{error}"
        );
    }
    let seen = "// Grüße, 你好,\ttab and\r\nnew line\n";
    assert!(PolicyTexts::edited(vec![file("ours.cedar", seen)]).is_ok());
}

#[test]
fn what_is_deeper_or_longer_than_anybody_writes_is_refused_with_its_place() {
    let refused = |text: String| {
        let file = PolicyFile {
            name: "ours.cedar".to_owned(),
            text,
        };
        PolicyTexts::edited(vec![file]).unwrap_err().problem()
    };
    let deep = format!(
        "// one\nforbid (principal, action, resource) when {{ {} }};",
        "(".repeat(60)
    );
    let problem = refused(deep);
    assert_eq!((problem.line, problem.file.as_str()), (2, "ours.cedar"));
    assert!(problem.message.contains("brackets"), "{problem}");
    let long = format!(
        "permit (principal, action, resource) when {{ true{} }};",
        " && true".repeat(2000)
    );
    assert!(refused(long).message.contains("longer"));
    // Many policies are no long one.
    let many = "@id(\"a\") @who(\"b\") permit (principal, action, resource);\n".repeat(400);
    let file = PolicyFile {
        name: "ours.cedar".to_owned(),
        text: many,
    };
    assert!(PolicyTexts::edited(vec![file]).is_ok());
}
