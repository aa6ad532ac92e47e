// Streets coloured by how fast they are driven now: vector tiles of their own, asked for again every half minute.
import type { ExpressionSpecification, Map as MapLibre, VectorTileSource } from "maplibre-gl";
import type { Palette } from "./palette";

const SECONDS = 30;

/** The streets by live speed; nothing is fetched while they are not shown. */
export class Streets {
  constructor(private readonly map: MapLibre, private readonly tiles: string, public visible = true) {
    setInterval(() => {
      const source = map.getSource("speeds") as VectorTileSource | undefined;
      if (source && this.visible && !document.hidden && !document.body.classList.contains("replaying")) source.setTiles(source.tiles);
    }, SECONDS * 1000);
  }

  /** Put the speeds under the labels (also after a theme change). */
  draw(p: Palette): void {
    const before = this.map.getLayer("road-name") ? "road-name" : undefined;
    const state: ExpressionSpecification = ["get", "state"];
    const by = (bad: number, slow: number, free: number): ExpressionSpecification => ["match", state, "jam", bad, "closed", bad, "slow", slow, free];
    this.map.addSource("speeds", { type: "vector", tiles: [location.origin + this.tiles], minzoom: 9, maxzoom: 15 });
    this.map.addLayer({
      id: "speeds", type: "line", source: "speeds", "source-layer": "speeds", minzoom: 9,
      layout: { "line-cap": "round", "line-join": "round", visibility: this.visible ? "visible" : "none" },
      paint: {
        "line-color": ["match", state, "jam", p["tr-jam"], "closed", p.bad, "slow", p.warn, p["tr-free"]],
        "line-width": ["interpolate", ["exponential", 1.4], ["zoom"], 10, by(2, 1.6, 1), 13, by(4.2, 3.4, 2.4), 16, by(10, 8, 6)],
      },
    }, before);
  }

  show(visible: boolean): void {
    this.visible = visible;
    if (this.map.getLayer("speeds")) this.map.setLayoutProperty("speeds", "visibility", visible ? "visible" : "none");
  }
}
