/**
 * The real-time line: opened by a single-use ticket sent as its first frame, opened again with
 * growing pauses, and followed by a sync each time, since a hint may have been missed.
 */
import { backoff } from "./backoff";
import type { Connection } from "./methods";

/** Without a frame for this long the core asks by itself: half-open lines do not report. */
const QUIET_MS = 45_000;
const READY_MS = 10_000;

export interface Line {
  ticket(): Promise<{ url: string; ticket: string }>;
  frame(frame: unknown): Promise<void>;
  sync(): Promise<void>;
  changed(state: Connection): void;
}

export class Socket {
  readonly #line: Line;
  #socket: WebSocket | null = null;
  #wanted = false;
  #opening = false;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(line: Line) {
    this.#line = line;
  }

  /** Opens the line and keeps it open. */
  start(): void {
    if (!this.#wanted) {
      this.#wanted = true;
      this.#attempt = 0;
      this.#line.changed("connecting");
      void this.#open();
    }
  }

  stop(): void {
    this.#wanted = false;
    this.#drop();
  }

  /** The network is back or the screen is looked at: no more waiting. */
  hurry(): void {
    if (this.#wanted && !this.#socket && !this.#opening) {
      clearTimeout(this.#timer);
      this.#attempt = 0;
      void this.#open();
    } else if (this.#socket?.readyState === WebSocket.OPEN) {
      void this.#sync();
    }
  }

  /** A request had no answer, or the browser says that there is no network: a line that still
   * looks open is not to be believed. */
  gone(): void {
    if (this.#wanted && !this.#opening && this.#socket) {
      this.#drop();
      this.#again();
    }
  }

  async #open(): Promise<void> {
    this.#opening = true;
    let opened: { url: string; ticket: string };
    try {
      opened = await this.#line.ticket();
    } catch (thrown) {
      this.#opening = false;
      this.#again();
      if (this.#wanted && !isOffline(thrown)) {
        this.#line.changed("refused");
      }
      return;
    }
    this.#opening = false;
    if (!this.#wanted) {
      return;
    }
    const socket = new WebSocket(opened.url);
    this.#socket = socket;
    let ready = false;
    const patience = setTimeout(() => socket.close(), READY_MS);
    socket.onopen = () => socket.send(JSON.stringify({ t: "ticket", ticket: opened.ticket }));
    socket.onmessage = (message) => {
      clearTimeout(patience);
      ready = true;
      if (typeof message.data === "string") {
        this.#received(message.data);
      }
    };
    socket.onclose = () => {
      clearTimeout(patience);
      if (this.#socket === socket) {
        this.#drop();
        this.#again();
        if (!ready) {
          // A network that lets requests through but no sockets still delivers, only later.
          void this.#sync();
        }
      }
    };
  }

  #received(text: string): void {
    this.#listen();
    const frame: unknown = JSON.parse(text);
    if (typeof frame === "object" && frame !== null && "t" in frame && frame.t === "ready") {
      this.#attempt = 0;
      this.#line.changed("online");
      void this.#sync();
      return;
    }
    // What a frame brings is fetched by the next sync if it could not be taken now.
    void this.#line.frame(frame).catch(() => this.#sync());
  }

  #listen(): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => {
      void this.#sync().then(() => this.#listen());
    }, QUIET_MS);
  }

  async #sync(): Promise<void> {
    try {
      await this.#line.sync();
    } catch {
      // Offline, or refused: the line's own end tells which, and the next opening syncs again.
    }
  }

  #drop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#quiet);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #again(): void {
    if (!this.#wanted) {
      return;
    }
    this.#line.changed(navigator.onLine ? "connecting" : "offline");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#open(), backoff(this.#attempt, Math.random()));
    this.#attempt += 1;
    if (this.#attempt > 2) {
      this.#line.changed("offline");
    }
  }
}

/** Whether the core says that no answer came. */
function isOffline(thrown: unknown): boolean {
  return (
    typeof thrown === "object" && thrown !== null && "code" in thrown && thrown.code === "offline"
  );
}
