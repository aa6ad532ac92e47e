// Ways and reach asked from the map itself: right click (long press, context-menu key) or a mark's popover, then read the
// answer on the map and in a line below it.
import { Marker, Popup, type GeoJSONSource, type LngLatLike } from "maplibre-gl";
import { el, icon } from "../../lib/dom";
import { number, say } from "../../lib/words";
import { palette } from "./palette";
import { pinElement, type MapView } from "./view";

type Point = [number, number];

const MINUTES = [4, 8, 15];
const VEHICLES: [string, string, string][] = [
  ["siren", "Ambulance with siren", "Xe cứu thương hú còi"], ["ambulance", "Ambulance without siren", "Xe cứu thương không còi"],
  ["car", "Car", "Ô tô"], ["motorbike", "Motorbike", "Xe máy"],
];
const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** The tool: one question at a time, the newest answer stays until it is closed. */
export class Ways {
  private vehicle = "siren";
  private shape: GeoJSON.GeoJSON = EMPTY;
  private half?: { from?: Point; to?: Point };
  private popup?: Popup;
  private readonly pins: Marker[] = [];
  private readonly told = el("div", { class: "ct-panel mw", hidden: true });
  private turn = 0;

  constructor(private readonly view: MapView, private readonly address: string) {
    view.place.append(this.told);
    view.map.on("contextmenu", (event) => {
      event.preventDefault();
      this.ask(event.lngLat.toArray());
    });
    // after the map's own listeners, which leave the tap to us while we wait
    view.map.on("click", (event) => { if (this.half) setTimeout(() => this.choose(event.lngLat.toArray())); });
    view.map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        const middle = view.map.getCenter().toArray();
        if (this.half) this.choose(middle);
        else this.ask(middle);
      } else if (event.key === "Escape") this.close();
    });
  }

  /** Put the answer on the map (also after a theme change). */
  draw(): void {
    const { map } = this.view;
    const p = palette(this.view.place);
    const label = map.getStyle().layers.find((layer) => layer.type === "symbol")?.id;
    map.addSource("ways", { type: "geojson", data: this.shape });
    map.addLayer({ id: "ways-fill", type: "fill", source: "ways", filter: ["in", "Polygon", ["geometry-type"]], paint: { "fill-color": p.action, "fill-opacity": 0.2 } }, label);
    map.addLayer({ id: "ways-line", type: "line", source: "ways", layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": p.action, "line-width": ["match", ["geometry-type"], ["LineString", "MultiLineString"], 5, 2] } }, label);
  }

  /** What can be asked about a place, as rows for a popover. */
  rows(at: Point): HTMLElement[] {
    const chosen = el("select", { class: "input", "aria-label": say("Vehicle", "Phương tiện") },
      ...VEHICLES.map(([key, en, vi]) => el("option", { value: key, selected: key === this.vehicle }, say(en, vi))));
    chosen.addEventListener("change", () => { this.vehicle = chosen.value; });
    const button = (text: string, run: () => void): HTMLButtonElement => {
      const made = el("button", { type: "button", class: "btn small" }, text);
      made.addEventListener("click", run);
      return made;
    };
    return [
      el("div", { class: "mw-way" }, chosen),
      el("div", { class: "mw-way", role: "group", "aria-label": say("Reached from here in, minutes", "Đến được từ đây trong, phút") },
        el("span", {}, say("Reached in", "Đến trong")),
        ...MINUTES.map((m) => button(say(`${m} min`, `${m} phút`), () => void this.reach(at, m)))),
      el("div", { class: "mw-way" },
        button(say("Way from here", "Đi từ đây"), () => this.begin({ from: at })),
        button(say("Way to here", "Đi đến đây"), () => this.begin({ to: at }))),
    ];
  }

  /** Whether a tap on the map is the answer to a question. */
  get waiting(): boolean {
    return Boolean(this.half);
  }

  private ask(at: Point): void {
    if (this.half) return this.choose(at);
    this.close();
    const body = el("div", {}, el("b", {}, say("From this place", "Từ điểm này")), ...this.rows(at));
    this.popup = new Popup({ offset: 8, maxWidth: "none" }).setLngLat(at as LngLatLike).setDOMContent(body).addTo(this.view.map);
    this.view.uncover(this.popup);
  }

  private begin(half: { from?: Point; to?: Point }): void {
    this.close();
    this.half = half;
    this.pin([half.from ?? half.to as Point]);
    this.tell(half.from ? say("Choose where the way leads: tap the map.", "Hãy chọn nơi đến: chạm vào bản đồ.")
      : say("Choose where the way begins: tap the map.", "Hãy chọn nơi đi: chạm vào bản đồ."));
  }

  private choose(at: Point): void {
    const half = this.half;
    this.half = undefined;
    if (half) void this.way(half.from ?? at, half.to ?? at);
  }

  private async reach(from: Point, minutes: number): Promise<void> {
    const page = `/centre/roads/?from_lon=${from[0].toFixed(6)}&from_lat=${from[1].toFixed(6)}&minutes=${minutes}&vehicle=${this.vehicle}`;
    await this.answer(`isochrone?from=${text(from)}&minutes=${minutes}`, [from], page, (found) => {
      const area = (found as GeoJSON.FeatureCollection).features[0];
      if (!area || empty(area.geometry)) return say("No street lies near this place.", "Gần điểm này không có đường nào.");
      const km = number(Number(area.properties?.kilometres), 0);
      return say(`Within ${minutes} min ${km} km of streets are reached (each direction counted).`,
        `Trong ${minutes} phút đến được ${km} km đường (tính từng chiều).`);
    });
  }

  private async way(from: Point, to: Point): Promise<void> {
    const page = `/centre/roads/?from_lon=${from[0].toFixed(6)}&from_lat=${from[1].toFixed(6)}&to=${text(to)}&vehicle=${this.vehicle}`;
    await this.answer(`route?from=${text(from)}&to=${text(to)}`, [from, to], page, (found) => {
      const p = (found as GeoJSON.Feature).properties ?? {};
      const minutes = Math.max(1, Math.round(Number(p.seconds) / 60));
      return say(`${minutes} min, ${number(Number(p.metres) / 1000, 1)} km`, `${minutes} phút, ${number(Number(p.metres) / 1000, 1)} km`);
    });
  }

  private async answer(question: string, ends: Point[], page: string, words: (found: GeoJSON.GeoJSON) => string): Promise<void> {
    this.close();
    const turn = ++this.turn;
    this.pin(ends);
    this.tell(say("One moment …", "Đang tính …"));
    let found: GeoJSON.GeoJSON & { detail?: string; faults?: { text: string }[] };
    try {
      const reply = await fetch(`${this.address}/${question}&vehicle=${this.vehicle}`, { headers: { Accept: "application/json" } });
      found = (await reply.json()) as typeof found;
      if (turn !== this.turn) return;
      if (!reply.ok) return this.tell(found.faults?.map((fault) => fault.text).join(" ") || found.detail || "", "", true);
    } catch {
      if (turn === this.turn) this.tell(say("No answer. Try again.", "Chưa có trả lời. Hãy thử lại."), "", true);
      return;
    }
    this.set(found);
    this.tell(words(found), page);
  }

  private tell(words: string, page = "", problem = false): void {
    const close = el("button", { type: "button", class: "btn icon small quiet", "aria-label": say("Close", "Đóng") }, icon("x"));
    close.addEventListener("click", () => this.close());
    this.told.replaceChildren(
      el("p", { role: problem ? "alert" : "status", class: problem ? "problem" : null }, words),
      ...(page ? [el("a", { href: page }, say("Street by street", "Từng đường"))] : []), close);
    this.told.hidden = false;
  }

  private pin(at: Point[]): void {
    for (const point of at) this.pins.push(new Marker({ element: pinElement(), anchor: "bottom" }).setLngLat(point).addTo(this.view.map));
  }

  private set(shape: GeoJSON.GeoJSON): void {
    this.shape = shape;
    this.view.map.getSource<GeoJSONSource>("ways")?.setData(shape);
  }

  /** Take question and answer from the map. */
  close(): void {
    this.turn += 1;
    this.half = undefined;
    this.popup?.remove();
    this.told.hidden = true;
    for (const pin of this.pins.splice(0)) pin.remove();
    if (this.shape !== EMPTY) this.set(EMPTY);
  }
}

function text(at: Point): string {
  return `${at[0].toFixed(6)},${at[1].toFixed(6)}`;
}

function empty(shape: GeoJSON.Geometry): boolean {
  return "coordinates" in shape && !shape.coordinates.length;
}
