// The base map's style: the city's own vector tiles, quiet, labels in Vietnamese.
import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Palette } from "./palette";

const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
const REGULAR = ["Be Vietnam Pro"];
const MEDIUM = ["Be Vietnam Pro Medium", "Be Vietnam Pro"];

const cls: ExpressionSpecification = ["coalesce", ["get", "class"], "local"];
const MAIN = ["motorway", "trunk", "ring", "radial", "main", "primary", "bridge"];
const MIDDLE = ["secondary", "street", "collector", "tertiary"];
const isMain: ExpressionSpecification = ["in", cls, ["literal", MAIN]];
const isMiddle: ExpressionSpecification = ["in", cls, ["literal", MIDDLE]];

/** Line width by zoom for main, middle and local roads; ``extra`` widens all for the casing. */
function width(extra: number): ExpressionSpecification {
  const at = (main: number, middle: number, small: number): ExpressionSpecification => [
    "case", isMain, main + extra, isMiddle, middle + extra, small + extra,
  ];
  return [
    "interpolate", ["exponential", 1.4], ["zoom"],
    9, at(0.9, 0.3, 0.1), 11, at(1.6, 0.7, 0.3), 13, at(3.2, 1.6, 0.8), 15, at(6.5, 4, 2.2), 17, at(14, 10, 7), 19, at(30, 22, 16),
  ];
}

function roads(p: Palette): LayerSpecification[] {
  const common = { source: "base", "source-layer": "roads", type: "line" as const };
  const layout = { "line-cap": "round" as const, "line-join": "round" as const };
  return [
    {
      id: "road-edge", ...common, minzoom: 11, layout,
      paint: {
        "line-color": p["map-road-edge"], "line-width": width(1.8),
        "line-opacity": ["interpolate", ["linear"], ["zoom"], 11.5, ["case", isMain, 0.8, 0], 13, ["case", isMain, 1, isMiddle, 0.8, 0.25], 14.5, 1],
      },
    },
    {
      id: "road-local", ...common, minzoom: 11, layout, filter: ["all", ["!", isMain], ["!", isMiddle]],
      paint: { "line-color": p["map-road"], "line-width": width(0), "line-opacity": ["interpolate", ["linear"], ["zoom"], 11, 0.25, 12.5, 0.5, 14, 1] },
    },
    { id: "road-middle", ...common, minzoom: 9, layout, filter: isMiddle, paint: { "line-color": p["map-road"], "line-width": width(0) } },
    { id: "road-main", ...common, layout, filter: isMain, paint: { "line-color": p["map-main"], "line-width": width(0) } },
  ];
}

function labels(p: Palette): LayerSpecification[] {
  const halo = { "text-halo-color": p["map-land"], "text-halo-width": 1.6 };
  const name: ExpressionSpecification = ["coalesce", ["get", "short_name"], ["get", "name"]];
  return [
    {
      id: "road-name", source: "base", "source-layer": "roads", type: "symbol", minzoom: 13,
      filter: ["all", ["has", "name"], ["!=", ["get", "name"], ""]],
      layout: {
        "symbol-placement": "line", "text-field": ["get", "name"], "text-font": REGULAR, "symbol-spacing": 320,
        "text-size": ["interpolate", ["linear"], ["zoom"], 13, 10 * rem, 17, 13 * rem], "text-max-angle": 32, "text-padding": 6,
      },
      paint: { "text-color": p["map-label"], ...halo },
    },
    {
      id: "water-name", source: "base", "source-layer": "water_labels", type: "symbol", minzoom: 10,
      layout: { "text-field": ["get", "name"], "text-font": REGULAR, "text-size": 12.5 * rem, "text-letter-spacing": 0.06 },
      paint: { "text-color": p["map-water-label"], "text-halo-color": p["map-water"], "text-halo-width": 1.4 },
    },
    {
      id: "unit-name", source: "base", "source-layer": "unit_labels", type: "symbol", minzoom: 9.5,
      layout: {
        "text-field": name, "text-font": MEDIUM, "text-padding": 4, "text-max-width": 7,
        "text-variable-anchor": ["center", "top", "bottom", "left", "right"], "text-radial-offset": 1.1, "text-justify": "auto",
        "text-size": ["interpolate", ["linear"], ["zoom"], 9.5, 10.5 * rem, 13, 12.5 * rem, 16, 15 * rem],
      },
      paint: { "text-color": p["map-unit-label"], ...halo },
    },
  ];
}

/** The whole style for one palette. */
export function baseStyle(p: Palette): StyleSpecification {
  const layers: LayerSpecification[] = [
    { id: "land", type: "background", paint: { "background-color": p["map-land"] } },
    { id: "park", source: "base", "source-layer": "parks", type: "fill", paint: { "fill-color": p["map-park"] } },
    { id: "water", source: "base", "source-layer": "water", type: "fill", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": p["map-water"] } },
    {
      id: "stream", source: "base", "source-layer": "water", type: "line", filter: ["==", ["geometry-type"], "LineString"],
      paint: { "line-color": p["map-water"], "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 9, 2, 12, 9, 15, 60] },
    },
    {
      id: "area", source: "base", "source-layer": "units", type: "fill", filter: ["boolean", false],
      paint: { "fill-color": p["c3"], "fill-opacity": 0.85 },
    },
    {
      id: "border", source: "base", "source-layer": "units", type: "line", minzoom: 8,
      paint: {
        "line-color": p["map-border"], "line-opacity": ["interpolate", ["linear"], ["zoom"], 8, 0.35, 12, 0.75],
        "line-width": ["interpolate", ["linear"], ["zoom"], 8, 0.5, 13, 1.2], "line-dasharray": [5, 2.5, 1, 2.5],
      },
    },
    ...roads(p),
    ...labels(p),
  ];
  return {
    version: 8,
    sources: {
      base: { type: "vector", tiles: [`${location.origin}/tiles/base/{z}/{x}/{y}.mvt`], minzoom: 6, maxzoom: 15 },
    },
    layers,
  };
}
