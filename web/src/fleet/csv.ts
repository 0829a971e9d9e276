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

/** Hands the file over; it never leaves the browser before. */
export function download(name: string, csv: string): void {
  // Spreadsheets take a file without the mark for the encoding of the machine.
  const url = URL.createObjectURL(new Blob(["\ufeff", csv], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
