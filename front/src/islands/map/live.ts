// The live stream: changes of things as server-sent events, with a watch over silence.

export interface LiveChange {
  seq: number;
  at: string;
  entity: string;
  type: string;
  attributes: Record<string, unknown> | null;
}

const SILENCE = 45_000; // the server pings every 15 seconds
const GRACE = 4000;

/** Follow ``/live/things`` of these types; tells the page by ``live:lost`` and ``live:back`` events. */
export class Live {
  private source?: EventSource;
  private last = Date.now();
  private lost = false;
  private timer = 0;
  paused = false;

  constructor(private readonly types: string[], private readonly heard: (change: LiveChange) => void) {}

  start(): void {
    if (!this.types.length) return;
    this.connect();
    this.timer = window.setInterval(() => this.watch(), 5000);
    addEventListener("offline", () => this.lose());
    addEventListener("online", () => this.again());
    addEventListener("pagehide", () => this.stop());
  }

  stop(): void {
    this.source?.close();
    clearInterval(this.timer);
  }

  /** Connect anew, at once. */
  again(): void {
    this.source?.close();
    this.connect();
  }

  private connect(): void {
    const source = new EventSource(`/live/things?types=${encodeURIComponent(this.types.join(","))}`);
    this.source = source;
    const alive = () => {
      this.last = Date.now();
      if (this.lost) {
        this.lost = false;
        document.dispatchEvent(new CustomEvent("live:back"));
      }
    };
    const read = (event: MessageEvent<string>) => {
      alive();
      if (this.paused || !event.data) return;
      const data = JSON.parse(event.data) as LiveChange | LiveChange[];
      for (const change of Array.isArray(data) ? data : [data]) if (change.entity) this.heard(change);
    };
    source.addEventListener("open", alive);
    for (const kind of ["message", "things"]) source.addEventListener(kind, read as EventListener);
    source.addEventListener("reset", () => document.dispatchEvent(new CustomEvent("live:reset")));
    for (const kind of ["ping", "hello", "reset"]) source.addEventListener(kind, alive);
    source.addEventListener("error", () => {
      // a line that comes back within moments (they are renewed now and then) is no loss
      setTimeout(() => {
        if (source !== this.source || source.readyState === EventSource.OPEN) return;
        this.lose();
        if (source.readyState === EventSource.CLOSED) this.again();
      }, GRACE);
    });
  }

  /** An open line that says nothing at all is dead as well. */
  private watch(): void {
    if (Date.now() - this.last < SILENCE) return;
    this.lose();
    this.again();
  }

  private lose(): void {
    if (this.lost) return;
    this.lost = true;
    document.dispatchEvent(new CustomEvent("live:lost", { detail: { since: this.last } }));
  }
}
