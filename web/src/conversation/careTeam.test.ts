import { describe, expect, it } from "vitest";
import type { PersonBrief } from "../core/wire";
import { apart, missing } from "./careTeam";

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

describe("who is in a care team's conversation and not on the team", () => {
  it("is who left the team, and who was let in besides", () => {
    const members = ["a", "b", "x"].map(member);
    expect(apart({ people: ["a", "c"].map(person) }, { members })).toEqual(["b", "x"].map(member));
    expect(apart({ people: ["a", "b", "x"].map(person) }, { members })).toEqual([]);
  });

  it("is no program", () => {
    const bot = { ...member("bot"), bot: true };
    expect(apart({ people: [] }, { members: [bot] })).toEqual([]);
  });
});
