/** The world as the core in the worker sees it. */
import { encode } from "./b64";
import type { CoreEvent } from "./methods";
import type { Change, Storage } from "./storage";

/** How long an answer may take before the line counts as dead. */
const PATIENCE_MS = 20_000;

export interface PublicJwk {
  kty: "EC";
  crv: "P-256";
  x: string;
  y: string;
}

export interface PlatformRequest {
  method: string;
  url: string;
  headers: [string, string][];
  body: Uint8Array<ArrayBuffer> | null;
}

export interface PlatformResponse {
  status: number;
  headers: [string, string][];
  body: Uint8Array;
}

export interface JsPlatform {
  now(): number;
  request(request: PlatformRequest): Promise<PlatformResponse>;
  jwk(): Promise<PublicJwk>;
  sign(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
  commit(changes: Change[]): Promise<void>;
  /** Deletes the device key for good. */
  forgetKey(): Promise<void>;
  emit(event: CoreEvent): void;
}

export async function platform(
  storage: Storage,
  emit: (event: CoreEvent) => void,
  unanswered: () => void,
): Promise<JsPlatform> {
  const key = await storage.deviceKey();
  const jwk = await publicJwk(key.publicKey);
  return {
    now: () => Date.now(),
    request: (asked) =>
      request(asked).catch((thrown: unknown) => {
        unanswered();
        throw thrown;
      }),
    jwk: () => Promise.resolve(jwk),
    sign: async (data) =>
      new Uint8Array(
        await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key.privateKey, data),
      ),
    commit: (changes) => storage.commit(changes),
    forgetKey: () => storage.forgetDeviceKey(),
    emit,
  };
}

async function request(asked: PlatformRequest): Promise<PlatformResponse> {
  const response = await fetch(asked.url, {
    method: asked.method,
    headers: asked.headers,
    body: asked.body,
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  return {
    status: response.status,
    headers: [...response.headers],
    body: new Uint8Array(await response.arrayBuffer()),
  };
}

/** The raw form of a P-256 point is 0x04 ‖ x ‖ y (SEC 1 §2.3.3). */
async function publicJwk(key: CryptoKey): Promise<PublicJwk> {
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", key));
  return {
    kty: "EC",
    crv: "P-256",
    x: encode(point.subarray(1, 33)),
    y: encode(point.subarray(33, 65)),
  };
}
