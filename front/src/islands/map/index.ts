// The map island: its style sheet, its fonts, then the view.
import { el } from "../../lib/dom";
import type { Start } from "../../lib/islands";
import { MapView, type MapProps } from "./view";

export const views = new WeakMap<HTMLElement, MapView>();

function sheet(): Promise<void> {
  if (document.querySelector("link[data-map]")) return Promise.resolve();
  return new Promise((done, failed) => {
    const link = el("link", { rel: "stylesheet", href: MAP_CSS, "data-map": true });
    link.addEventListener("load", () => done());
    link.addEventListener("error", failed);
    document.head.append(link);
  });
}

/** MapLibre draws its labels from the page's fonts; they must be there before the first tile. */
async function fonts(): Promise<void> {
  const sample = "Phường Đống Đa ổ";
  await Promise.allSettled([400, 500, 600].map((weight) => document.fonts.load(`${weight} 16px "Be Vietnam Pro"`, sample)));
}

export const start: Start = async (place, props) => {
  await Promise.all([sheet(), fonts()]);
  const view = new MapView(place, props as MapProps);
  views.set(place, view);
  await view.start();
  place.dispatchEvent(new CustomEvent("map:ready", { bubbles: true, detail: view }));
};
