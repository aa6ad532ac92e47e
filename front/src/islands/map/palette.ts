// The map's colours, read from the design tokens where the map stands, so that light and dark follow the page.
import { token } from "../../lib/dom";

const NAMES = [
  "map-land", "map-water", "map-park", "map-road", "map-road-edge", "map-main", "map-border", "map-label",
  "map-water-label", "map-unit-label", "surface", "paper", "ink", "ink-2", "ink-3", "line-strong", "ok", "warn", "bad", "info",
  "action", "brand", "gold", "on-state", "c0", "c1", "c2", "c3", "c4", "c5", "tr-free", "tr-jam", "tr-jam-tick",
] as const;

export type Palette = Record<(typeof NAMES)[number], string>;

export function palette(at: Element): Palette {
  return Object.fromEntries(NAMES.map((name) => [name, token(name, at) || "#888888"])) as Palette;
}
