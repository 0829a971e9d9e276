import { expect, test } from "vitest";
import { nameOf } from "./prepare";

test("a name shows how it ends and leads nowhere", () => {
  expect(nameOf("Consent form.pdf")).toBe("Consent form.pdf");
  expect(nameOf("../../etc/passwd")).toBe("-..-etc-passwd");
  expect(nameOf("exe.\u202egpj")).toBe("exe.gpj");
  expect(nameOf("...")).not.toBe("");
  const long = nameOf(`${"ä".repeat(200)}.pdf`);
  expect(new TextEncoder().encode(long).length).toBeLessThanOrEqual(100);
  expect(long.endsWith(".pdf")).toBe(true);
});
