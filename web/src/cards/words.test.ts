import { expect, it } from "vitest";
import { issuerName } from "./words";

it("calls an authority by its common name", () => {
  expect(issuerName("CN=Harbour Clinic Cards,O=Harbour Clinic,C=US")).toBe("Harbour Clinic Cards");
  expect(issuerName("C=US,O=U.S. Government,CN=Entrust Derived\\, SSP CA")).toBe(
    "Entrust Derived, SSP CA",
  );
  expect(issuerName("OU=Cards+CN=Ward CA,O=Harbour")).toBe("Ward CA");
  expect(issuerName("OU=HealthCNCards,O=Harbour Clinic")).toBe("OU=HealthCNCards,O=Harbour Clinic");
});
