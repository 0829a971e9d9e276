/** Records a voice note; nothing of it leaves the memory of this page until it is sent. */
import { useCallback, useEffect, useRef, useState } from "react";
import { t } from "../texts";

/** Longest voice note, seconds: what is longer is a call. */
export const MOST_SECONDS = 180;
/** What the core takes, in the order of preference. */
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"] as const;
const BITS_PER_SECOND = 32_000;

export interface Recorded {
  blob: Blob;
  seconds: number;
}

export function useRecorder(onDone: (recorded: Recorded) => void, onError: (text: string) => void) {
  const recorder = useRef<MediaRecorder | null>(null);
  const keep = useRef(false);
  const [seconds, setSeconds] = useState(0);
  const [running, setRunning] = useState(false);

  const end = useCallback((kept: boolean) => {
    keep.current = kept;
    if (recorder.current?.state === "recording") {
      recorder.current.stop();
    }
  }, []);

  const start = async () => {
    const mimeType = TYPES.find((type) => globalThis.MediaRecorder?.isTypeSupported(type));
    if (!mimeType || !navigator.mediaDevices) {
      onError(t.attachments.noRecorder);
      return;
    }
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      onError(t.attachments.noMicrophone);
      return;
    }
    const parts: Blob[] = [];
    const begun = performance.now();
    const made = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: BITS_PER_SECOND });
    made.addEventListener("dataavailable", ({ data }) => parts.push(data));
    made.addEventListener("stop", () => {
      // The light of the microphone goes out.
      for (const track of stream.getTracks()) {
        track.stop();
      }
      recorder.current = null;
      setRunning(false);
      if (keep.current) {
        const took = (performance.now() - begun) / 1000;
        onDone({ blob: new Blob(parts, { type: mimeType }), seconds: Math.max(1, took) });
      }
    });
    keep.current = false;
    recorder.current = made;
    made.start(1000);
    setSeconds(0);
    setRunning(true);
  };

  useEffect(() => {
    if (!running) {
      return;
    }
    const ticks = setInterval(() => setSeconds((now) => now + 1), 1000);
    return () => clearInterval(ticks);
  }, [running]);

  useEffect(() => {
    if (seconds >= MOST_SECONDS) {
      end(true);
    }
  }, [seconds, end]);

  // Whoever leaves the page is not recorded any more.
  useEffect(() => () => end(false), [end]);

  return { running, seconds, start, end };
}
