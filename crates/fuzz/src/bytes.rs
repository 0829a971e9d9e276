//! Changes that know nothing of what the bytes mean.

use crate::Edit;

/// Numbers at which code goes wrong.
const EDGES: [u64; 12] = [
    0,
    1,
    0x3f,
    0x40,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    u64::MAX,
];

/// Changes the bytes in place.
pub(crate) fn edit(bytes: &mut Vec<u8>, edit: Edit, seeds: &[Vec<u8>], words: &[Vec<u8>]) {
    if bytes.is_empty() {
        bytes.push(edit.value);
        return;
    }
    let at = edit.place(bytes.len());
    let run = at..(at + 1 + edit.second(16)).min(bytes.len());
    match (edit.kind / 8) % 13 {
        0 => bytes[at] ^= 1 << (edit.value % 8),
        1 => bytes[at] = edit.value,
        2 => bytes.insert(at, edit.value),
        3 => drop(bytes.drain(run)),
        4 => {
            let copy = bytes[run].to_vec();
            let to = edit.second(bytes.len());
            bytes.splice(to..to, copy);
        }
        5 => bytes.truncate(at),
        6 => {
            // The beginning of this one, the end of another.
            let other = &seeds[edit.second(seeds.len())];
            let from = usize::from(edit.value) * other.len() / 256;
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        7 => {
            let number = EDGES[edit.second(EDGES.len())].to_be_bytes();
            let width = [1, 2, 4, 8][usize::from(edit.value % 4)].min(bytes.len() - at);
            bytes[at..at + width].copy_from_slice(&number[8 - width..]);
        }
        // Lengths that are off by a little.
        8 => bytes[at] = bytes[at].wrapping_add(1 + edit.value % 4),
        9 => bytes[at] = bytes[at].wrapping_sub(1 + edit.value % 4),
        10 if !words.is_empty() => {
            let word = words[edit.second(words.len())].iter().copied();
            bytes.splice(at..at, word);
        }
        11 if !words.is_empty() => {
            let word = words[edit.second(words.len())].iter().copied();
            let end = (at + usize::from(edit.value) % 24).min(bytes.len());
            bytes.splice(at..end, word);
        }
        _ => {
            let to = edit.second(bytes.len());
            bytes.swap(at, to);
        }
    }
}
