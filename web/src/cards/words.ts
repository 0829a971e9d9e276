/** What is said of smart cards, without a screen. */

/** The common name of an authority (RFC 4514); all of its name where it has none. */
export function issuerName(name: string): string {
  const common = /(?:^|[,+])\s*CN=((?:\\.|[^\\,+])+)/i.exec(name)?.[1];
  return (common ?? name).replace(/\\([^0-9A-Fa-f])/g, "$1").trim();
}
