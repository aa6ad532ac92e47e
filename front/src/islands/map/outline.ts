// One outline given with the page, such as the unit it tells about: a soft fill and a line in the action colour.
import type { Map as MapLibre } from "maplibre-gl";
import type { Palette } from "./palette";

/** Draw (or draw again, after a change of style) the outline under the roads' names. */
export function drawOutline(map: MapLibre, shape: GeoJSON.Geometry, p: Palette): void {
  const label = map.getStyle().layers.find((layer) => layer.type === "symbol")?.id;
  map.addSource("outline", { type: "geojson", data: { type: "Feature", properties: {}, geometry: shape } });
  map.addLayer({ id: "outline-fill", type: "fill", source: "outline", filter: ["in", "Polygon", ["geometry-type"]], paint: { "fill-color": p.action, "fill-opacity": 0.14 } }, label);
  map.addLayer(
    { id: "outline-line", type: "line", source: "outline", layout: { "line-join": "round" }, paint: { "line-color": p.action, "line-width": 2.5 } },
    label,
  );
}
