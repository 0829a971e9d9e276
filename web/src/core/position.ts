/**
 * Where the device roughly is, as the browser says.
 *
 * It is asked for at sign-in, where the person switched that on, and nowhere else; it goes to the
 * hospital with the passkey's answer and is kept by nobody. A sign-in never waits for it.
 */
import type { Position } from "./methods";

/** So long a sign-in waits for the browser, from when its passkey is asked for on. */
const PATIENCE_MS = 2_000;
/** So long the person has to answer the browser's own question. */
const ASKING_MS = 60_000;
/** A place of so long ago does. */
const FRESH_MS = 60_000;
/** A thousandth of a degree, some 100 m: a hospital's grounds are no smaller. */
const DIGITS = 3;
const COARSE_M = 100;
/** What may be farther off says nothing. */
const MOST_M = 100_000;

/** What is needed of a browser. */
export interface Places {
  geolocation?: Pick<Geolocation, "getCurrentPosition">;
  permissions?: Pick<Permissions, "query">;
}

/** What the browser answers to its first question. */
export type Allowed = "yes" | "denied" | "impossible";

/** Asks the browser, which asks the person. A device that does not know where it is may be allowed. */
export async function askFirst(places: Places = navigator): Promise<Allowed> {
  if (!places.geolocation) {
    return "impossible";
  }
  const found = await look(places.geolocation, ASKING_MS);
  return found === "denied" ? "denied" : "yes";
}

/**
 * Where the device is, rounded; null where the browser does not say so in time. A browser that would
 * ask the person again is left alone.
 */
export async function atSignIn(places: Places = navigator): Promise<Position | null> {
  if (!places.geolocation) {
    return null;
  }
  const late = new Promise<null>((resolve) => {
    setTimeout(() => resolve(null), PATIENCE_MS);
  });
  return await Promise.race([allowed(places, places.geolocation), late]);
}

async function allowed(
  { permissions }: Places,
  geolocation: NonNullable<Places["geolocation"]>,
): Promise<Position | null> {
  const asked = permissions?.query({ name: "geolocation" });
  const state = await asked?.then(({ state }) => state).catch(() => undefined);
  if (state && state !== "granted") {
    return null;
  }
  const found = await look(geolocation, PATIENCE_MS);
  return typeof found === "object" ? found : null;
}

/** No finer than it is of use. */
export function rounded(
  coords: Pick<GeolocationCoordinates, "latitude" | "longitude" | "accuracy">,
): Position | null {
  const round = (degrees: number) => Number(degrees.toFixed(DIGITS));
  // Rounding moves it by less than another step.
  const accuracy_m = (Math.ceil(coords.accuracy / COARSE_M) + 1) * COARSE_M;
  return accuracy_m <= MOST_M
    ? { latitude: round(coords.latitude), longitude: round(coords.longitude), accuracy_m }
    : null;
}

function look(
  geolocation: NonNullable<Places["geolocation"]>,
  timeout: number,
): Promise<Position | "denied" | "unknown"> {
  return new Promise((resolve) => {
    geolocation.getCurrentPosition(
      ({ coords }) => resolve(rounded(coords) ?? "unknown"),
      // 1 is PERMISSION_DENIED (Geolocation API).
      ({ code }) => resolve(code === 1 ? "denied" : "unknown"),
      { enableHighAccuracy: false, maximumAge: FRESH_MS, timeout },
    );
  });
}
