/**
 * Two FHIR clients that somebody else wrote, against the façade: `fhir-kit-client` and `@medplum/core` of npm.
 * Called with the folder where they are; what they are to ask for comes as JSON on standard input.
 *
 * Neither knows DPoP (RFC 9449). What a hospital's own program has to add is the few lines of `proof`, where each of
 * them has a place for it.
 */
import assert from "node:assert/strict";
import { createHash, randomUUID, webcrypto } from "node:crypto";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const tools = pathToFileURL(`${process.argv[2]}/node_modules/`);
const { Client } = await import(new URL("fhir-kit-client/dist/index.js", tools));
const { MedplumClient } = await import(new URL("@medplum/core/dist/esm/index.mjs", tools));
const given = JSON.parse(await text(process.stdin));
const base = `${given.origin}/fhir/R4`;

const { d, ...open } = given.jwk;
const key = await webcrypto.subtle.importKey(
  "jwk",
  { ...open, d },
  { name: "ECDSA", namedCurve: "P-256" },
  false,
  ["sign"],
);
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
let nonce;

/** The two headers of a request. */
async function proof(method, url) {
  const { origin, pathname } = new URL(url);
  const head = part({ typ: "dpop+jwt", alg: "ES256", jwk: open });
  const ath = createHash("sha256").update(given.token).digest("base64url");
  const claims = { jti: randomUUID(), htm: method, htu: origin + pathname, ath, nonce };
  const body = part({ ...claims, iat: Math.floor(Date.now() / 1000) });
  const signed = Buffer.from(`${head}.${body}`);
  const how = { name: "ECDSA", hash: "SHA-256" };
  const signature = Buffer.from(await webcrypto.subtle.sign(how, key, signed));
  return {
    authorization: `DPoP ${given.token}`,
    dpop: `${head}.${body}.${signature.toString("base64url")}`,
  };
}

/** `fetch` with proofs, and again with the nonce that the server asks for. */
async function proven(url, options = {}) {
  for (let again = 0; ; again += 1) {
    const headers = new Headers(options.headers);
    const own = await proof(options.method ?? "GET", url);
    for (const [name, value] of Object.entries(own)) {
      headers.set(name, value);
    }
    const answer = await fetch(url, { ...options, headers });
    nonce = answer.headers.get("dpop-nonce") ?? nonce;
    if (answer.status !== 401 || again > 0) {
      return answer;
    }
  }
}

const found = (bundle, mode = "match") =>
  (bundle.entry ?? []).flatMap(({ resource, search }) => (search?.mode === mode ? [resource] : []));

async function kit() {
  // It has a place for whoever signs requests.
  const client = new Client({
    baseUrl: base,
    requestSigner: async (url, request) => {
      for (const [name, value] of Object.entries(await proof(request.method, url))) {
        request.headers.set(name, value);
      }
    },
  });
  const stated = await client.capabilityStatement();
  assert.equal(stated.fhirVersion, "4.0.1");
  const types = stated.rest[0].resource;
  const interactions = types.find(({ type }) => type === "Observation").interaction;
  assert.deepEqual(interactions.map(({ code }) => code), ["read", "vread", "search-type"]);

  const patient = await client.read({ resourceType: "Patient", id: given.patient });
  assert.equal(patient.id, given.patient);
  const version = patient.meta.versionId;
  const again = await client.vread({ resourceType: "Patient", id: given.patient, version });
  assert.deepEqual(again, patient);

  // Page by page, each once; the parameters are in the body.
  const searchParams = { patient: given.patient, category: "laboratory", _count: 7 };
  const postSearch = { postSearch: true };
  let page = await client.resourceSearch({
    resourceType: "Observation",
    searchParams,
    options: postSearch,
  });
  const ids = [];
  while (page) {
    ids.push(...found(page).map(({ id }) => id));
    page = page.link.some(({ relation }) => relation === "next")
      ? await client.nextPage({ bundle: page })
      : null;
  }
  assert.equal(ids.length, given.labs);
  assert.equal(new Set(ids).size, given.labs);

  const chained = await client.search({
    resourceType: "MedicationRequest",
    searchParams: {
      "patient.identifier": given.mrn,
      _id: given.order,
      _include: "MedicationRequest:medication",
    },
  });
  assert.deepEqual(found(chained).map(({ id }) => id), [given.order]);
  assert.deepEqual(found(chained, "include").map(({ id }) => id), [given.medication]);

  const known = { headers: { "if-none-match": `W/"${version}"` } };
  const unchanged = client.read({ resourceType: "Patient", id: given.patient, options: known });
  await assert.rejects(unchanged, ({ response }) => response.status === 304);
  await assert.rejects(
    client.read({ resourceType: "Observation", id: given.foreign }),
    ({ response }) =>
      response.status === 404 && response.data.resourceType === "OperationOutcome",
  );
  await assert.rejects(
    client.search({ resourceType: "Observation", searchParams: { date: "yesterday" } }),
    ({ response }) =>
      response.status === 400 && response.data.issue[0].code === "invalid",
  );
}

async function medplum() {
  const client = new MedplumClient({ baseUrl: given.origin, fetch: proven });
  const patient = await client.readResource("Patient", given.patient);
  assert.equal(patient.id, given.patient);
  const ids = [];
  const query = { patient: given.patient, category: "laboratory", _count: "9" };
  for await (const page of client.searchResourcePages("Observation", query)) {
    ids.push(...page.filter(({ resourceType }) => resourceType === "Observation").map(({ id }) => id));
  }
  assert.equal(new Set(ids).size, given.labs);
  const version = await client.readVersion("Patient", given.patient, patient.meta.versionId);
  assert.deepEqual(version, patient);
  const bundle = await client.search("MedicationRequest", {
    "patient.identifier": given.mrn,
    _id: given.order,
    _include: "MedicationRequest:medication",
  });
  assert.deepEqual(found(bundle, "include").map(({ id }) => id), [given.medication]);
  await assert.rejects(
    client.readResource("Observation", given.foreign),
    ({ outcome }) => outcome.resourceType === "OperationOutcome" && outcome.issue[0].code === "not-found",
  );
  await assert.rejects(
    client.readVersion("Patient", given.patient, "999"),
    ({ outcome }) => outcome.issue[0].code === "not-found",
  );
}

await medplum();
await kit();
