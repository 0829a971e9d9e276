import { expect, it } from "vitest";
import { behind, fleetPath, joined } from "./pages";
import type { DeviceInfo, DeviceList } from "./wire";

const FLEET = Array.from({ length: 1_201 }, (_, n) => ({ id: `d${n}` }) as DeviceInfo);

/** The answer of a hospital with these devices. */
function answer(path: string): DeviceList {
  const query = new URL(path, "https://hospital.example").searchParams;
  const after = query.get("after");
  const from = after === null ? 0 : FLEET.findIndex(({ id }) => id === after) + 1;
  const devices = FLEET.slice(from, from + Number(query.get("limit")));
  const next = devices.at(-1)?.id;
  return from + devices.length < FLEET.length && next ? { devices, next } : { devices };
}

it("asks for pages until the last, and joins them in their order", () => {
  const pages: DeviceList[] = [];
  let after: string | null = null;
  do {
    const page = answer(fleetPath(after));
    pages.push(page);
    after = behind(page);
  } while (after !== null);
  expect(pages.map(({ devices }) => devices.length)).toEqual([500, 500, 201]);
  expect(joined({ pages })).toEqual(FLEET);
});

it("asks for everyone's devices, and names the place safely", () => {
  expect(fleetPath(null)).toBe("/v1/devices?scope=all&limit=500");
  expect(fleetPath("a&b")).toBe("/v1/devices?scope=all&limit=500&after=a%26b");
});
