// The map itself: base, glyph layers, popover, pin, tools; follows the page's theme.
import { Map as MapLibre, Marker, Popup, setWorkerUrl, type LngLatLike, type MapLayerMouseEvent } from "maplibre-gl";
import { el, icon, onTheme, reducedMotion } from "../../lib/dom";
import { relative, say } from "../../lib/words";
import { areas, type AreaProps } from "./areas";
import { drawGlyphs } from "./glyphs";
import { GlyphLayer, type LayerProps, type Mark, type MarkProperties } from "./layers";
import { Live, type LiveChange } from "./live";
import { drawOutline } from "./outline";
import { palette } from "./palette";
import { putMarks, type GivenMark } from "./marks";
import { picker, type PickProps } from "./pick";
import { Streets } from "./speeds";
import { baseStyle } from "./style";
import { Ways } from "./ways";

export interface MapProps {
  center?: [number, number];
  zoom?: number;
  bounds?: [number, number, number, number];
  layers?: LayerProps[];
  pin?: { lon: number; lat: number } | null;
  me?: { lon: number; lat: number } | null;
  pick?: PickProps;
  interactive?: boolean;
  tools?: boolean;
  units?: AreaProps;
  /** one outline to show, such as a unit's */
  outline?: GeoJSON.Geometry;
  /** address of tiles of live speeds, with {z}, {x}, {y} */
  speeds?: string;
  /** address at which ways and reach can be asked from the map */
  ways?: string;
  padding?: { left?: number; right?: number; top?: number; bottom?: number };
  credit?: string;
  follow?: boolean;
  /** a few marks given with the page, each a button of its own */
  marks?: GivenMark[];
}

const HANOI: [number, number] = [105.8412, 21.0245];

setWorkerUrl(new URL(MAP_WORKER, location.origin).href);

export function pinElement(): HTMLElement {
  const made = el("div", { class: "map-pin" });
  made.innerHTML = '<svg viewBox="0 0 32 40" width="32" height="40" aria-hidden="true"><path d="M16 38.5C11 31 3 24.5 3 15a13 13 0 0 1 26 0c0 9.5-8 16-13 23.5z"/><circle cx="16" cy="15" r="4.5"/></svg>';
  return made;
}

export class MapView {
  readonly map: MapLibre;
  readonly layers = new Map<string, GlyphLayer>();
  live?: Live;
  /** the streets by live speed, by the key of their layer */
  readonly streets = new Map<string, Streets>();
  private ways?: Ways;
  private popup?: Popup;

  constructor(readonly place: HTMLElement, readonly props: MapProps) {
    const frame = el("div", { class: "map-frame" });
    place.append(frame);
    this.map = new MapLibre({
      container: frame,
      style: baseStyle(palette(place)),
      center: (props.pin ? [props.pin.lon, props.pin.lat] : props.center ?? HANOI) as LngLatLike,
      zoom: props.zoom ?? 12.5,
      ...(props.bounds ? { bounds: props.bounds, fitBoundsOptions: { padding: 24 } } : {}),
      minZoom: 7, maxZoom: 18.5, attributionControl: false, dragRotate: false, pitchWithRotate: false,
      interactive: props.interactive !== false, fadeDuration: reducedMotion() ? 0 : 150,
      cooperativeGestures: false, locale: {}, renderWorldCopies: false,
    });
    if (props.padding) this.map.setPadding({ left: 0, right: 0, top: 0, bottom: 0, ...props.padding });
    this.map.touchZoomRotate.disableRotation();
    this.map.getCanvas().setAttribute("aria-label", place.getAttribute("aria-label") ?? say("Map", "Bản đồ"));
    if (props.tools !== false && props.interactive !== false) this.addTools();
    place.append(el("span", { class: "map-credit" }, props.credit ?? say("Approximate boundaries", "Ranh giới gần đúng")));
  }

  /** Resolves when base map and layers are drawn. */
  async start(): Promise<void> {
    await this.loaded();
    if (this.props.speeds) this.streets.set("speeds", new Streets(this.map, this.props.speeds));
    if (this.props.ways) this.ways = new Ways(this, this.props.ways);
    for (const layer of this.props.layers ?? []) {
      if (layer.tiles) this.streets.set(layer.key, new Streets(this.map, layer.tiles, layer.shown));
      else this.layers.set(layer.key, new GlyphLayer(layer, this.map, () => this.tell()));
    }
    await this.dress();
    if (this.props.units) await areas(this, this.props.units);
    if (this.props.pin) new Marker({ element: pinElement(), anchor: "bottom" }).setLngLat([this.props.pin.lon, this.props.pin.lat]).addTo(this.map);
    if (this.props.me) new Marker({ element: el("div", { class: "map-me" }) }).setLngLat([this.props.me.lon, this.props.me.lat]).addTo(this.map);
    if (this.props.marks) putMarks(this, this.props.marks);
    if (this.props.pick) picker(this, this.props.pick);
    await Promise.all([...this.layers.values()].filter((layer) => layer.visible).map((layer) => layer.load().catch(console.warn)));
    this.listen();
    onTheme(() => void this.restyle());
    await this.idle();
  }

  private loaded(): Promise<void> {
    return new Promise((done) => (this.map.isStyleLoaded() ? done() : this.map.once("style.load", () => done())));
  }

  private idle(): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, 8000);
      this.map.once("idle", () => {
        clearTimeout(timer);
        done();
      });
      this.map.triggerRepaint();
    });
  }

  private async dress(): Promise<void> {
    const colours = palette(this.place);
    for (const streets of this.streets.values()) streets.draw(colours);
    if (this.props.outline) drawOutline(this.map, this.props.outline, colours);
    this.ways?.draw();
    for (const layer of this.layers.values()) {
      await drawGlyphs(this.map, layer.props.key, layer.props.icon, layer.props.shape ?? "circle", colours);
      layer.ink = colours.ink;
      layer.colours = colours;
    }
    for (const layer of this.layers.values()) layer.draw();
  }

  private async restyle(): Promise<void> {
    this.map.setStyle(baseStyle(palette(this.place)), { diff: false });
    await new Promise<void>((done) => this.map.once("style.load", () => done()));
    await this.dress();
    if (this.props.units) await areas(this, this.props.units);
  }

  private tell(): void {
    this.place.dispatchEvent(new CustomEvent("map:counts", { bubbles: true }));
  }

  private listen(): void {
    const ids = (): string[] => [...this.layers.keys()].flatMap((key) => [`${key}-marks`, `${key}-clusters`]).filter((id) => this.map.getLayer(id));
    this.map.on("click", (event) => {
      if (this.ways?.waiting) return;
      const [hit] = this.map.queryRenderedFeatures(event.point, { layers: ids() });
      if (!hit) return;
      if (hit.properties.point_count) void this.openCluster(hit as unknown as GeoJSON.Feature<GeoJSON.Point>, hit.source);
      else this.open(hit as unknown as Mark, hit.layer.id.replace(/-marks$/, ""));
    });
    const hover = (event: MapLayerMouseEvent | { point: [number, number] }) => {
      const hits = this.map.queryRenderedFeatures(event.point as never, { layers: ids() });
      this.map.getCanvas().style.cursor = hits.length ? "pointer" : "";
    };
    this.map.on("mousemove", hover as never);
    // what the stream does not carry is asked for again now and then
    for (const layer of this.layers.values()) {
      if ((layer.props.live !== false && !layer.props.clusters) || this.props.follow === false) continue;
      setInterval(() => {
        if (layer.visible && !document.hidden && !document.body.classList.contains("replaying")) void layer.load(true).catch(console.warn);
      }, 20_000);
    }
    const types = [...this.layers.values()].filter((layer) => layer.props.live !== false).flatMap((layer) => layer.props.types ?? []);
    if (this.props.follow !== false && types.length) {
      this.live = new Live([...new Set(types)], (change) => this.hear(change));
      this.live.start();
      document.addEventListener("live:reset", () => {
        for (const layer of this.layers.values()) if (layer.visible) void layer.load(true).catch(console.warn);
      });
    }
  }

  private hear(change: LiveChange): void {
    for (const layer of this.layers.values()) {
      if (!layer.props.types?.includes(change.type) || !layer.marks.size) continue;
      if (change.attributes === null) layer.update(change.entity, null);
      else layer.update(change.entity, changeOf(layer, change));
    }
  }

  private async openCluster(feature: GeoJSON.Feature<GeoJSON.Point>, sourceId: string): Promise<void> {
    const source = this.map.getSource(sourceId) as unknown as { getClusterExpansionZoom(id: number): Promise<number> };
    // clusters that the server made carry no number of the library's own
    const own = feature.properties?.cluster_id !== undefined;
    const zoom = own ? await source.getClusterExpansionZoom(Number(feature.properties?.cluster_id)) : this.map.getZoom() + 2;
    this.fly(feature.geometry.coordinates as [number, number], Math.min(zoom + 0.3, 17));
  }

  fly(to: [number, number], zoom?: number): void {
    const view = { center: to, zoom: zoom ?? Math.max(this.map.getZoom(), 14.5) };
    if (reducedMotion()) this.map.jumpTo(view);
    else this.map.easeTo({ ...view, duration: 450 });
  }

  /** The popover of a mark: what it is, its state in words, since when, and the way on. */
  open(mark: Mark, layerKey = ""): void {
    const p: MarkProperties = mark.properties;
    const words = { normal: say("normal", "bình thường"), notice: say("needs attention", "cần chú ý"), urgent: say("urgent", "khẩn"), silent: say("no signal", "mất tin") };
    const state = p.state ?? "normal";
    const layer = this.layers.get(layerKey);
    const body = el(
      "div", {},
      el("b", {}, p.title || layer?.props.title || ""),
      p.meta ? el("p", { class: "meta" }, String(p.meta)) : null,
      el("p", { class: "meta" }, el("span", { class: `dot ${state}` }), ` ${p.words ?? words[state]}`, p.since ? ` · ${relative(Date.parse(p.since))}` : ""),
      p.url ? el("p", { class: "row" }, el("a", { href: p.url }, say("Open", "Mở"))) : null,
      ...(this.ways?.rows(mark.geometry.coordinates as [number, number]) ?? []),
    );
    this.popup?.remove();
    this.popup = new Popup({ offset: 16, maxWidth: "none", closeButton: true, closeOnClick: true })
      .setLngLat(mark.geometry.coordinates as [number, number])
      .setDOMContent(body)
      .addTo(this.map);
    this.uncover(this.popup);
    this.place.dispatchEvent(new CustomEvent("map:open", { bubbles: true, detail: { ...p, layer: layerKey } }));
  }

  /** Move the map by what it hides of a popover: on a phone the map is low. */
  uncover(popup: Popup): void {
    const box = popup.getElement()?.getBoundingClientRect();
    const frame = this.place.getBoundingClientRect();
    if (!box) return;
    const by = Math.max(0, box.bottom - frame.bottom + 8) || Math.min(0, box.top - frame.top - 8);
    if (by) this.map.panBy([0, by], { duration: reducedMotion() ? 0 : 200 });
  }

  private addTools(): void {
    const button = (name: string, label: string, run: () => void, css = "") => {
      const made = el("button", { type: "button", class: `btn icon small ${css}`, "aria-label": label, title: label }, icon(name));
      made.addEventListener("click", run);
      return made;
    };
    this.place.append(
      el(
        "div", { class: "map-tools" },
        button("locate", say("My position", "Vị trí của tôi"), () => this.locate()),
        button("plus", say("Zoom in", "Phóng to"), () => this.map.zoomIn(), "only-wide"),
        button("minus", say("Zoom out", "Thu nhỏ"), () => this.map.zoomOut(), "only-wide"),
      ),
    );
  }

  locate(): void {
    navigator.geolocation?.getCurrentPosition(
      ({ coords }) => {
        const at: [number, number] = [coords.longitude, coords.latitude];
        new Marker({ element: el("div", { class: "map-me" }) }).setLngLat(at).addTo(this.map);
        this.fly(at, 15.5);
        this.place.dispatchEvent(new CustomEvent("map:located", { bubbles: true, detail: { lon: at[0], lat: at[1] } }));
      },
      () => this.place.dispatchEvent(new CustomEvent("map:unlocated", { bubbles: true })),
      { enableHighAccuracy: true, timeout: 8000 },
    );
  }
}

interface Attribute {
  value?: unknown;
  observedAt?: string;
}

/** What a change means for a mark: NGSI-LD attributes to state, place and since-when. */
export function changeOf(layer: GlyphLayer, change: LiveChange): { state?: Mark["properties"]["state"]; at?: [number, number]; properties?: Partial<MarkProperties> } {
  const told: { state?: Mark["properties"]["state"]; at?: [number, number]; properties?: Partial<MarkProperties> } = {};
  const attributes = (change.attributes ?? {}) as Record<string, Attribute>;
  const state = layer.props.state ? attributes[layer.props.state] : undefined;
  if (state) {
    told.state = layer.stateOf(state.value);
    told.properties = { value: state.value, since: state.observedAt ?? change.at };
  }
  const location = attributes.location?.value as { type?: string; coordinates?: [number, number] } | undefined;
  if (location?.type === "Point" && location.coordinates) told.at = location.coordinates;
  return told;
}
