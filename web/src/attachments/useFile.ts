/** The file of a message: fetched piece by piece when it is wanted, and forgotten with the screen. */
import { useCallback, useEffect, useRef, useState } from "react";
import { decode } from "../core/b64";
import { call } from "../core/core";
import { type Failure, toFailure } from "../core/failure";
import type { AttachmentView } from "../core/methods";

export type FileState =
  | { at: "away" }
  | { at: "fetching"; done: number; of: number }
  | { at: "here"; url: string }
  | { at: "failed"; failure: Failure };

/** `wanted` begins at once, as for what is here already. */
export function useFile(
  group: string,
  id: string,
  { mime, chunks, done, uploading }: AttachmentView,
  wanted: boolean,
) {
  const [state, setState] = useState<FileState>({ at: "away" });
  const stopped = useRef(false);
  const url = useRef<string | null>(null);
  const busy = useRef(false);

  const fetch = useCallback(async () => {
    if (busy.current || url.current) {
      return;
    }
    busy.current = true;
    try {
      for (;;) {
        const so = await call("fetch_file", { group, id });
        if (stopped.current) {
          return;
        }
        if (so.done >= so.chunks) {
          break;
        }
        setState({ at: "fetching", done: so.done, of: so.chunks });
      }
      const { bytes } = await call("file", { group, id });
      if (!stopped.current) {
        // Of the type that the message says, and no other, whatever the bytes are.
        url.current = URL.createObjectURL(new Blob([decode(bytes)], { type: mime }));
        setState({ at: "here", url: url.current });
      }
    } catch (thrown) {
      if (!stopped.current) {
        setState({ at: "failed", failure: toFailure(thrown) });
      }
    } finally {
      busy.current = false;
    }
  }, [group, id, mime]);

  const here = uploading || done >= chunks;
  useEffect(() => {
    if (wanted || here) {
      void fetch();
    }
  }, [wanted, here, fetch]);

  useEffect(() => {
    stopped.current = false;
    return () => {
      stopped.current = true;
      if (url.current) {
        URL.revokeObjectURL(url.current);
        url.current = null;
      }
    };
  }, []);

  return { state, fetch };
}
