/**
 * One tab writes. The worker of that tab holds a Web Lock for as long as it lives; another tab
 * first asks it to finish and let go, and takes the lock by force when nothing comes back.
 */

const LOCK = "wardline-store";
const CHANNEL = "wardline-store";
const POLITE_MS = 3_000;

export interface Ownership {
  /** Lets go of the lock. */
  release(): void;
}

/** Takes the lock if it is free. `lost` is called when another tab took it or asks for it. */
export function claim(lost: () => Promise<void>): Promise<Ownership | null> {
  return hold({ ifAvailable: true }, lost);
}

/** Asks the other tab to let go, and takes the lock by force when it does not answer. */
export async function takeOver(lost: () => Promise<void>): Promise<Ownership> {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage("release");
  channel.close();
  const polite = await hold({ signal: AbortSignal.timeout(POLITE_MS) }, lost).catch(() => null);
  const owned = polite ?? (await hold({ steal: true }, lost));
  if (!owned) {
    throw new DOMException("the store's lock was refused", "InvalidStateError");
  }
  return owned;
}

function hold(options: LockOptions, lost: () => Promise<void>): Promise<Ownership | null> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(LOCK, options, (lock) => {
        if (!lock) {
          resolve(null);
          return undefined;
        }
        return new Promise<void>((release) => {
          const channel = new BroadcastChannel(CHANNEL);
          const end = () => {
            channel.close();
            release();
          };
          channel.onmessage = () => {
            void lost().then(end, end);
          };
          resolve({ release: end });
        });
      })
      .catch((error: unknown) => {
        // Refused before it was held, or stolen while it was.
        reject(error);
        void lost();
      });
  });
}
