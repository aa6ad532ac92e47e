// A few marks given with the page: each a button on the map, tied to its row in the list beside it.
import { Marker } from "maplibre-gl";
import { el, spriteUrl } from "../../lib/dom";
import type { State } from "./glyphs";
import type { MapView } from "./view";

export interface GivenMark {
  id: string;
  lon: number;
  lat: number;
  icon: string;
  shape: string;
  state: State;
  title: string;
  meta?: string;
  url?: string;
  kind?: string;
}

const SHAPES: Record<string, [string, number, number, number]> = {
  triangle: ['<path d="M16 2 31 28H1Z" stroke-linejoin="round"/>', 9.5, 13.5, 13],
  square: ['<rect x="3" y="3" width="26" height="26" rx="6"/>', 7.5, 7.5, 17],
  diamond: ['<rect x="5.5" y="5.5" width="21" height="21" rx="3" transform="rotate(45 16 16)"/>', 7.5, 7.5, 17],
  circle: ['<circle cx="16" cy="16" r="13"/>', 7.5, 7.5, 17],
};
const COLOURS: Record<string, string> = { square: "ok", diamond: "gold", circle: "info", triangle: "warn" };

function drawn(mark: GivenMark): string {
  const [body, x, y, size] = SHAPES[mark.shape] ?? SHAPES.circle ?? ["", 0, 0, 0];
  return `<svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true"><g class="bg">${body}</g><use href="${spriteUrl}#i-${encodeURIComponent(mark.icon)}" x="${x}" y="${y}" width="${size}" height="${size}"/></svg>`;
}

/** Put the marks on the map; a row of the list with ``data-mark`` lights its mark up and the other way round. */
export function putMarks(view: MapView, marks: GivenMark[]): void {
  for (const mark of marks) {
    const state = { urgent: "bad", notice: "warn", silent: "idle", normal: "" }[mark.state] || COLOURS[mark.shape] || "info";
    const button = el("button", { type: "button", class: `map-mark mark-${state}`, "aria-label": mark.title, "data-kind": mark.kind });
    button.innerHTML = drawn(mark);
    const row = document.querySelector<HTMLElement>(`[data-mark="${CSS.escape(mark.id)}"]`);
    const feature = {
      type: "Feature" as const, geometry: { type: "Point" as const, coordinates: [mark.lon, mark.lat] },
      properties: { id: mark.id, title: mark.title, meta: mark.meta, url: mark.url, state: mark.state, words: " " },
    };
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      view.open(feature);
    });
    const light = (on: boolean) => () => button.classList.toggle("lit", on);
    row?.addEventListener("pointerenter", light(true));
    row?.addEventListener("focus", light(true));
    row?.addEventListener("pointerleave", light(false));
    row?.addEventListener("blur", light(false));
    new Marker({ element: button }).setLngLat([mark.lon, mark.lat]).addTo(view.map);
  }
}
