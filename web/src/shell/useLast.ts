import { useRef } from "react";

/** The last value that there was: what a dialog was about stays while it fades. */
export function useLast<T>(value: T | null | undefined): T | null | undefined {
  const last = useRef(value);
  if (value != null) {
    last.current = value;
  }
  return last.current;
}
