import { expect, it } from "vitest";
import { allergyText, identity } from "./words";

it("tells age, sex and birth date as far as they are known", () => {
  const patient = { id: "p", name: "Okafor, Daniel", allergies: [] };
  expect(identity({ ...patient, age: 37, sex: "male", birth_date: "1988-11-02" })).toBe(
    "37 y, Male, born 2 Nov 1988",
  );
  expect(identity({ ...patient, age: 0 })).toBe("0 y");
  expect(identity(patient)).toBe("");
});

it("names the allergies that may kill first", () => {
  expect(
    allergyText([
      { substance: "Latex", criticality: "low" },
      { substance: "Penicillin", criticality: "high" },
    ]),
  ).toBe("Penicillin (high risk), Latex");
  expect(allergyText([])).toBe("");
});
