import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { askFirst, atSignIn, type Places, rounded } from "./position";

const WARD = { latitude: 44.103_741, longitude: -69.108_949, accuracy: 35 };

type Geolocate = NonNullable<Places["geolocation"]>["getCurrentPosition"];

/** A browser that has this permission and answers so. */
function browser(state: PermissionState | null, getCurrentPosition: Geolocate): Places {
  const query = state
    ? () => Promise.resolve({ state } as PermissionStatus)
    : () => Promise.reject(new TypeError("no such permission"));
  return { geolocation: { getCurrentPosition }, permissions: { query } };
}

const says: Geolocate = (found) => found({ coords: WARD } as GeolocationPosition);
const fails =
  (code: number): Geolocate =>
  (_, failed) =>
    failed?.({ code } as GeolocationPositionError);
const hangs: Geolocate = () => undefined;

describe("where a device is", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is rounded to some hundred metres, and says so", () => {
    expect(rounded(WARD)).toEqual({ latitude: 44.104, longitude: -69.109, accuracy_m: 200 });
    expect(rounded({ ...WARD, accuracy: 0 })?.accuracy_m).toBe(100);
    expect(rounded({ latitude: 90, longitude: 180, accuracy: 101 })).toEqual({
      latitude: 90,
      longitude: 180,
      accuracy_m: 300,
    });
    expect(rounded({ ...WARD, accuracy: 99_901 })).toBeNull();
    expect(rounded({ ...WARD, accuracy: Number.NaN })).toBeNull();
  });

  it("is told at sign-in where the browser is allowed to, roughly", async () => {
    const told = { latitude: 44.104, longitude: -69.109, accuracy_m: 200 };
    expect(await atSignIn(browser("granted", says))).toEqual(told);
    expect(await atSignIn(browser(null, says))).toEqual(told);
  });

  it("is not asked for at sign-in where the browser would ask the person, or was told no", async () => {
    const asked = vi.fn(says);
    expect(await atSignIn(browser("prompt", asked))).toBeNull();
    expect(await atSignIn(browser("denied", asked))).toBeNull();
    expect(await atSignIn({})).toBeNull();
    expect(asked).not.toHaveBeenCalled();
  });

  it("is not waited for longer than two seconds", async () => {
    const waiting = atSignIn(browser("granted", hangs));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await waiting).toBeNull();
    expect(await atSignIn(browser("granted", fails(3)))).toBeNull();
  });

  it("is asked for at first by the browser itself, whose no is no", async () => {
    expect(await askFirst(browser("prompt", says))).toBe("yes");
    expect(await askFirst(browser("prompt", fails(1)))).toBe("denied");
    // Allowed, and not known just now.
    expect(await askFirst(browser("prompt", fails(2)))).toBe("yes");
    expect(await askFirst({})).toBe("impossible");
  });
});
