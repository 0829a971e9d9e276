/**
 * WebAuthn in the window, with the PRF extension (WebAuthn Level 3 §10.1.4).
 *
 * The PRF's outputs open the local store. They go to the worker and nowhere else: the credential
 * that is sent to the server is built here by hand and carries no extension outputs.
 */
import { decode, encode } from "./b64";
import type { PrfResults, PrfSalts } from "./methods";

export interface Ceremony extends PrfResults {
  /** `RegistrationResponseJSON` or `AuthenticationResponseJSON`. */
  credential: unknown;
}

const NO_PRF: PrfResults = { prf_first: null, prf_second: null };

/** Makes a passkey; `options` are `PublicKeyCredentialCreationOptionsJSON`. */
export async function createPasskey(options: unknown, salts: PrfSalts): Promise<Ceremony> {
  const publicKey = creationOptions(options);
  publicKey.extensions = { ...publicKey.extensions, ...prfInput(salts) };
  const made = credentialOf(await navigator.credentials.create({ publicKey }));
  const response = made.response as AuthenticatorAttestationResponse;
  const credential = {
    ...common(made),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      attestationObject: encode(response.attestationObject),
      transports: response.getTransports(),
    },
  };
  const extension = made.getClientExtensionResults().prf;
  let outputs = prfOutput(made);
  if (outputs.prf_first === null && extension?.enabled) {
    // Some authenticators give the outputs only at an assertion.
    outputs = await localPrf(made.id, publicKey.rp.id, salts);
  }
  return { credential, ...outputs };
}

/** Signs in with the passkey; `options` are `PublicKeyCredentialRequestOptionsJSON`. */
export async function provePasskey(options: unknown, salts: PrfSalts | null): Promise<Ceremony> {
  const publicKey = requestOptions(options);
  if (salts) {
    publicKey.extensions = { ...publicKey.extensions, ...prfInput(salts) };
  }
  const used = credentialOf(await navigator.credentials.get({ publicKey }));
  const response = used.response as AuthenticatorAssertionResponse;
  const credential = {
    ...common(used),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      authenticatorData: encode(response.authenticatorData),
      signature: encode(response.signature),
      userHandle: response.userHandle ? encode(response.userHandle) : null,
    },
  };
  return { credential, ...(salts ? prfOutput(used) : NO_PRF) };
}

/** The PRF's outputs alone, without the hospital: its answer proves nothing to a server. */
export async function localPrf(
  credentialId: string,
  rpId: string | undefined,
  salts: PrfSalts,
): Promise<PrfResults> {
  const publicKey: PublicKeyCredentialRequestOptions = {
    challenge: crypto.getRandomValues(new Uint8Array(32)),
    allowCredentials: [{ type: "public-key", id: decode(credentialId) }],
    userVerification: "required",
    extensions: prfInput(salts),
  };
  if (rpId !== undefined) {
    publicKey.rpId = rpId;
  }
  return prfOutput(credentialOf(await navigator.credentials.get({ publicKey })));
}

/** Whether this browser can make passkeys at all. */
export function passkeysPossible(): boolean {
  return typeof PublicKeyCredential === "function";
}

/**
 * The JSON form as the browser's call wants it (WebAuthn Level 3 §5.1.8). By hand in every
 * browser: the built-in parser is not everywhere, and one path is a tested path.
 */
export function creationOptions(json: unknown): PublicKeyCredentialCreationOptions {
  const options = unwrap<PublicKeyCredentialCreationOptionsJSON>(json);
  const { challenge, user, excludeCredentials, extensions: _, ...rest } = options;
  return {
    ...(rest as Omit<
      PublicKeyCredentialCreationOptions,
      "challenge" | "user" | "excludeCredentials" | "extensions"
    >),
    challenge: decode(challenge),
    user: { ...user, id: decode(user.id) },
    excludeCredentials: (excludeCredentials ?? []).map(descriptor),
    extensions: { credProps: true },
  };
}

export function requestOptions(json: unknown): PublicKeyCredentialRequestOptions {
  const options = unwrap<PublicKeyCredentialRequestOptionsJSON>(json);
  const { challenge, allowCredentials, extensions: _, ...rest } = options;
  return {
    ...(rest as Omit<
      PublicKeyCredentialRequestOptions,
      "challenge" | "allowCredentials" | "extensions"
    >),
    challenge: decode(challenge),
    allowCredentials: (allowCredentials ?? []).map(descriptor),
  };
}

function unwrap<T>(json: unknown): T {
  const outer = json as { publicKey?: T } & T;
  return outer.publicKey ?? outer;
}

function descriptor(json: PublicKeyCredentialDescriptorJSON): PublicKeyCredentialDescriptor {
  const plain: PublicKeyCredentialDescriptor = { type: "public-key", id: decode(json.id) };
  if (json.transports) {
    plain.transports = json.transports as AuthenticatorTransport[];
  }
  return plain;
}

function prfInput(salts: PrfSalts): AuthenticationExtensionsClientInputs {
  return { prf: { eval: { first: decode(salts.first), second: decode(salts.second) } } };
}

function prfOutput(credential: PublicKeyCredential): PrfResults {
  const results = credential.getClientExtensionResults().prf?.results;
  if (!results?.first) {
    return NO_PRF;
  }
  return {
    prf_first: encode(bytes(results.first)),
    prf_second: results.second ? encode(bytes(results.second)) : null,
  };
}

function bytes(source: BufferSource): Uint8Array {
  return source instanceof ArrayBuffer
    ? new Uint8Array(source)
    : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

function credentialOf(found: Credential | null): PublicKeyCredential {
  if (!(found instanceof PublicKeyCredential)) {
    throw new DOMException("no passkey", "NotAllowedError");
  }
  return found;
}

function common(credential: PublicKeyCredential) {
  return {
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: {},
  };
}
