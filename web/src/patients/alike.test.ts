import { expect, it } from "vitest";
import { alike, likenesses, otherNamed } from "./alike";

const patient = (name: string, id = name) => ({ id, name });

it("tells which names are easily taken for one another", () => {
  const same = (a: string, b: string) => alike(patient(a, "1"), patient(b, "2"));
  expect(same("Okafor, Daniel", "Okafor, Daniela")).toBe(true);
  expect(same("Okafor, Daniel", "Okafor, David")).toBe(true);
  expect(same("Lindqvist, Åsa", "Lindquist, Asa")).toBe(true);
  expect(same("Brian, Thomas", "Thomas, Brian")).toBe(true);
  expect(same("Petersen, Anna", "Peterson, Anna")).toBe(true);
  expect(same("Okafor, Daniel", "Okafor, Ruth")).toBe(false);
  expect(same("Lee, Ann", "Lea, Ann")).toBe(false);
  expect(same("Okafor, Daniel", "Lindqvist, Daniel")).toBe(false);
});

it("takes nobody for themselves, and tells each other once", () => {
  const daniel = patient("Okafor, Daniel", "1");
  const daniela = patient("Okafor, Daniela", "2");
  expect(alike(daniel, daniel)).toBe(false);
  expect(likenesses(daniel, [daniel, daniela, daniela])).toEqual([daniela]);
});

it("finds another patient's name in a text, and no word that is also this one's", () => {
  const about = patient("Okafor, Daniel");
  const others = [
    about,
    patient("Lindqvist, Åsa"),
    patient("Day, Ann"),
    patient("Van der Berg, Jo"),
  ];
  const found = (text: string, written: string[] = []) =>
    otherNamed(text, about, others, written)?.name ?? null;
  expect(found("Potassium of Mrs. lindqvist is 6.8")).toBe("Lindqvist, Åsa");
  expect(found("Potassium of Mr. Okafor is 6.8")).toBeNull();
  expect(found("We look at it every day")).toBeNull();
  expect(found("Ask Dr. Lindqvist", ["Dr. Eva Lindqvist"])).toBeNull();
  expect(found("Lindqvistgatan 4")).toBeNull();
});

it("finds in a text the one who shares a name with this one, by what tells them apart", () => {
  const about = patient("Okafor, Daniel");
  const others = [patient("Okafor, Daniela"), patient("Okafor, Ida"), patient("Brian, Thomas")];
  const found = (text: string, written: string[] = []) =>
    otherNamed(text, about, others, written)?.name ?? null;
  expect(found("Daniela has a potassium of 6.8")).toBe("Okafor, Daniela");
  expect(found("Potassium of Ida Okafor is 6.8")).toBe("Okafor, Ida");
  expect(found("Potassium of Daniel Okafor is 6.8")).toBeNull();
  expect(found("Thanks, Ida")).toBeNull();
  expect(found("Thanks, Daniela", ["Daniela Berg"])).toBeNull();
  // Whose names are not alike is not meant by a given name.
  expect(found("Thomas is at lunch")).toBeNull();
});
