/** The camera of a phone, and what of its photos comes out on another one. */
import type { Locator, Page } from "@playwright/test";

/** Stockholm, as a camera writes it, with a note that is easy to find. */
export const PLACE = "GPS 59.3293 N 18.0686 E";

/** A photo of 12 megapixels as a phone's camera makes one: with EXIF that says where. */
export async function taken(page: Page): Promise<Buffer> {
  const drawn = await page.evaluate(async () => {
    const canvas = document.createElement("canvas");
    canvas.width = 4000;
    canvas.height = 3000;
    const context = canvas.getContext("2d");
    if (!context) {
      throw new Error("no canvas");
    }
    const sky = context.createLinearGradient(0, 0, 4000, 3000);
    sky.addColorStop(0, "#c97b63");
    sky.addColorStop(1, "#f2d7c9");
    context.fillStyle = sky;
    context.fillRect(0, 0, 4000, 3000);
    context.fillStyle = "#7d1f1f";
    for (let n = 0; n < 60; n += 1) {
      context.fillRect((n * 397) % 3900, (n * 211) % 2900, 160, 90);
    }
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", 0.9));
    const url = new FileReader();
    return new Promise<string>((resolve) => {
      url.onload = () => resolve(String(url.result).split(",")[1] ?? "");
      url.readAsDataURL(blob as Blob);
    });
  });
  const jpeg = Buffer.from(drawn, "base64");
  const body = Buffer.concat([
    Buffer.from("Exif\0\0MM\0*\0\0\0\b\0\0\0\0\0\0"),
    Buffer.from(PLACE),
  ]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)]);
}

/** Has a page remember what it shows as pictures; to be called in it before its first script. */
export function remember(): void {
  const pictures = new Map<string, Blob>();
  const make = URL.createObjectURL;
  URL.createObjectURL = (made) => {
    const url = make.call(URL, made);
    if (made instanceof Blob) {
      pictures.set(url, made);
    }
    return url;
  };
  Object.assign(window, { pictures });
}

/** The file of a picture on a page that remembers, as it came. */
export async function fileOf(image: Locator): Promise<Buffer> {
  const bytes = await image.evaluate(async (shown) => {
    const { pictures } = window as unknown as { pictures: Map<string, Blob> };
    const file = pictures.get((shown as HTMLImageElement).src);
    return file ? [...new Uint8Array(await file.arrayBuffer())] : [];
  });
  return Buffer.from(bytes);
}

/** How large a picture is, once the page has all of it; before, it shows a smaller one. */
export function sizeOf(image: Locator): Promise<[number, number]> {
  return image.evaluate((shown) => {
    const { naturalWidth, naturalHeight } = shown as HTMLImageElement;
    return [naturalWidth, naturalHeight];
  });
}
