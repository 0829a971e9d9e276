//! Pictures without what cameras and programs write beside them: where and when they were taken, with
//! which device, of whom, and smaller copies of what was cut away.
//!
//! What is needed to draw the picture is kept, colours included, and all else is left out, also what
//! stands behind its end: containers grow new places for metadata, so nothing stays because it is not
//! known. Formats: JPEG (ITU-T T.81 annex B), PNG (RFC 2083 §3), WebP (RFC 9649 §2).

/// A picture without metadata; nothing where the bytes are no picture of the MIME type. What is no
/// picture at all stays as it is.
pub fn bare(mime: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    match mime {
        "image/jpeg" => jpeg(bytes),
        "image/png" => png(bytes),
        "image/webp" => webp(bytes),
        _ => Some(bytes.to_vec()),
    }
}

fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    const SOS: u8 = 0xDA;
    const EOI: u8 = 0xD9;
    let mut out = vec![0xFF, 0xD8];
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
    let mut seen_scan = false;
    loop {
        // Any number of fill bytes stands before a marker.
        let [0xFF, after @ ..] = rest else {
            return None;
        };
        let [marker, after @ ..] = after else {
            return None;
        };
        match *marker {
            0xFF => {
                rest = rest.get(1..)?;
                continue;
            }
            EOI => {
                out.extend([0xFF, EOI]);
                return seen_scan.then_some(out);
            }
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes(*after.first_chunk()?));
        let segment = after.get(2..length)?;
        let is_needed = match *marker {
            // Frames, Huffman and arithmetic tables, quantisation, restart intervals, scans.
            0xC0..=0xCF | 0xDB..=0xDD | SOS => true,
            // Density and no thumbnail; how colours were coded; the colour profile.
            0xE0 => segment.starts_with(b"JFIF\0") && segment.get(12..) == Some([0, 0].as_slice()),
            0xE2 => segment.starts_with(b"ICC_PROFILE\0"),
            0xEE => segment.starts_with(b"Adobe"),
            _ => false,
        };
        if is_needed {
            out.extend([0xFF, *marker]);
            out.extend(after.get(..length)?);
        }
        rest = after.get(length..)?;
        if *marker == SOS {
            seen_scan = true;
            // Coded data goes on up to a marker that is none of its own.
            let end = rest
                .windows(2)
                .position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7 | 0xFF))?;
            let (data, behind) = rest.split_at(end);
            out.extend(data);
            rest = behind;
        }
    }
}

fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
    let mut out = SIGNATURE.to_vec();
    let mut rest = bytes.strip_prefix(SIGNATURE)?;
    loop {
        let length = usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?;
        // Length, type, data, CRC.
        let chunk = rest.get(..length.checked_add(12)?)?;
        let kind = chunk.get(4..8)?;
        let is_needed = matches!(
            kind,
            b"IHDR"
                | b"PLTE"
                | b"IDAT"
                | b"IEND"
                | b"tRNS"
                | b"gAMA"
                | b"cHRM"
                | b"sRGB"
                | b"iCCP"
                | b"sBIT"
        );
        if is_needed {
            out.extend(chunk);
        }
        if kind == b"IEND" {
            return Some(out);
        }
        rest = rest.get(chunk.len()..)?;
    }
}

fn webp(bytes: &[u8]) -> Option<Vec<u8>> {
    /// Flags of the extended header for EXIF and XMP.
    const METADATA: u8 = 0x0C;
    let rest = bytes.strip_prefix(b"RIFF")?;
    let size = usize::try_from(u32::from_le_bytes(*rest.first_chunk()?)).ok()?;
    let mut rest = rest.get(4..size.checked_add(4)?)?.strip_prefix(b"WEBP")?;
    let mut out = b"RIFF\0\0\0\0WEBP".to_vec();
    while !rest.is_empty() {
        let kind = rest.get(..4)?;
        let length = usize::try_from(u32::from_le_bytes(*rest.get(4..)?.first_chunk()?)).ok()?;
        // What is odd is followed by a byte of padding.
        let whole = length.checked_add(8)?.checked_add(length % 2)?;
        let chunk = rest.get(..whole)?;
        if matches!(kind, b"VP8 " | b"VP8L" | b"VP8X" | b"ALPH" | b"ICCP") {
            let at = out.len();
            out.extend(chunk);
            if kind == b"VP8X"
                && let Some(flags) = out.get_mut(at + 8)
            {
                *flags &= !METADATA;
            }
        }
        rest = rest.get(whole..)?;
    }
    let size = u32::try_from(out.len() - 8).ok()?.to_le_bytes();
    out.get_mut(4..8)?.copy_from_slice(&size);
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        [&[0xFF, marker], length.as_slice(), body].concat()
    }

    fn chunk(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [length.as_slice(), &kind, body, &[0; 4]].concat()
    }

    fn riff(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        let padding = vec![0; body.len() % 2];
        [kind.as_slice(), &length, body, &padding].concat()
    }

    fn joined(start: &[u8], parts: &[Vec<u8>]) -> Vec<u8> {
        [start, &parts.concat()].concat()
    }

    #[test]
    fn a_jpeg_keeps_its_picture_and_colours_and_nothing_else() {
        let jfif = segment(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0");
        let icc = segment(0xE2, b"ICC_PROFILE\0\x01\x01p3");
        let tables = [
            segment(0xDB, &[1; 65]),
            segment(0xC0, &[8; 15]),
            segment(0xC4, &[2; 20]),
        ];
        let scan = joined(
            &segment(0xDA, &[1; 10]),
            &[vec![1, 0xFF, 0, 2, 0xFF, 0xD3, 3]],
        );
        let second = joined(&segment(0xDA, &[2; 10]), &[vec![4, 5]]);
        let clean = joined(
            &[0xFF, 0xD8],
            &[
                jfif.clone(),
                icc.clone(),
                tables.concat(),
                scan.clone(),
                tables[2].clone(),
                second.clone(),
                vec![0xFF, 0xD9],
            ],
        );
        let taken = joined(
            &[0xFF, 0xD8],
            &[
                jfif,
                segment(0xE0, b"JFXX\0\x10 small"),
                segment(0xE1, b"Exif\0\0 GPS 59.33 N"),
                segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0 GPS"),
                vec![0xFF, 0xFF],
                icc,
                segment(0xE2, b"MPF\0 GPS"),
                segment(0xED, b"Photoshop 3.0\0 GPS"),
                segment(0xFE, b"comment GPS"),
                tables.concat(),
                scan,
                segment(0xE1, b"Exif\0\0 GPS between scans"),
                tables[2].clone(),
                second,
                vec![0xFF, 0xD9],
                b"\xFF\xD8 another picture behind it, with GPS".to_vec(),
            ],
        );
        let bare = bare("image/jpeg", &taken).unwrap();
        assert!(!bare.windows(3).any(|w| w == b"GPS"));
        assert_eq!(bare, clean);
        assert_eq!(super::bare("image/jpeg", &clean).unwrap(), clean);
    }

    #[test]
    fn a_png_loses_texts_times_and_exif() {
        const START: &[u8] = b"\x89PNG\r\n\x1a\n";
        let head = chunk(*b"IHDR", &[0; 13]);
        let (data, end) = (chunk(*b"IDAT", b"data"), chunk(*b"IEND", b""));
        let clean = joined(START, &[head.clone(), data.clone(), end.clone()]);
        let taken = joined(
            START,
            &[
                head,
                chunk(*b"tEXt", b"Author GPS"),
                chunk(*b"eXIf", b"GPS"),
                chunk(*b"tIME", b"GPS"),
                chunk(*b"zzZz", b"GPS"),
                data,
                end,
                b"GPS".to_vec(),
            ],
        );
        assert_eq!(bare("image/png", &taken).unwrap(), clean);
    }

    #[test]
    fn a_webp_loses_exif_and_says_that_it_has_none() {
        let of = |parts: &[Vec<u8>]| {
            let body = joined(b"WEBP", parts);
            riff(*b"RIFF", &body)
        };
        let clean = of(&[riff(*b"VP8X", &[0x20, 0, 0]), riff(*b"VP8 ", b"frame")]);
        let taken = of(&[
            riff(*b"VP8X", &[0x2C, 0, 0]),
            riff(*b"VP8 ", b"frame"),
            riff(*b"EXIF", b"GPS"),
            riff(*b"XMP ", b"GPS"),
        ]);
        assert_eq!(bare("image/webp", &taken).unwrap(), clean);
    }

    #[test]
    fn what_is_not_the_picture_that_it_says_is_refused() {
        for mime in ["image/jpeg", "image/png", "image/webp"] {
            for bytes in [b"".as_slice(), b"<html>", b"%PDF-1.7", b"\xFF\xD8\xFF\xD9"] {
                assert_eq!(bare(mime, bytes), None, "{mime}");
            }
        }
        assert_eq!(bare("application/pdf", b"%PDF-1.7").unwrap(), b"%PDF-1.7");
    }

    proptest! {
        #[test]
        fn bare_pictures_stay_as_they_are(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for (mime, start) in [
                ("image/jpeg", b"\xFF\xD8".as_slice()),
                ("image/png", b"\x89PNG\r\n\x1a\n"),
                ("image/webp", b"RIFF"),
            ] {
                let bytes = [start, &bytes].concat();
                if let Some(once) = bare(mime, &bytes) {
                    prop_assert_eq!(bare(mime, &once), Some(once.clone()));
                }
            }
        }
    }
}
