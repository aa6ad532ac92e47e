// Lines of a layer (stretches of road), coloured by state: free thin and green, slow amber, jammed thick with ticks.
import type { ExpressionSpecification, Map as MapLibre } from "maplibre-gl";
import type { Mark } from "./layers";
import type { Palette } from "./palette";

export function lineData(marks: Iterable<Mark>): GeoJSON.FeatureCollection<GeoJSON.LineString> {
  const features: GeoJSON.Feature<GeoJSON.LineString>[] = [];
  for (const mark of marks) {
    const line = mark.properties.line as [number, number][] | undefined;
    if (!line) continue;
    const { state, order } = mark.properties;
    features.push({ type: "Feature", geometry: { type: "LineString", coordinates: line }, properties: { state, order } });
  }
  return { type: "FeatureCollection", features };
}

/** Put the lines under the map's labels and above its roads. */
export function drawLines(map: MapLibre, key: string, data: GeoJSON.FeatureCollection, colours: Palette, visible: boolean): void {
  const source = `lines-${key}`;
  if (!map.getSource(source)) map.addSource(source, { type: "geojson", data });
  const state: ExpressionSpecification = ["coalesce", ["get", "state"], "normal"];
  const by = (urgent: number, notice: number, normal: number): ExpressionSpecification => [
    "match", state, "urgent", urgent, "notice", notice, normal,
  ];
  const before = map.getLayer("road-name") ? "road-name" : undefined;
  const visibility = visible ? "visible" : "none";
  map.addLayer({
    id: `${key}-lines`, type: "line", source, minzoom: 10,
    layout: { visibility, "line-cap": "round", "line-join": "round", "line-sort-key": ["-", 0, ["coalesce", ["get", "order"], 2]] },
    paint: {
      "line-color": ["match", state, "urgent", colours["tr-jam"], "notice", colours.warn, "silent", colours["ink-3"], colours["tr-free"]],
      "line-width": ["interpolate", ["exponential", 1.4], ["zoom"], 10, by(2, 1.6, 1), 13, by(4.2, 3.4, 2.2), 16, by(10, 8, 6)],
      "line-opacity": by(1, 0.95, 0.7),
    },
  }, before);
  map.addLayer({
    id: `${key}-ticks`, type: "line", source, minzoom: 12, filter: ["==", ["get", "state"], "urgent"], layout: { visibility },
    paint: {
      "line-color": colours["tr-jam-tick"], "line-dasharray": [0.5, 1.1],
      "line-width": ["interpolate", ["exponential", 1.4], ["zoom"], 12, 2, 16, 5.5],
    },
  }, before);
}

export function showLines(map: MapLibre, key: string, visible: boolean): void {
  for (const id of [`${key}-lines`, `${key}-ticks`]) {
    if (map.getLayer(id)) map.setLayoutProperty(id, "visibility", visible ? "visible" : "none");
  }
}
