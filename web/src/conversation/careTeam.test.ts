import { describe, expect, it } from "vitest";
import type { PersonBrief } from "../core/wire";
import { missing } from "./careTeam";

const person = (id: string): PersonBrief => ({
  id,
  username: id,
  name: id,
  role: "Nurse",
  department: "Cardiology",
});
const member = (id: string) => ({ user: person(id), verified: true, devices: 1 });

describe("who is missing of a care team", () => {
  it("is who is on it, not in the conversation, and has a device", () => {
    const team = { people: ["a", "b", "c"].map(person), unreachable: ["c"] };
    expect(missing(team, { members: [member("a")] })).toEqual([person("b")]);
    expect(missing(team, { members: ["a", "b"].map(member) })).toEqual([]);
  });

  it("is not who was let in by a member besides", () => {
    const team = { people: [person("a")], unreachable: [] };
    expect(missing(team, { members: ["a", "x"].map(member) })).toEqual([]);
  });
});
