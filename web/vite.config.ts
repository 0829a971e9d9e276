import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compressed } from "./build/compressed.ts";
import { serviceWorker } from "./build/serviceWorker.ts";

/** Where `make run` serves; the development server hands requests on to it. */
const SERVER = process.env.WARDLINE_URL ?? "http://localhost:8080";

export default defineConfig({
  plugins: [react(), serviceWorker(), compressed()],
  build: {
    target: "es2023",
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Inlined assets would be `data:` URLs, which the content security policy keeps to pictures.
    assetsInlineLimit: 0,
    rollupOptions: {
      input: { index: "index.html", sw: "sw/sw.ts" },
      output: {
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  worker: { format: "es" },
  server: {
    proxy: {
      "/v1": { target: SERVER, ws: true },
      "/fhir": SERVER,
    },
  },
});
