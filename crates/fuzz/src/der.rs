//! Changes to DER (ITU-T X.690) that leave the enclosing lengths right.

use crate::{Edit, bytes};

/// One element: its tag, and its contents or parts.
struct Element {
    tag: u8,
    body: Body,
}

enum Body {
    Contents(Vec<u8>),
    Parts(Vec<Element>),
}

/// DER with one element changed; `None` for other bytes.
pub(crate) fn edit(der: &[u8], edit: Edit) -> Option<Vec<u8>> {
    let mut elements = read(der, 0).filter(|elements| elements.len() == 1)?;
    let count = elements.iter().map(size).sum();
    let mut left = edit.place(count);
    change(&mut elements, &mut left, edit);
    let mut out = Vec::new();
    for element in &elements {
        write(element, &mut out);
    }
    Some(out)
}

fn read(mut der: &[u8], depth: usize) -> Option<Vec<Element>> {
    let mut elements = Vec::new();
    while let [tag, first, rest @ ..] = der {
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81 => (usize::from(*rest.first()?), &rest[1..]),
            0x82 => (
                usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])),
                &rest[2..],
            ),
            _ => return None,
        };
        let contents = rest.get(..length)?;
        der = &rest[length..];
        // What is constructed has parts, and so do the octets of an extension.
        let parts = (depth < 24 && (tag & 0x20 != 0 || *tag == 0x04))
            .then(|| read(contents, depth + 1))
            .flatten()
            .filter(|parts| !parts.is_empty());
        elements.push(Element {
            tag: *tag,
            body: parts.map_or_else(|| Body::Contents(contents.to_vec()), Body::Parts),
        });
    }
    der.is_empty().then_some(elements)
}

fn size(element: &Element) -> usize {
    match &element.body {
        Body::Contents(_) => 1,
        Body::Parts(parts) => 1 + parts.iter().map(size).sum::<usize>(),
    }
}

/// Changes the element that is `left` elements away; whether it was reached.
fn change(elements: &mut Vec<Element>, left: &mut usize, edit: Edit) -> bool {
    for index in 0..elements.len() {
        if *left == 0 {
            let within = edit.within();
            match (edit.value % 6, &mut elements[index]) {
                (0, _) => drop(elements.remove(index)),
                (1, element) => {
                    let mut copy = Vec::new();
                    write(element, &mut copy);
                    if let Some(copy) = read(&copy, 0) {
                        elements.splice(index..index, copy);
                    }
                }
                (2, element) => element.tag = edit.by.to_be_bytes()[3],
                (_, element) => {
                    let mut contents = contents(element);
                    bytes::edit(&mut contents, within, &[Vec::new()], &[]);
                    element.body = Body::Contents(contents);
                }
            }
            return true;
        }
        *left -= 1;
        if let Body::Parts(parts) = &mut elements[index].body
            && change(parts, left, edit)
        {
            return true;
        }
    }
    false
}

fn contents(element: &Element) -> Vec<u8> {
    match &element.body {
        Body::Contents(contents) => contents.clone(),
        Body::Parts(parts) => {
            let mut out = Vec::new();
            for part in parts {
                write(part, &mut out);
            }
            out
        }
    }
}

fn write(element: &Element, out: &mut Vec<u8>) {
    let contents = contents(element);
    out.push(element.tag);
    let [.., high, low] = contents.len().to_be_bytes();
    match contents.len() {
        0..=0x7f => out.push(low),
        0x80..=0xff => out.extend_from_slice(&[0x81, low]),
        _ => out.extend_from_slice(&[0x82, high, low]),
    }
    out.extend_from_slice(&contents);
}
