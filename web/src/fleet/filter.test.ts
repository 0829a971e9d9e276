import { expect, it } from "vitest";
import type { DeviceInfo } from "../core/wire";
import { counts, DRAWN, drawn, fitting, ordered } from "./filter";

const device = (id: string, more: Partial<DeviceInfo>): DeviceInfo => ({
  id,
  user: { id: "u", username: "ines", name: "Ines Moreau", role: "Nurse", department: "ICU" },
  name: "Phone",
  platform: "browser",
  program: "byod",
  state: "active",
  duty: "none",
  passkey: "platform",
  created_at: 0,
  current: false,
  ...more,
});

const FLEET = [
  device("a", { model: "Pixel 42", system: "Android 16", last_seen_at: 10 }),
  device("b", { program: "issued", state: "grace", deadline: 20, serial: "SN-77" }),
  device("c", { state: "grace", deadline: 10 }),
  device("d", { state: "quarantined", name: "Old tablet" }),
];

const ids = (devices: readonly DeviceInfo[]) => devices.map(({ id }) => id);

it("finds by every word in any order", () => {
  const found = (text: string) => ids(fitting(FLEET, { state: null, program: null, text }));
  expect(found("pixel ines")).toEqual(["a"]);
  expect(found("sn-77")).toEqual(["b"]);
  expect(found("  ")).toHaveLength(4);
  expect(found("nobody")).toEqual([]);
});

it("keeps the counts of the other states when one is chosen", () => {
  const filter = { state: "grace", program: "byod", text: "" } as const;
  expect([...counts(fitting(FLEET, filter))]).toEqual([
    ["active", 1],
    ["grace", 1],
    ["quarantined", 1],
  ]);
});

it("puts first what asks for attention first", () => {
  expect(ids(ordered(FLEET))).toEqual(["d", "c", "b", "a"]);
});

it("draws a hundred more each time until all are drawn", () => {
  const many = Array.from({ length: 250 }, (_, n) => device(`d${n}`, {}));
  const sizes = (most: number) => {
    const { page, next, left } = drawn(many, most);
    expect(page).toEqual(many.slice(0, page.length));
    return [page.length, next, left];
  };
  expect(sizes(DRAWN)).toEqual([100, 100, 150]);
  expect(sizes(2 * DRAWN)).toEqual([200, 50, 50]);
  expect(sizes(3 * DRAWN)).toEqual([250, 0, 0]);
  expect(drawn([], DRAWN)).toEqual({ page: [], next: 0, left: 0 });
});
