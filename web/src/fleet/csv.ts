/** Tables as files for a spreadsheet (RFC 4180). */

const LINE_END = "\r\n";

/** Rows as CSV. No field is taken for a formula: devices and people are named by others. */
export function toCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map(field).join(",") + LINE_END).join("");
}

function field(value: string): string {
  const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
