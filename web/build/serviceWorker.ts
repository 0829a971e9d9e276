/**
 * Writes the list of built files, with the hash of each, into the service worker. A build that
 * changes any file changes the service worker, and so becomes a new version on every phone.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import type { Plugin } from "vite";

const PLACEHOLDER = "WARDLINE_MANIFEST";

export function serviceWorker(): Plugin {
  let folder = "dist";
  return {
    name: "wardline-service-worker",
    apply: "build",
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    closeBundle: {
      sequential: true,
      handler() {
        const worker = join(folder, "sw.js");
        const script = readFileSync(worker, "utf8");
        if (!script.includes(PLACEHOLDER)) {
          throw new Error("the service worker has no place for the list of files");
        }
        writeFileSync(worker, script.replace(PLACEHOLDER, JSON.stringify(manifest(folder))));
      },
    },
  };
}

/** Path and SHA-256 of everything that the app needs offline. */
function manifest(folder: string): [path: string, hash: string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "sw.js")
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/\.(gz|br|map)$/.test(file))
    .map((file): [string, string] => [
      `/${relative(folder, file).split(sep).join("/")}`,
      createHash("sha256").update(readFileSync(file)).digest("base64url"),
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
