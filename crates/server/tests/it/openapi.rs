//! The API's description is a snapshot: whoever changes the API sees it in the diff.

use std::path::Path;

#[test]
fn the_description_is_the_one_that_was_reviewed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let document = wardline_server::openapi().to_pretty_json().unwrap() + "\n";
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    if document != reviewed {
        let fresh = path.with_extension("json.new");
        std::fs::write(&fresh, &document).unwrap();
        panic!(
            "the API differs from {}; if that is meant, move {} over it",
            path.display(),
            fresh.display()
        );
    }
}
