// The operations room: layer switches with live counts, alarms numbered on the map, pointers at its edge, the lost feed.
import { Marker } from "maplibre-gl";
import { el, icon } from "../lib/dom";
import type { Start } from "../lib/islands";
import { number, now, say, timeOfDay } from "../lib/words";
import type { MapView } from "./map/view";
import { views } from "./map/index";

const POINTER_STEP = 36;

interface Props {
  map: string;
  rail: string;
  alarms: string;
}

interface Alarm {
  number: number;
  at: [number, number];
  level: string;
  icon: string;
  place: string;
  element: HTMLElement;
}

class Centre {
  private markers: Marker[] = [];
  private edges = el("nav", { class: "ct-edges", "aria-label": say("Outside the view", "Ngoài khung nhìn") });

  constructor(private readonly view: MapView, private readonly props: Props) {
    this.rail();
    this.counts();
    this.alarms();
    view.place.addEventListener("map:counts", () => this.counts());
    view.map.on("moveend", () => this.pointers());
    view.place.after(this.edges);
    document.querySelector(props.alarms)?.addEventListener("htmx:after:swap", () => this.alarms());
    document.addEventListener("list:renewed", () => this.alarms());
    document.addEventListener("click", (event) => this.press(event));
    document.addEventListener("live:lost", (event) => this.stale((event as CustomEvent<{ since: number }>).detail.since));
    document.addEventListener("live:back", () => this.fresh());
  }

  private rail(): void {
    for (const box of document.querySelectorAll<HTMLInputElement>(`${this.props.rail} input[data-layer]`)) {
      const key = box.dataset.layer ?? "";
      try {
        const kept = localStorage.getItem(`layer-${key}`);
        if (kept !== null) box.checked = kept === "1";
      } catch { /* private windows keep nothing */ }
      (this.view.layers.get(key) ?? this.view.streets.get(key))?.show(box.checked);
      box.addEventListener("change", () => {
        (this.view.layers.get(key) ?? this.view.streets.get(key))?.show(box.checked);
        try {
          localStorage.setItem(`layer-${key}`, box.checked ? "1" : "0");
        } catch { /* private windows keep nothing */ }
      });
    }
  }

  private counts(): void {
    for (const [key, layer] of this.view.layers) {
      const row = document.querySelector(`${this.props.rail} input[data-layer="${key}"]`)?.closest("label");
      if (!row || !layer.marks.size) continue;
      const counts = layer.counts();
      const total = row.querySelector(".c");
      if (total) total.textContent = number(counts.total);
      const flag = row.querySelector(".al");
      if (!flag) continue;
      const kind = counts.urgent ? "bad" : "warn";
      const many = counts.urgent || counts.notice;
      flag.className = `al ${kind}`;
      flag.replaceChildren(...(many ? [el("span", { class: `dot ${kind}` }), number(many)] : []));
    }
  }

  private listed(): Alarm[] {
    return [...document.querySelectorAll<HTMLElement>(`${this.props.alarms} [data-lon]`)].map((element) => ({
      number: Number(element.dataset.number),
      at: [Number(element.dataset.lon), Number(element.dataset.lat)],
      level: element.dataset.level ?? "notice",
      icon: element.dataset.icon ?? "alert",
      place: element.dataset.place ?? "",
      element,
    }));
  }

  private alarms(): void {
    for (const marker of this.markers) marker.remove();
    this.markers = [];
    for (const alarm of this.listed()) {
      if (alarm.level === "urgent" && alarm.number <= 3) {
        this.markers.push(new Marker({ element: el("div", { class: "map-pulse" }) }).setLngLat(alarm.at).addTo(this.view.map));
      }
      const made = el("button", { type: "button", class: `map-alarm ${alarm.level}`, "aria-label": `${alarm.number} ${alarm.element.querySelector(".s")?.textContent ?? ""}` },
        el("span", { class: "sh" }, icon(alarm.icon)), el("span", { class: "map-number" }, String(alarm.number)));
      made.addEventListener("click", () => this.choose(alarm));
      this.markers.push(new Marker({ element: made }).setLngLat(alarm.at).addTo(this.view.map));
    }
    this.pointers();
  }

  /** The alarm's line in the column comes into view and is marked. */
  private choose(alarm: Alarm): void {
    for (const other of document.querySelectorAll(`${this.props.alarms} [aria-current]`)) other.removeAttribute("aria-current");
    alarm.element.setAttribute("aria-current", "true");
    alarm.element.scrollIntoView({ block: "nearest" });
    alarm.element.querySelector<HTMLElement>("a, button")?.focus({ preventScroll: true });
  }

  /** Something urgent outside the view: a pointer at the map's edge with its distance. */
  private pointers(): void {
    this.edges.replaceChildren();
    const { map } = this.view;
    const canvas = map.getCanvas();
    const centre = map.getCenter();
    const box = { left: 280, right: canvas.clientWidth - 380, top: 80, bottom: canvas.clientHeight - 190 };
    const outside = this.listed().filter((alarm) => alarm.level === "urgent" && !map.getBounds().contains(alarm.at)).slice(0, 3);
    const points = outside.map((alarm) => map.project(alarm.at));
    const sides = points.map((point) => point.x < canvas.clientWidth / 2);
    const heights = points.map((point) => Math.min(Math.max(point.y, box.top), box.bottom));
    apart(heights, sides, box.bottom);
    for (const [i, alarm] of outside.entries()) {
      const point = points[i]!;
      const distance = centre.distanceTo(map.unproject(point)) / 1000;
      const left = sides[i];
      const made = el(
        "button", { class: `ct-edge ${left ? "left" : "right"}`, type: "button" },
        icon(left ? "left" : "right", "s"), el("span", { class: "dot bad" }), el("b", {}, alarm.place || `#${alarm.number}`),
        ` ${number(distance, distance < 10 ? 1 : 0)} km`, el("span", { class: "nb" }, String(alarm.number)),
      );
      made.style.setProperty("--y", `${heights[i]}px`);
      made.addEventListener("click", () => this.view.fly(alarm.at, 14.5));
      this.edges.append(made);
    }
  }

  private press(event: Event): void {
    const target = event.target as Element;
    const row = target.closest<HTMLElement>(`${this.props.alarms} [data-lon]`);
    if (row && !target.closest("a, button:not([data-show])")) this.view.fly([Number(row.dataset.lon), Number(row.dataset.lat)], 15);
    if (target.closest("[data-reconnect]")) this.view.live?.again();
  }

  private stale(since: number): void {
    const told = document.querySelector<HTMLElement>("[data-stale]");
    if (!told || document.body.classList.contains("replaying")) return;
    const at = timeOfDay(now() - Math.max(0, Date.now() - since));
    const text = told.querySelector("[data-stale-text]");
    if (text) text.replaceChildren(el("b", {}, say(`The live feed is lost since ${at}.`, `Mất luồng dữ liệu từ ${at}.`)), " ",
      say(`The map stands still at ${at}.`, `Bản đồ đứng ở ${at}.`));
    told.hidden = false;
    document.body.classList.add("stale");
    const live = document.querySelector(".ct-live span");
    if (live) live.textContent = say(`Stopped ${at}`, `Đứng từ ${at}`);
  }

  private fresh(): void {
    document.querySelector<HTMLElement>("[data-stale]")?.setAttribute("hidden", "");
    document.body.classList.remove("stale");
    const live = document.querySelector(".ct-live span");
    if (live) live.textContent = say("Live", "Trực tiếp");
  }
}

/** Pointers on one side of the map stand at least their own height apart, or one hides the other from the finger. */
function apart(heights: number[], sides: boolean[], bottom: number): void {
  for (const side of [true, false]) {
    const order = heights.map((_, i) => i).filter((i) => sides[i] === side).sort((a, b) => heights[a]! - heights[b]!);
    for (const [place, i] of order.entries()) {
      const above = order[place - 1];
      if (above !== undefined) heights[i] = Math.max(heights[i]!, heights[above]! + POINTER_STEP);
    }
    for (const [place, i] of [...order].reverse().entries()) {
      heights[i] = Math.min(heights[i]!, bottom - place * POINTER_STEP);
    }
  }
}

export const start: Start = async (_place, given) => {
  const props = given as unknown as Props;
  const map = document.querySelector<HTMLElement>(props.map);
  if (!map) return;
  const view = views.get(map) ?? (await new Promise<MapView>((done) => {
    map.addEventListener("map:ready", (event) => done((event as CustomEvent<MapView>).detail), { once: true });
  }));
  new Centre(view, props);
};
