/**
 * Makes of a file what is sent. A picture is drawn anew, so that where, when and with what it was taken
 * stays behind, in a size for a screen; a PDF and a voice note pass as they are.
 */
import { encode } from "../core/b64";
import type { NewFile } from "../core/methods";
import { t } from "../texts";
import { hasMetadata } from "./metadata";
import { MOST_PIXELS, type Size, SMALL_PIXELS, within } from "./size";

/** Longest name, bytes: as the core takes it. */
const MOST_NAME = 100;
/** Bytes that a small picture may have within a message: `MAX_THUMBNAIL` of the core, and some room. */
const MOST_SMALL = 11 * 1024;
const QUALITIES = [0.6, 0.4, 0.2] as const;
const PICTURES = /^image\//;

/** A file, ready to be sent, with what to show of it meanwhile. */
export interface Prepared {
  file: NewFile;
  kind: "photo" | "document" | "voice";
  blob: Blob;
}

/** Throws an `Error` whose message is for the person. */
export async function prepare(chosen: File, taken: boolean): Promise<Prepared> {
  if (PICTURES.test(chosen.type)) {
    return picture(chosen, taken);
  }
  if (chosen.type !== "application/pdf") {
    throw new Error(t.attachments.wrongType);
  }
  const bytes = encode(await chosen.arrayBuffer());
  return {
    file: { name: nameOf(chosen.name), mime: "application/pdf", bytes },
    kind: "document",
    blob: chosen,
  };
}

/** A voice note as the recorder gave it. */
export async function spoken(recorded: Blob, seconds: number): Promise<Prepared> {
  // Browsers say the codec too.
  const mime = recorded.type.split(";")[0] ?? "";
  const bytes = encode(await recorded.arrayBuffer());
  const file = { name: t.attachments.voice, mime, bytes, seconds: Math.round(seconds) };
  return { file, kind: "voice", blob: recorded };
}

async function picture(chosen: File, taken: boolean): Promise<Prepared> {
  let bitmap: ImageBitmap;
  try {
    // Which side is up is written beside the picture, so it is turned before that goes.
    bitmap = await createImageBitmap(chosen, { imageOrientation: "from-image" });
  } catch {
    throw new Error(t.attachments.unreadable);
  }
  try {
    const size = within(bitmap, MOST_PIXELS);
    const blob = await drawn(bitmap, size, 0.85);
    const bytes = new Uint8Array(await blob.arrayBuffer());
    if (hasMetadata(bytes)) {
      throw new Error(t.attachments.unreadable);
    }
    // A camera's own names tell of the day, and of the phone.
    const name = taken ? `${t.attachments.photo}.jpg` : `${stem(nameOf(chosen.name))}.jpg`;
    const thumbnail = await small(bitmap);
    const file: NewFile = {
      name,
      mime: "image/jpeg",
      bytes: encode(bytes),
      pixels: [size.width, size.height],
      ...(thumbnail ? { thumbnail } : {}),
    };
    return { file, kind: "photo", blob };
  } finally {
    bitmap.close();
  }
}

async function small(bitmap: ImageBitmap): Promise<string | null> {
  const size = within(bitmap, SMALL_PIXELS);
  for (const quality of QUALITIES) {
    const blob = await drawn(bitmap, size, quality);
    if (blob.size <= MOST_SMALL) {
      return encode(await blob.arrayBuffer());
    }
  }
  return null;
}

async function drawn(bitmap: ImageBitmap, size: Size, quality: number): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = size.width;
  canvas.height = size.height;
  const context = canvas.getContext("2d");
  if (!context) {
    throw new Error(t.attachments.unreadable);
  }
  // What is clear becomes paper, not black.
  context.fillStyle = "white";
  context.fillRect(0, 0, size.width, size.height);
  context.drawImage(bitmap, 0, 0, size.width, size.height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", quality));
  if (!blob) {
    throw new Error(t.attachments.unreadable);
  }
  return blob;
}

/** A name that the core takes: nothing that hides, no path, not too long. */
export function nameOf(name: string): string {
  const plain = name
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, "")
    .replace(/[/\\]/g, "-")
    .replace(/^\.+/, "");
  let short = plain;
  while (new TextEncoder().encode(short).length > MOST_NAME) {
    short = [...short].slice(1).join("");
  }
  return short.replace(/^\.+/, "") || t.attachments.document;
}

function stem(name: string): string {
  return name.replace(/\.[^.]{1,5}$/, "") || t.attachments.photo;
}
