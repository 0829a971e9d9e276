/**
 * Trusted Types: the page may start two scripts, its worker and its service worker, both from its
 * own origin. Any other string that reaches a script sink is refused by the browser.
 */

interface ScriptUrlPolicy {
  createScriptURL(url: string): string;
}

interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): ScriptUrlPolicy;
}

const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;

const policy: ScriptUrlPolicy = factory
  ? factory.createPolicy("wardline", { createScriptURL: ownScript })
  : { createScriptURL: ownScript };

/** The URL as the browser's script sinks take it; throws for another origin. */
export function scriptUrl(url: string): string {
  return policy.createScriptURL(url);
}

function ownScript(url: string): string {
  const full = new URL(url, location.href);
  if (full.origin !== location.origin) {
    throw new TypeError("scripts come from the hospital's own address only");
  }
  return full.href;
}
