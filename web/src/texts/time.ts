/** Times as a ward writes them: 24 hours, the day only where it is not today. */
import { t } from ".";

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const WEEKDAY = new Intl.DateTimeFormat("en-GB", { weekday: "long" });
const SHORT_WEEKDAY = new Intl.DateTimeFormat("en-GB", { weekday: "short" });
const SHORT_DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const FULL_DATE = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
});

/** `14:02`. */
export function clock(ms: number): string {
  return CLOCK.format(ms);
}

/** For lists: the clock today, else the day. */
export function brief(ms: number, now: number): string {
  const days = daysBetween(ms, now);
  if (days <= 0) {
    return clock(ms);
  }
  if (days === 1) {
    return t.time.yesterday;
  }
  if (days < 7) {
    return SHORT_WEEKDAY.format(ms);
  }
  return sameYear(ms, now) ? SHORT_DATE.format(ms) : FULL_DATE.format(ms);
}

/** For separators between days. */
export function day(ms: number, now: number): string {
  const days = daysBetween(ms, now);
  if (days <= 0) {
    return t.conversation.today;
  }
  if (days === 1) {
    return t.conversation.yesterday;
  }
  if (days < 7) {
    return WEEKDAY.format(ms);
  }
  return sameYear(ms, now)
    ? `${WEEKDAY.format(ms)} ${SHORT_DATE.format(ms)}`
    : FULL_DATE.format(ms);
}

/** Day and clock in one, for devices and sessions. */
export function moment(ms: number, now: number): string {
  if (Math.abs(now - ms) < 60_000) {
    return t.time.justNow;
  }
  const days = daysBetween(ms, now);
  if (days === 0) {
    return clock(ms);
  }
  // Sessions end in days to come.
  const name = days === -1 ? t.time.tomorrow : days < 0 ? SHORT_DATE.format(ms) : brief(ms, now);
  return `${name}, ${clock(ms)}`;
}

/** How long ago, for what loses its worth with age: `5 min ago`, `12 days ago`. */
export function age(ms: number, now: number): string {
  const minutes = Math.floor((now - ms) / 60_000);
  if (minutes < 1) {
    return t.time.justNow;
  }
  if (minutes < 60) {
    return t.time.minutesAgo(minutes);
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? t.time.hoursAgo(hours) : t.time.daysAgo(Math.floor(hours / 24));
}

/** A day to come or gone by, for deadlines: `9 Jun`; with the clock where it is today. */
export function date(ms: number, now: number): string {
  if (sameDay(ms, now)) {
    return clock(ms);
  }
  return sameYear(ms, now) ? SHORT_DATE.format(ms) : FULL_DATE.format(ms);
}

/** `5 minutes`, `90 seconds`. */
export function duration(seconds: number): string {
  return seconds > 0 && seconds % 60 === 0 ? t.time.minutes(seconds / 60) : t.time.seconds(seconds);
}

/** A birth date, unmistakable across countries: `12 Mar 1947`. */
export function birth(iso: string): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(iso);
  if (!parts) {
    return iso;
  }
  return FULL_DATE.format(new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])));
}

/** Whether both lie on the same day of this device's calendar. */
export function sameDay(a: number, b: number): boolean {
  return midnight(a) === midnight(b);
}

function midnight(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0);
}

/** Calendar days from `ms` to `now`; rounding absorbs the hour of a clock change. */
function daysBetween(ms: number, now: number): number {
  return Math.round((midnight(now) - midnight(ms)) / 86_400_000);
}

function sameYear(a: number, b: number): boolean {
  return new Date(a).getFullYear() === new Date(b).getFullYear();
}

/** Until when something holds: the clock within the next half day, else the day with it. */
export function until(ms: number, now: number): string {
  return ms - now < 12 * 3_600_000 ? clock(ms) : moment(ms, now);
}
