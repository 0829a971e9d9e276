/** Sounds while somebody is asked to take a STAT message and the app is open. */
import { useEffect } from "react";

/** Between two sounds. */
const AGAIN_MS = 5_000;
const TONES_HZ = [880, 660, 880] as const;
const TONE_S = 0.18;
const PAUSE_S = 0.07;

/** `alerts` names what is alerted of and how often; it sounds at once whenever that is another one, and
 * again and again while there is any. */
export function useAlarm(alerts: string): void {
  useEffect(() => {
    if (alerts === "") {
      return;
    }
    sound();
    const timer = setInterval(sound, AGAIN_MS);
    return () => clearInterval(timer);
  }, [alerts]);
}

/** Sounds once whenever there are others. */
export function useChime(ids: readonly string[]): void {
  const named = ids.join(" ");
  useEffect(() => {
    if (named !== "") {
      sound();
    }
  }, [named]);
}

let audio: AudioContext | undefined;

function sound(): void {
  // Browsers let no page sound that nobody has touched; whoever unlocked the store has.
  if (!navigator.userActivation?.hasBeenActive) {
    return;
  }
  navigator.vibrate?.([300, 100, 300]);
  audio ??= new AudioContext();
  void audio.resume();
  TONES_HZ.forEach((frequency, index) => {
    if (audio) {
      tone(audio, frequency, audio.currentTime + index * (TONE_S + PAUSE_S));
    }
  });
}

function tone(on: AudioContext, frequency: number, at: number): void {
  const oscillator = on.createOscillator();
  const volume = on.createGain();
  oscillator.type = "square";
  oscillator.frequency.value = frequency;
  // Without edges that crack.
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.35, at + 0.01);
  volume.gain.setValueAtTime(0.35, at + TONE_S - 0.02);
  volume.gain.linearRampToValueAtTime(0, at + TONE_S);
  oscillator.connect(volume).connect(on.destination);
  oscillator.start(at);
  oscillator.stop(at + TONE_S);
}
