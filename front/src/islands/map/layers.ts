// Glyph layers: things or cases as marks, clustered with counts, kept fresh from the live stream.
import type { ExpressionSpecification, GeoJSONSource, GeoJSONSourceDiff, Map as MapLibre } from "maplibre-gl";
import type { State } from "./glyphs";
import { drawLines, lineData, showLines } from "./lines";
import type { Palette } from "./palette";

export interface LayerProps {
  key: string;
  title: string;
  icon: string;
  shape?: string;
  /** the attribute whose value decides the state, and its values' states */
  state?: string;
  states?: Record<string, State>;
  types?: string[];
  url?: string;
  live?: boolean;
  shown?: boolean;
  minzoom?: number;
  cluster?: boolean;
  /** address of clusters by box and zoom: the layer is too large to be sent whole */
  clusters?: string;
  /** marks carry a line, drawn in the state's colour */
  line?: boolean;
  /** address of vector tiles: streets by live speed, not marks */
  tiles?: string;
}

export interface MarkProperties {
  id: string;
  title: string;
  state?: State;
  meta?: string;
  url?: string;
  since?: string;
  layer?: string;
  [name: string]: unknown;
}

export type Mark = GeoJSON.Feature<GeoJSON.Point, MarkProperties>;

const ORDER: Record<State, number> = { urgent: 0, notice: 1, normal: 2, silent: 3 };

/** The marks of one layer, in memory and on the map. */
export class GlyphLayer {
  readonly marks = new Map<string, Mark>();
  visible: boolean;
  private changed = new Set<string>();
  private timer = 0;
  private loaded = false;
  private summary?: Record<State, number> & { total: number };
  private asked = 0;

  constructor(readonly props: LayerProps, private readonly map: MapLibre, private readonly told: () => void) {
    this.visible = props.shown !== false;
    if (props.clusters) {
      let moved = 0;
      map.on("moveend", () => {
        clearTimeout(moved);
        moved = window.setTimeout(() => { if (this.visible) void this.load(true).catch(console.warn); }, 120);
      });
    }
  }

  /** Counts by state: what the rail shows beside the layer's name. */
  counts(): Record<State, number> & { total: number } {
    if (this.summary) return this.summary;
    const counts = { normal: 0, notice: 0, urgent: 0, silent: 0, total: this.marks.size };
    for (const mark of this.marks.values()) counts[mark.properties.state ?? "normal"] += 1;
    return counts;
  }

  /** The state of an attribute's value. */
  stateOf(value: unknown): State {
    return this.props.states?.[String(value)] ?? "normal";
  }

  /** Fetch the marks, once, or ``anew`` when the stream could not tell all that was missed. */
  async load(anew = false): Promise<void> {
    if (this.loaded && !anew) return;
    if (this.props.clusters) return this.loadClusters(this.props.clusters);
    if (!this.props.url) return;
    this.loaded = true;
    const answer = await fetch(this.props.url, { headers: { Accept: "application/geo+json" } });
    if (!answer.ok) {
      this.loaded = false;
      throw new Error(`${this.props.url}: ${answer.status}`);
    }
    const data = (await answer.json()) as GeoJSON.FeatureCollection<GeoJSON.Point, MarkProperties>;
    this.marks.clear();
    for (const feature of data.features) this.marks.set(String(feature.properties.id ?? feature.id), this.prepare(feature));
    this.source()?.setData(this.collection());
    this.setLines();
    this.told();
  }

  /** What the server counted for the part of the map that is seen. */
  private async loadClusters(url: string): Promise<void> {
    this.loaded = true;
    const turn = ++this.asked;
    const box = this.map.getBounds().toArray().flat().map((part) => part.toFixed(5)).join(",");
    const answer = await fetch(`${url}?bbox=${box}&zoom=${this.map.getZoom().toFixed(2)}`);
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    const data = (await answer.json()) as GeoJSON.FeatureCollection<GeoJSON.Point, MarkProperties> & { counts: Record<State, number> & { total: number } };
    if (turn !== this.asked) return;
    this.summary = data.counts;
    this.marks.clear();
    this.groups = data.features.filter((feature) => feature.properties.point_count);
    for (const feature of data.features) if (!feature.properties.point_count) this.marks.set(String(feature.properties.id), this.prepare(feature));
    this.source()?.setData(this.collection());
    this.told();
  }

  private groups: GeoJSON.Feature[] = [];

  private prepare(mark: Mark): Mark {
    const state = mark.properties.state ?? "normal";
    mark.properties.state = state;
    mark.properties.order = ORDER[state];
    mark.id = mark.properties.id;
    return mark;
  }

  private collection(): GeoJSON.FeatureCollection {
    return { type: "FeatureCollection", features: [...this.groups, ...this.marks.values()] };
  }

  private setLines(): void {
    if (this.props.line) this.map.getSource<GeoJSONSource>(`lines-${this.props.key}`)?.setData(lineData(this.marks.values()));
  }

  private source(): GeoJSONSource | undefined {
    return this.map.getSource<GeoJSONSource>(`layer-${this.props.key}`);
  }

  /** Change one mark's state, place or properties; the map follows within a moment, many changes at once. */
  update(id: string, change: { state?: State; at?: [number, number]; properties?: Partial<MarkProperties> } | null): void {
    const mark = this.marks.get(id);
    if (change === null) this.marks.delete(id);
    else if (!mark) return;
    else {
      if (change.at) mark.geometry = { type: "Point", coordinates: change.at };
      mark.properties = { ...mark.properties, ...change.properties, ...(change.state ? { state: change.state } : {}) };
      this.prepare(mark);
    }
    this.changed.add(id);
    this.timer ||= window.setTimeout(() => this.flush(), 400);
  }

  /** A mark that was not there before. */
  add(mark: Mark): void {
    this.marks.set(mark.properties.id, this.prepare(mark));
    this.changed.add(mark.properties.id);
    this.timer ||= window.setTimeout(() => this.flush(), 400);
  }

  private flush(): void {
    this.timer = 0;
    const source = this.source();
    const changes = this.changed;
    this.changed = new Set();
    this.setLines();
    if (!source) return;
    if (changes.size > 2000) source.setData(this.collection());
    else {
      const diff: GeoJSONSourceDiff = { remove: [], add: [] };
      for (const id of changes) {
        const mark = this.marks.get(id);
        diff.remove?.push(id);
        if (mark) diff.add?.push(mark as GeoJSON.Feature);
      }
      source.updateData(diff).catch(() => source.setData(this.collection()));
    }
    this.told();
  }

  /** Put source and style layers on the map (also after a theme change). */
  draw(): void {
    const { key, line, cluster = !line } = this.props;
    if (line && this.colours) drawLines(this.map, key, lineData(this.marks.values()), this.colours, this.visible);
    const source = `layer-${key}`;
    if (!this.map.getSource(source)) {
      this.map.addSource(source, {
        type: "geojson", data: this.collection(), promoteId: "id", cluster: cluster && !this.props.clusters, clusterRadius: 46, clusterMaxZoom: 14, clusterMinPoints: 3,
        clusterProperties: {
          urgent: ["+", ["case", ["==", ["get", "state"], "urgent"], 1, 0]],
          notice: ["+", ["case", ["==", ["get", "state"], "notice"], 1, 0]],
        },
      });
    }
    const visibility = this.visible ? "visible" : "none";
    // large type on the wall makes large marks
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const size: ExpressionSpecification = ["interpolate", ["linear"], ["zoom"], 9, 0.72 * rem, 13, 0.92 * rem, 16, 1.1 * rem];
    if (cluster) {
      this.map.addLayer({
        id: `${key}-clusters`, type: "symbol", source, filter: ["has", "point_count"],
        layout: {
          visibility, "icon-size": size, "icon-allow-overlap": false, "text-allow-overlap": false, "icon-padding": 0,
          "symbol-sort-key": ["-", 0, ["+", ["*", 1000, ["get", "urgent"]], ["*", 10, ["get", "notice"]]]],
          "icon-image": ["concat", `${key}-cluster-`, ["case", [">", ["get", "urgent"], 0], "urgent", [">", ["get", "notice"], 0], "notice", "normal"]],
          "text-field": ["get", "point_count_abbreviated"], "text-font": ["Be Vietnam Pro Bold", "Be Vietnam Pro"], "text-size": 10.5 * rem, "text-offset": [0, 0.72],
        },
        paint: { "text-color": this.ink },
      });
    }
    this.map.addLayer({
      id: `${key}-marks`, type: "symbol", source, minzoom: this.props.minzoom ?? 0,
      filter: line ? ["!=", ["get", "state"], "normal"] : ["!", ["has", "point_count"]],
      layout: {
        visibility, "icon-size": size, "icon-padding": 0,
        "icon-image": ["concat", `${key}-`, ["coalesce", ["get", "state"], "normal"]],
        "symbol-sort-key": ["coalesce", ["get", "order"], 2],
        "icon-allow-overlap": ["step", ["zoom"], false, 14, true],
      },
    });
  }

  ink = "#000";
  colours?: Palette;

  show(visible: boolean): void {
    this.visible = visible;
    for (const id of [`${this.props.key}-clusters`, `${this.props.key}-marks`]) {
      if (this.map.getLayer(id)) this.map.setLayoutProperty(id, "visibility", visible ? "visible" : "none");
    }
    if (this.props.line) showLines(this.map, this.props.key, visible);
    if (visible) void this.load();
  }
}
