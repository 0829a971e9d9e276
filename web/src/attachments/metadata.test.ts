import { expect, test } from "vitest";
import { hasMetadata } from "./metadata";

function segment(marker: number, body: string): number[] {
  const bytes = [...body].map((c) => c.charCodeAt(0));
  const length = bytes.length + 2;
  return [0xff, marker, length >> 8, length & 0xff, ...bytes];
}

const JFIF = segment(0xe0, "JFIF\0\u0001\u0001\0\0\u0001\0\u0001\0\0");
const SCAN = [...segment(0xdb, "table"), ...segment(0xda, "scan"), 1, 2, 0xff, 0xd9];

function jpeg(...parts: number[][]): Uint8Array {
  return new Uint8Array([0xff, 0xd8, ...parts.flat()]);
}

test("where and with what a photo was taken is found", () => {
  const places = [
    segment(0xe1, "Exif\0\0MM GPS 59.33 N"),
    segment(0xe1, "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>"),
    segment(0xe2, "MPF\0MM"),
    segment(0xed, "Photoshop 3.0\0"),
    segment(0xe0, "JFXX\0"),
    segment(0xfe, "taken at home"),
  ];
  for (const place of places) {
    expect(hasMetadata(jpeg(JFIF, place, SCAN))).toBe(true);
    expect(hasMetadata(jpeg(place, [0xff], JFIF, SCAN))).toBe(true);
  }
});

test("a picture that was drawn anew has none", () => {
  const colours = segment(0xe2, "ICC_PROFILE\0\u0001\u0001");
  expect(hasMetadata(jpeg(JFIF, SCAN))).toBe(false);
  expect(hasMetadata(jpeg(JFIF, colours, segment(0xee, "Adobe"), SCAN))).toBe(false);
  // Within the picture these bytes mean nothing.
  expect(hasMetadata(jpeg(JFIF, SCAN, segment(0xe1, "Exif\0\0")))).toBe(false);
});

test("what is no JPEG is not taken for one", () => {
  expect(() => hasMetadata(new Uint8Array([0x89, 0x50]))).toThrow(TypeError);
  expect(() => hasMetadata(jpeg([1, 2, 3, 4]))).toThrow(TypeError);
});
