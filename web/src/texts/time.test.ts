import { describe, expect, it } from "vitest";
import { age, birth, brief, clock, date, day, duration, moment, sameDay } from "./time";

const at = (month: number, date: number, hour: number, minute: number) =>
  new Date(2026, month - 1, date, hour, minute).getTime();
const NOW = at(3, 14, 15, 30);

describe("times on a ward", () => {
  it("are on the 24-hour clock", () => {
    expect(clock(at(3, 14, 0, 5))).toBe("00:05");
    expect(clock(NOW)).toBe("15:30");
  });

  it("name the day only where it is not today", () => {
    expect(brief(at(3, 14, 9, 0), NOW)).toBe("09:00");
    expect(brief(at(3, 13, 23, 59), NOW)).toBe("Yesterday");
    expect(brief(at(3, 10, 9, 0), NOW)).toBe("Tue");
    expect(brief(at(1, 2, 9, 0), NOW)).toBe("2 Jan");
    expect(brief(new Date(2024, 5, 1).getTime(), NOW)).toBe("1 Jun 2024");
  });

  it("separate days in words", () => {
    expect(day(at(3, 14, 1, 0), NOW)).toBe("Today");
    expect(day(at(3, 13, 1, 0), NOW)).toBe("Yesterday");
    expect(day(at(3, 9, 1, 0), NOW)).toBe("Monday");
  });

  it("tell day and clock for devices and sessions", () => {
    expect(moment(NOW - 5_000, NOW)).toBe("just now");
    expect(moment(at(3, 14, 8, 0), NOW)).toBe("08:00");
    expect(moment(at(3, 13, 8, 0), NOW)).toBe("Yesterday, 08:00");
    expect(moment(at(3, 15, 8, 0), NOW)).toBe("tomorrow, 08:00");
    expect(moment(at(3, 16, 8, 0), NOW)).toBe("16 Mar, 08:00");
  });

  it("change at midnight and not after 24 hours", () => {
    expect(sameDay(at(3, 13, 23, 59), at(3, 14, 0, 1))).toBe(false);
    expect(sameDay(at(3, 14, 0, 1), at(3, 14, 23, 59))).toBe(true);
  });
});

it("writes a birth date so that day and month cannot be mistaken", () => {
  expect(birth("1947-03-12")).toBe("12 Mar 1947");
  expect(birth("1947")).toBe("1947");
});

describe("what is known of a device", () => {
  it("has an age in the unit that matters", () => {
    expect(age(NOW - 20_000, NOW)).toBe("just now");
    expect(age(NOW - 5 * 60_000, NOW)).toBe("5 min ago");
    expect(age(NOW - 47 * 3_600_000, NOW)).toBe("47 h ago");
    expect(age(NOW - 12 * 86_400_000, NOW)).toBe("12 days ago");
  });

  it("has deadlines on a day, or today at an hour", () => {
    expect(date(at(6, 9, 12, 0), NOW)).toBe("9 Jun");
    expect(date(at(3, 14, 18, 0), NOW)).toBe("18:00");
    expect(date(new Date(2027, 0, 2).getTime(), NOW)).toBe("2 Jan 2027");
  });

  it("has lengths of time in whole minutes where they are", () => {
    expect(duration(300)).toBe("5 minutes");
    expect(duration(60)).toBe("1 minute");
    expect(duration(90)).toBe("90 seconds");
  });
});
