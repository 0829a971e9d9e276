import { expect, test } from "vitest";
import { bytesText, playTime, within } from "./size";

test("a picture keeps its proportions, is not made larger, and never becomes nothing", () => {
  expect(within({ width: 4000, height: 3000 }, 2048)).toEqual({ width: 2048, height: 1536 });
  expect(within({ width: 3000, height: 4000 }, 2048)).toEqual({ width: 1536, height: 2048 });
  expect(within({ width: 800, height: 600 }, 2048)).toEqual({ width: 800, height: 600 });
  expect(within({ width: 9000, height: 2 }, 160)).toEqual({ width: 160, height: 1 });
});

test("sizes and times are told as people say them", () => {
  expect(bytesText(20)).toBe("1.0 kB");
  expect(bytesText(48_200)).toBe("48 kB");
  expect(bytesText(1_240_000)).toBe("1.2 MB");
  expect(playTime(7.4)).toBe("0:07");
  expect(playTime(125)).toBe("2:05");
  expect(playTime(Number.POSITIVE_INFINITY)).toBe("0:00");
});
