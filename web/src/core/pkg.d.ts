/** The core in wasm, for a checkout in which it is not built yet. */
declare module "*/wardline_client_web.js" {
  export default function init(): Promise<unknown>;
  export class WasmCore {
    static open(platform: unknown, entries: unknown, server: string): WasmCore | Promise<WasmCore>;
    call(method: string, params: unknown): Promise<unknown>;
  }
}
