/** Files as the server hands them out: compressed once, here, at the best level. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(js|css|html|svg|wasm|webmanifest)$/;
/** Smaller than this, headers weigh more than what is saved. */
const WORTH_BYTES = 1_000;

export function compressed(): Plugin {
  let folder = "dist";
  return {
    name: "wardline-compressed",
    apply: "build",
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    closeBundle: {
      order: "post",
      sequential: true,
      handler() {
        for (const file of files(folder)) {
          const bytes = readFileSync(file);
          if (TEXT.test(file) && bytes.length >= WORTH_BYTES) {
            writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
            writeFileSync(
              `${file}.br`,
              brotliCompressSync(bytes, {
                params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
              }),
            );
          }
        }
      },
    },
  };
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
