// Units coloured by a value: six bands broken at the target, hatching where there are too few cases.
import { Popup, type ExpressionSpecification } from "maplibre-gl";
import { el } from "../../lib/dom";
import { palette } from "./palette";
import type { MapView } from "./view";

export interface AreaValue {
  /** 0 (far below the target) .. 5 (far above); -1: too few cases to say */
  band: number;
  text?: string;
  title?: string;
  url?: string;
}

export interface AreaProps {
  /** values by unit id, inline or at an address that answers ``{"values": {...}}`` */
  values: Record<string, AreaValue> | string;
  /** only units of this kind are coloured */
  kind?: string;
}

async function valuesOf(props: AreaProps): Promise<Record<string, AreaValue>> {
  if (typeof props.values !== "string") return props.values;
  const answer = await fetch(props.values);
  if (!answer.ok) throw new Error(`${props.values}: ${answer.status}`);
  return ((await answer.json()) as { values: Record<string, AreaValue> }).values;
}

/** Colour the base map's units by their values; a click tells the value and the way on. */
export async function areas(view: MapView, props: AreaProps): Promise<void> {
  const values = await valuesOf(props);
  const colours = palette(view.place);
  const id: ExpressionSpecification = ["get", "id"];
  const pairs = Object.entries(values).flatMap(([unit, value]) => [
    unit, value.band < 0 ? colours["line-strong"] : colours[`c${Math.min(value.band, 5)}` as "c0"],
  ]);
  view.map.setFilter("area", ["in", id, ["literal", Object.keys(values)]]);
  view.map.setPaintProperty("area", "fill-opacity", 0.88);
  if (pairs.length) view.map.setPaintProperty("area", "fill-color", ["match", id, ...pairs, "rgba(0,0,0,0)"] as never);
  for (const road of ["road-edge", "road-local", "road-middle"]) view.map.setLayoutProperty(road, "visibility", "none");
  if (view.place.dataset.areas) return;
  view.place.dataset.areas = "true";
  view.map.on("click", "area", (event) => {
    const unit = String(event.features?.[0]?.properties.id ?? "");
    const value = values[unit];
    if (!value) return;
    const body = el(
      "div", {},
      el("b", {}, value.title ?? String(event.features?.[0]?.properties.name ?? "")),
      value.text ? el("p", { class: "meta" }, value.text) : null,
      value.url ? el("p", { class: "row" }, el("a", { href: value.url }, "→")) : null,
    );
    new Popup({ offset: 4, maxWidth: "none" }).setLngLat(event.lngLat).setDOMContent(body).addTo(view.map);
    view.place.dispatchEvent(new CustomEvent("map:area", { bubbles: true, detail: { unit } }));
  });
}
