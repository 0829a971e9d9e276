/** Files that are handed to the person; what is in them never leaves the browser before. */

/** A table for a spreadsheet. */
export function downloadCsv(name: string, csv: string): void {
  // Spreadsheets take a file without the mark for the encoding of the machine.
  download(name, `\ufeff${csv}`, "text/csv;charset=utf-8");
}

export function download(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
