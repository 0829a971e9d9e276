/**
 * What stands beside the picture in a JPEG (ITU-T T.81 annex B). Drawing it anew leaves all of that
 * behind; this says whether it did, before anything is sent. The core looks once more, and cuts.
 */

/** Segments with what cameras and programs write: applications' but for JFIF, ICC and Adobe; comments. */
export function hasMetadata(jpeg: Uint8Array): boolean {
  if (jpeg[0] !== 0xff || jpeg[1] !== 0xd8) {
    throw new TypeError("not a JPEG");
  }
  let at = 2;
  while (at + 4 <= jpeg.length) {
    if (jpeg[at] !== 0xff) {
      throw new TypeError("not a JPEG");
    }
    const marker = jpeg[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    // The picture itself begins.
    if (marker === 0xda || marker === 0xd9) {
      return false;
    }
    const length = ((jpeg[at + 2] ?? 0) << 8) | (jpeg[at + 3] ?? 0);
    const name = String.fromCharCode(...jpeg.subarray(at + 4, at + 4 + 11));
    const harmless =
      (marker === 0xe0 && name.startsWith("JFIF\0")) ||
      (marker === 0xe2 && name.startsWith("ICC_PROFILE")) ||
      (marker === 0xee && name.startsWith("Adobe"));
    if ((marker >= 0xe0 && marker <= 0xef && !harmless) || marker === 0xfe) {
      return true;
    }
    at += 2 + length;
  }
  return false;
}
