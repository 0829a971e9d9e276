import { expect, it } from "vitest";
import { toCsv } from "./csv";

it("quotes what would break a row", () => {
  expect(toCsv([["Amara's phone", "a, b", 'the "old" one', "two\nlines", ""]])).toBe(
    'Amara\'s phone,"a, b","the ""old"" one","two\nlines",\r\n',
  );
});

it("hands no formula to a spreadsheet", () => {
  expect(toCsv([["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "a=b"]])).toBe(
    "'=1+1,'+1,'-1,'@SUM(A1),'\tx,a=b\r\n",
  );
  expect(toCsv([['=HYPERLINK("https://x","y")']])).toBe('"\'=HYPERLINK(""https://x"",""y"")"\r\n');
});
