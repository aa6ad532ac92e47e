// Marks drawn from the sprite: one shape per state, one symbol per layer. Shape and colour say the same thing.
import type { Map as MapLibre } from "maplibre-gl";
import { spriteUrl } from "../../lib/dom";
import type { Palette } from "./palette";

export const STATES = ["normal", "notice", "urgent", "silent"] as const;
export type State = (typeof STATES)[number];

let symbols: Promise<Map<string, string>> | undefined;

/** The sprite's symbols by name, as inner SVG. */
function load(): Promise<Map<string, string>> {
  symbols ??= fetch(spriteUrl)
    .then((answer) => answer.text())
    .then((text) => {
      const found = new Map<string, string>();
      const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
      for (const symbol of parsed.querySelectorAll("symbol")) found.set(symbol.id.slice(2), symbol.innerHTML);
      return found;
    });
  return symbols;
}

function shape(kind: string, state: State, p: Palette): { body: string; ink: string; box: [number, number, number] } {
  if (state === "urgent") {
    return {
      body: `<rect x="9" y="9" width="26" height="26" rx="4" transform="rotate(45 22 22)" fill="${p.bad}" stroke="${p.paper}" stroke-width="2"/>`,
      ink: p["on-state"], box: [14, 14, 16],
    };
  }
  if (state === "notice") {
    return {
      body: `<path d="M22 6 39 35H5Z" fill="${p.warn}" stroke="${p.paper}" stroke-width="2" stroke-linejoin="round"/>`,
      ink: p["on-state"], box: [15, 18.5, 14],
    };
  }
  const dashed = state === "silent" ? ' stroke-dasharray="3.5 3"' : "";
  const edge = state === "silent" ? p["ink-3"] : kind === "square" ? p.info : p.ok;
  const ink = state === "silent" ? p["ink-3"] : p.ink;
  // triangle and diamond say "attention" and "urgent": nothing normal is drawn in them
  const outline = kind === "square" ? '<rect x="9" y="9" width="26" height="26" rx="6"' : '<circle cx="22" cy="22" r="13"';
  return {
    body: `${outline} fill="${p.surface}" stroke="${edge}" stroke-width="2"${dashed}/>`,
    ink, box: [14.5, 14.5, 15],
  };
}

async function raster(svg: string, size: number): Promise<ImageData> {
  const image = new Image(size, size);
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) throw new Error("no canvas");
  pen.drawImage(image, 0, 0, size, size);
  return pen.getImageData(0, 0, size, size);
}

/** Draw the marks of one layer (``key-normal`` …, and ``key-cluster``) into the map; called again on a theme change. */
export async function drawGlyphs(map: MapLibre, key: string, icon: string, kind: string, p: Palette): Promise<void> {
  const inner = (await load()).get(icon) ?? '<circle cx="12" cy="12" r="4"/>';
  const put = async (name: string, svg: string): Promise<void> => {
    const data = await raster(svg, 76);
    if (map.hasImage(name)) map.removeImage(name);
    map.addImage(name, data, { pixelRatio: 2 });
  };
  const symbol = (ink: string, x: number, y: number, size: number, stroke: number): string =>
    `<svg x="${x}" y="${y}" width="${size}" height="${size}" viewBox="0 0 24 24" color="${ink}" fill="none" stroke="${ink}" stroke-width="${stroke}" stroke-linecap="round" stroke-linejoin="round">${inner}</svg>`;
  const wrap = (body: string): string => `<svg xmlns="http://www.w3.org/2000/svg" width="76" height="76" viewBox="3 3 38 38">${body}</svg>`;
  for (const state of STATES) {
    const { body, ink, box } = shape(kind, state, p);
    await put(`${key}-${state}`, wrap(body + symbol(ink, box[0], box[1], box[2], 2.1)));
  }
  for (const state of ["normal", "notice", "urgent"] as const) {
    const ring = state === "urgent" ? p.bad : state === "notice" ? p.warn : p["line-strong"];
    const arc = `<circle cx="22" cy="22" r="16.5" fill="${p.surface}" stroke="${p["line-strong"]}" stroke-width="3"/>`
      + (state === "normal" ? "" : `<path d="M22 5.5a16.5 16.5 0 0 1 16.5 16.5" fill="none" stroke="${ring}" stroke-width="3"/>`);
    await put(`${key}-cluster-${state}`, wrap(arc + symbol(p["ink-2"], 15.5, 9, 13, 2)));
  }
}
