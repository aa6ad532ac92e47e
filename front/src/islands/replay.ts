// Replay of a past day: the slider moves the clock, the marks take the state they had.
import type { Start } from "../lib/islands";
import { say } from "../lib/words";
import type { State } from "./map/glyphs";
import { views } from "./map/index";
import type { MapView } from "./map/view";

interface Day {
  day: string;
  /** thing ids; changes refer to them by position */
  things: string[];
  layers: string[];
  states: State[];
  /** second of the day, position of the thing, position of the state, in time order */
  changes: [number, number, number][];
  /** states known before midnight: position of the thing, position of the state */
  before: [number, number][];
  layer_of: number[];
}

interface Props {
  url: string;
  map: string;
  today: string;
}

const SPEEDS = [60, 300, 1200];

class Replay {
  private day?: Day;
  private timer = 0;
  private speed = 0;
  private next = 0;
  private second = 0;
  private loaded = "";

  constructor(private readonly place: HTMLElement, private readonly props: Props) {
    const slider = this.slider();
    slider?.addEventListener("input", () => void this.seek(Number(slider.value)));
    this.button("play")?.addEventListener("click", () => void this.toggle());
    this.button("speed")?.addEventListener("click", () => this.faster());
    this.button("live")?.addEventListener("click", () => this.live());
    for (const name of ["back", "forward"]) {
      this.button(name)?.addEventListener("click", () => void this.shift(name === "back" ? -1 : 1));
    }
  }

  private slider(): HTMLInputElement | null {
    return this.place.querySelector("input[type=range]");
  }

  private button(name: string): HTMLButtonElement | null {
    return this.place.querySelector(`[data-replay="${name}"]`);
  }

  private view(): MapView | undefined {
    const map = document.querySelector<HTMLElement>(this.props.map);
    return map ? views.get(map) : undefined;
  }

  private async load(day: string): Promise<void> {
    if (this.loaded === day) return;
    this.place.setAttribute("aria-busy", "true");
    const answer = await fetch(`${this.props.url}?day=${day}`);
    this.place.removeAttribute("aria-busy");
    if (!answer.ok) throw new Error(String(answer.status));
    this.day = (await answer.json()) as Day;
    this.loaded = day;
    this.next = 0;
    this.second = 0;
    const shown = this.place.querySelector("[data-replay-day]");
    if (shown) shown.textContent = day.slice(8).replace(/^0/, "") + "/" + day.slice(5, 7).replace(/^0/, "");
  }

  private async shift(step: number): Promise<void> {
    const date = new Date(`${this.loaded || this.props.today}T12:00:00Z`);
    date.setUTCDate(date.getUTCDate() + step);
    const day = date.toISOString().slice(0, 10);
    if (day > this.props.today) return;
    await this.load(day);
    await this.seek(this.second || 8 * 3600);
  }

  /** Show the city as it was at this second of the day. */
  async seek(second: number): Promise<void> {
    await this.load(this.loaded || this.props.today);
    const day = this.day;
    const view = this.view();
    if (!day || !view) return;
    if (view.live) view.live.paused = true;
    document.body.classList.add("replaying");
    const put = (thing: number, state: number): void => {
      const layer = view.layers.get(day.layers[day.layer_of[thing] ?? 0] ?? "");
      layer?.update(day.things[thing] ?? "", { state: day.states[state] ?? "normal" });
    };
    if (second < this.second || this.next === 0) {
      this.next = 0;
      for (const [thing, state] of day.before) put(thing, state);
    }
    const latest = new Map<number, number>();
    for (; this.next < day.changes.length; this.next++) {
      const change = day.changes[this.next];
      if (!change || change[0] > second) break;
      latest.set(change[1], change[2]);
    }
    for (const [thing, state] of latest) put(thing, state);
    this.second = second;
    this.say(second);
  }

  private say(second: number): void {
    const slider = this.slider();
    if (slider) slider.value = String(second);
    this.place.style.setProperty("--now", `${(100 * second) / 86400}%`);
    const clock = `${String(Math.floor(second / 3600)).padStart(2, "0")}:${String(Math.floor((second % 3600) / 60)).padStart(2, "0")}`;
    slider?.setAttribute("aria-valuetext", clock);
    const told = this.place.querySelector(".ct-live span");
    if (told) told.textContent = say(`Replay ${clock}`, `Phát lại ${clock}`);
  }

  private async toggle(): Promise<void> {
    if (this.timer) return this.pause();
    if (!this.loaded) await this.seek(Math.max(0, Number(this.slider()?.value ?? 0) - 6 * 3600));
    let before = performance.now();
    this.button("play")?.setAttribute("aria-pressed", "true");
    this.timer = window.setInterval(() => {
      const passed = (performance.now() - before) / 1000;
      before = performance.now();
      const second = this.second + passed * (SPEEDS[this.speed] ?? 60);
      if (second >= 86400) this.pause();
      else void this.seek(second);
    }, 250);
  }

  private pause(): void {
    clearInterval(this.timer);
    this.timer = 0;
    this.button("play")?.setAttribute("aria-pressed", "false");
  }

  private faster(): void {
    this.speed = (this.speed + 1) % SPEEDS.length;
    const told = this.button("speed")?.querySelector("[data-speed]");
    if (told) told.textContent = `${SPEEDS[this.speed]}×`;
  }

  /** Back to the present: the page's newest state is fetched again. */
  private live(): void {
    if (document.body.classList.contains("replaying")) location.reload();
  }
}

export const start: Start = (place, props) => {
  new Replay(place, props as unknown as Props);
};
