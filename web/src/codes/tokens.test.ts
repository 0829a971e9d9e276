import { describe, expect, it } from "vitest";
import type { TokenInfo } from "../core/wire";
import { fitting, formatOf, inHands } from "./tokens";

const NURSE = {
  id: "0198c7aa-0000-7000-8000-000000000001",
  username: "mnakato",
  name: "Mary Nakato",
  role: "Nurse",
  department: "Respiratory Medicine",
};
const FREE: TokenInfo = { serial: "GX-001", maker: "Feitian", model: "C200", kind: "totp" };
const HELD: TokenInfo = { serial: "GX-002", maker: "", model: "", kind: "hotp", user: NURSE };

describe("the list of cards", () => {
  it("finds a card by its number, its make or whoever has it", () => {
    const found = (text: string) => fitting([FREE, HELD], text).map(({ serial }) => serial);
    expect(found("")).toEqual(["GX-001", "GX-002"]);
    expect(found("gx-002")).toEqual(["GX-002"]);
    expect(found("c200 feit")).toEqual(["GX-001"]);
    expect(found("nakato")).toEqual(["GX-002"]);
  });

  it("tells those that somebody has from those in the drawer", () => {
    expect(inHands([FREE, HELD], null)).toHaveLength(2);
    expect(inHands([FREE, HELD], true)).toEqual([HELD]);
    expect(inHands([FREE, HELD], false)).toEqual([FREE]);
  });
});

it("knows a container by its beginning", () => {
  expect(formatOf('\uFEFF\n<?xml version="1.0"?><KeyContainer/>')).toBe("pskc");
  expect(formatOf("serial,type,secret_hex\n")).toBe("csv");
});
