//! Changes to JSON, to compact JWS, and to bytes in base64url within either.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::{Edit, bytes};

/// A JSON text with one value changed; `None` for other bytes.
pub(crate) fn edit(text: &[u8], edit: Edit) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(text).ok()?;
    if !document.is_object() && !document.is_array() {
        return None;
    }
    let mut places = Vec::new();
    walk(&document, String::new(), &mut places);
    let place = places[edit.place(places.len())].clone();
    match edit.value % 8 {
        0 => remove(&mut document, &place),
        1 => {
            let other = places[edit.second(places.len())].clone();
            let other = document.pointer(&other)?.clone();
            *document.pointer_mut(&place)? = other;
        }
        2 => rename(&mut document, &place, edit),
        3 => {
            let value = document.pointer_mut(&place)?;
            *value = json!([value.take()]);
        }
        4 | 5 => {
            let value = document.pointer_mut(&place)?;
            *value = inner(value, edit.within());
        }
        6 => {
            // The same member twice, the first with another value: only in the text.
            let name = place.rsplit('/').next().filter(|name| !name.is_empty())?;
            let twice = format!("{{{}:{},", Value::from(name), odd(edit));
            let out = serde_json::to_string(&document).ok()?;
            return Some(out.replacen('{', &twice, 1).into_bytes());
        }
        _ => *document.pointer_mut(&place)? = odd(edit),
    }
    serde_json::to_vec(&document).ok()
}

/// A text of parts in base64url joined by dots, with one part changed; `None` for other bytes.
pub(crate) fn edit_parts(text: &[u8], edit: Edit) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut parts: Vec<String> = text.split('.').map(str::to_owned).collect();
    let at = edit.place(parts.len());
    let mut part = URL_SAFE_NO_PAD.decode(&parts[at]).ok()?;
    if parts.len() == 1 && part.len() < 4 {
        return None;
    }
    let within = edit.within();
    match self::edit(&part, within) {
        Some(changed) => part = changed,
        None => bytes::edit(&mut part, within, &[Vec::new()], &[]),
    }
    parts[at] = URL_SAFE_NO_PAD.encode(part);
    Some(parts.join(".").into_bytes())
}

/// Every place as a JSON pointer (RFC 6901).
fn walk(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                walk(member, format!("{place}/{name}"), places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, format!("{place}/{index}"), places);
            }
        }
        _ => {}
    }
    places.push(place);
}

fn remove(document: &mut Value, place: &str) {
    let Some((parent, name)) = place.rsplit_once('/') else {
        *document = Value::Null;
        return;
    };
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(items)) => {
            if let Some(index) = name.parse().ok().filter(|index| *index < items.len()) {
                items.remove(index);
            }
        }
        _ => {}
    }
}

fn rename(document: &mut Value, place: &str, edit: Edit) {
    let Some((parent, name)) = place.rsplit_once('/') else {
        return;
    };
    if let Some(Value::Object(members)) = document.pointer_mut(parent)
        && let Some(value) = members.remove(&name.replace("~1", "/").replace("~0", "~"))
    {
        let mut name = name.as_bytes().to_vec();
        bytes::edit(&mut name, edit.within(), &[Vec::new()], &[]);
        members.insert(String::from_utf8_lossy(&name).into_owned(), value);
    }
}

/// A value of the same kind that is a little off.
fn inner(value: &Value, edit: Edit) -> Value {
    match value {
        Value::String(text) => {
            // What is long and decodes was bytes.
            let decoded = URL_SAFE_NO_PAD
                .decode(text)
                .ok()
                .filter(|bytes| bytes.len() >= 8);
            let mut bytes = decoded.clone().unwrap_or_else(|| text.clone().into_bytes());
            bytes::edit(&mut bytes, edit, &[Vec::new()], &[]);
            Value::from(match decoded {
                Some(_) => URL_SAFE_NO_PAD.encode(bytes),
                None => String::from_utf8_lossy(&bytes).into_owned(),
            })
        }
        Value::Number(number) => {
            let near = number.as_u64().unwrap_or(0);
            let step = u64::from(edit.value % 3);
            Value::from(if edit.kind.is_multiple_of(2) {
                near.wrapping_add(step)
            } else {
                near.wrapping_sub(step)
            })
        }
        Value::Bool(flag) => Value::from(!flag),
        _ => odd(edit),
    }
}

/// A value at which code goes wrong.
fn odd(edit: Edit) -> Value {
    match edit.second(18) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(1.5),
        5 => json!(u64::MAX),
        6 => json!(i64::MIN),
        // One more than a double can count (RFC 8785 §3.2.2.3).
        7 => json!((1_u64 << 53) + 1),
        8 => json!(1e300),
        9 => json!(""),
        10 => json!("\0"),
        11 => json!("\u{202e}\u{1f489}\r\n"),
        12 => json!("A".repeat(5000)),
        13 => json!([]),
        14 => json!({}),
        15 => json!(URL_SAFE_NO_PAD.encode(edit.at.to_be_bytes().repeat(8))),
        16 => (0..100).fold(Value::Null, |inner, _| json!([inner])),
        _ => json!({ "": edit.at }),
    }
}
