import { describe, expect, it } from "vitest";
import { encode } from "./b64";
import { creationOptions, requestOptions } from "./passkey";

const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => index);

describe("WebAuthn options", () => {
  it("turns the server's creation options into the browser's", () => {
    const options = creationOptions({
      publicKey: {
        rp: { id: "localhost", name: "Hospital" },
        user: { id: encode(bytes(16)), name: "amara", displayName: "Dr. Amara" },
        challenge: encode(bytes(32)),
        pubKeyCredParams: [{ type: "public-key", alg: -7 }],
        timeout: 60_000,
        excludeCredentials: [
          { type: "public-key", id: encode(bytes(8)), transports: ["internal"] },
        ],
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        attestation: "none",
      },
    });
    expect(options.challenge).toEqual(bytes(32));
    expect(options.user).toEqual({ id: bytes(16), name: "amara", displayName: "Dr. Amara" });
    expect(options.excludeCredentials).toEqual([
      { type: "public-key", id: bytes(8), transports: ["internal"] },
    ]);
    expect(options.authenticatorSelection?.userVerification).toBe("required");
    expect(options.timeout).toBe(60_000);
  });

  it("turns the server's request options into the browser's, wrapped or not", () => {
    const json = {
      challenge: encode(bytes(32)),
      rpId: "localhost",
      allowCredentials: [{ type: "public-key", id: encode(bytes(4)) }],
      userVerification: "required",
    };
    for (const given of [json, { publicKey: json }]) {
      const options = requestOptions(given);
      expect(options.challenge).toEqual(bytes(32));
      expect(options.rpId).toBe("localhost");
      expect(options.allowCredentials).toEqual([{ type: "public-key", id: bytes(4) }]);
    }
  });
});
