import { describe, expect, it } from "vitest";
import { meant, spans, typed } from "./mentions";

const person = (username: string, name: string) => ({
  id: username,
  username,
  name,
  role: "",
  department: "",
});
const amara = person("amara.osei", "Amara Osei");
const tomas = person("tomas.herrera", "Tomás Herrera");

describe("a name in a text", () => {
  it("is marked where it is whole, and the rest stays as it was written", () => {
    const text = "@amara.osei, ask @tomas.herrera.";
    const parts = spans(text, [amara, tomas]);
    expect(parts.map((part) => part.person?.name ?? null)).toEqual([
      "Amara Osei",
      null,
      "Tomás Herrera",
      null,
    ]);
    expect(parts.map((part) => part.text).join("")).toBe(text);
  });

  it("is not found in addresses, longer names and names of others", () => {
    for (const text of ["x@amara.osei", "@amara.oseib", "@amara.osei.b", "@ben", "@", ""]) {
      expect(spans(text, [amara]).every((part) => !part.person)).toBe(true);
    }
  });

  it("is being typed behind an @ and nowhere else", () => {
    expect(typed("Ask @am")).toBe("am");
    expect(typed("@")).toBe("");
    expect(typed("Ask @am now")).toBeNull();
    expect(typed("mail x@am")).toBeNull();
  });

  it("is offered by any part of it, whatever the accents", () => {
    expect(meant([amara, tomas], "tomas")).toEqual([tomas]);
    expect(meant([amara, tomas], "herr")).toEqual([tomas]);
    expect(meant([amara, tomas], "")).toEqual([amara, tomas]);
  });
});
