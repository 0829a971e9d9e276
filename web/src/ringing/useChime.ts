/** Sounds of an open app: a short one as a message rings, and one alone for all that waited. */
import { useEffect, useRef } from "react";
import { quietNow, useConversations } from "../core/queries";
import type { Priority, Quietly } from "../core/wire";
import { sooner, soundsAt } from "./chime";

const NOTES_HZ = [659, 880] as const;
const NOTE_S = 0.12;
const LOUDNESS = 0.15;

interface Waiting {
  at: number;
  timer: ReturnType<typeof setTimeout>;
}

export function useChime(): void {
  const conversations = useConversations();
  const seen = useRef<Map<string, number> | null>(null);
  const waiting = useRef<Waiting | null>(null);

  useEffect(() => () => clearTimeout(waiting.current?.timer), []);

  useEffect(() => {
    if (!conversations.data) {
      return;
    }
    const before = seen.current;
    seen.current = new Map(conversations.data.map(({ id, last }) => [id, last?.sent_at ?? 0]));
    const fresh = before
      ? conversations.data.filter(
          ({ id, last, unread, muted, priority_unread }) =>
            last &&
            !last.mine &&
            unread > 0 &&
            !(muted && (priority_unread ?? "routine") === "routine") &&
            last.sent_at > (before.get(id) ?? 0),
        )
      : [];
    for (const { priority_unread } of fresh) {
      void ring(priority_unread ?? "routine", waiting);
    }
  }, [conversations.data]);
}

/** Sounds now or later, and once for what waits for the same time. */
async function ring(priority: Priority, waiting: { current: Waiting | null }): Promise<void> {
  // Who cannot be asked rings: nothing is to be missed for that.
  const quietly: Quietly = await quietNow().catch(() => ({}));
  const at = sooner(waiting.current?.at ?? null, soundsAt(priority, quietly, Date.now()));
  if (at === null || at === waiting.current?.at) {
    return;
  }
  clearTimeout(waiting.current?.timer);
  const sound = () => {
    waiting.current = null;
    play();
  };
  waiting.current = { at, timer: setTimeout(sound, Math.max(0, at - Date.now())) };
}

/** Two short notes. Browsers keep quiet until the person has touched the page; then nothing sounds. */
function play(): void {
  try {
    const context = new AudioContext();
    const loudness = context.createGain();
    loudness.gain.value = LOUDNESS;
    loudness.connect(context.destination);
    NOTES_HZ.forEach((hz, place) => {
      const note = context.createOscillator();
      note.frequency.value = hz;
      note.connect(loudness);
      note.start(context.currentTime + place * NOTE_S);
      note.stop(context.currentTime + (place + 1) * NOTE_S);
      if (place === NOTES_HZ.length - 1) {
        note.onended = () => void context.close();
      }
    });
  } catch {
    // A browser without sound.
  }
}
