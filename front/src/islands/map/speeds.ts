// Streets coloured by how fast they are driven now: vector tiles of their own, asked for again every half minute.
import type { ExpressionSpecification, Map as MapLibre, VectorTileSource } from "maplibre-gl";
import type { Palette } from "./palette";

const SECONDS = 30;

/** Put the speeds under the labels; `tiles` is an address with {z}, {x}, {y}. */
export function drawSpeeds(map: MapLibre, tiles: string, p: Palette): void {
  const before = map.getLayer("road-name") ? "road-name" : undefined;
  const state: ExpressionSpecification = ["get", "state"];
  const by = (bad: number, slow: number, free: number): ExpressionSpecification => ["match", state, "jam", bad, "closed", bad, "slow", slow, free];
  map.addSource("speeds", { type: "vector", tiles: [location.origin + tiles], minzoom: 9, maxzoom: 15 });
  map.addLayer({
    id: "speeds", type: "line", source: "speeds", "source-layer": "speeds", minzoom: 9,
    layout: { "line-cap": "round", "line-join": "round" },
    paint: {
      "line-color": ["match", state, "jam", p["tr-jam"], "closed", p.bad, "slow", p.warn, p["tr-free"]],
      "line-width": ["interpolate", ["exponential", 1.4], ["zoom"], 10, by(2, 1.6, 1), 13, by(4.2, 3.4, 2.4), 16, by(10, 8, 6)],
    },
  }, before);
}

/** Ask for the speeds again while the page is looked at. */
export function followSpeeds(map: MapLibre): void {
  setInterval(() => {
    const source = map.getSource("speeds") as VectorTileSource | undefined;
    if (source && !document.hidden) source.setTiles(source.tiles);
  }, SECONDS * 1000);
}
