/** The passkey ceremony that opens the store: with the hospital, or in a dead spot without it. */
import { useState } from "react";
import { reportChanged } from "../core/claims";
import { call } from "../core/core";
import { type Failure, toFailure } from "../core/failure";
import type { Position, Status } from "../core/methods";
import { localPrf, provePasskey } from "../core/passkey";
import { atSignIn } from "../core/position";
import { meChanged, statusChanged } from "../core/queries";

export interface Unlock {
  busy: boolean;
  failure: Failure | null;
  /** Signs in at the hospital. */
  online(): void;
  /** Signs in, or opens with the cached share when the hospital is out of reach. */
  any(status: Status): void;
  /** What went wrong is mended. */
  clear(): void;
}

export function useUnlock(): Unlock {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);

  const run = async (ceremony: () => Promise<unknown>) => {
    setBusy(true);
    setFailure(null);
    try {
      await ceremony();
      await statusChanged();
    } catch (thrown) {
      setFailure(toFailure(thrown));
    }
    setBusy(false);
  };

  return {
    busy,
    failure,
    online: () => void run(signIn),
    any: (status) =>
      void run(async () => {
        try {
          await signIn();
        } catch (thrown) {
          if (toFailure(thrown).code !== "offline") {
            throw thrown;
          }
          await openOffline(status);
        }
      }),
    clear: () => setFailure(null),
  };
}

async function signIn(): Promise<void> {
  // Begun at once: it has the time that the passkey takes.
  const position = claimed();
  const challenge = await call("challenge", {});
  const ceremony = await provePasskey(challenge.request, {
    first: challenge.prf_first_salt,
    second: challenge.prf_second_salt,
  });
  await call("sign_in", { ...ceremony, position: await position });
  void meChanged();
  void reportChanged().catch(() => {
    // Told at the next sign-in.
  });
}

/** Where the device is, where its person switched that on; whatever fails, nobody signs in later. */
async function claimed(): Promise<Position | null> {
  try {
    const { position } = await call("status", {});
    return position ? await atSignIn() : null;
  } catch {
    return null;
  }
}

async function openOffline(status: Status): Promise<void> {
  if (!status.credential_id) {
    await call("unlock_offline", { prf_first: null, prf_second: null });
    return;
  }
  const salts = await call("prf_salts", {});
  await call("unlock_offline", await localPrf(status.credential_id, undefined, salts));
}
