// Choosing a place: tap, drag the pin, or move the map with the keyboard and press Enter; the form's fields follow.
import { Marker } from "maplibre-gl";
import { say } from "../../lib/words";
import { pinElement, type MapView } from "./view";

export interface PickProps {
  lon: string;
  lat: string;
}

/** Tie the pin to two form fields, in both directions. */
export function picker(view: MapView, props: PickProps): void {
  const lon = document.querySelector<HTMLInputElement>(props.lon);
  const lat = document.querySelector<HTMLInputElement>(props.lat);
  if (!lon || !lat) return;
  const element = pinElement();
  element.classList.add("draggable");
  const marker = new Marker({ element, anchor: "bottom", draggable: true });
  const place = (at: { lng: number; lat: number }, write: boolean): void => {
    marker.setLngLat(at).addTo(view.map);
    if (!write) return;
    lon.value = at.lng.toFixed(6);
    lat.value = at.lat.toFixed(6);
    for (const field of [lon, lat]) field.dispatchEvent(new Event("change", { bubbles: true }));
    view.place.dispatchEvent(new CustomEvent("map:picked", { bubbles: true, detail: { lon: at.lng, lat: at.lat } }));
  };
  const fromFields = (): void => {
    const at = { lng: Number.parseFloat(lon.value.replace(",", ".")), lat: Number.parseFloat(lat.value.replace(",", ".")) };
    if (!Number.isFinite(at.lng) || !Number.isFinite(at.lat)) return;
    place(at, false);
    if (!view.map.getBounds().contains(at)) view.fly([at.lng, at.lat], 16);
  };
  view.map.on("click", (event) => place(event.lngLat, true));
  marker.on("dragend", () => place(marker.getLngLat(), true));
  view.map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    place(view.map.getCenter(), true);
  });
  view.map.getCanvas().setAttribute("aria-label", say(
    "Map: move with the arrow keys, press Enter to choose the middle", "Bản đồ: dùng phím mũi tên để di chuyển, Enter để chọn điểm giữa"));
  for (const field of [lon, lat]) field.addEventListener("change", fromFields);
  view.place.addEventListener("map:located", (event) => {
    const at = (event as CustomEvent<{ lon: number; lat: number }>).detail;
    place({ lng: at.lon, lat: at.lat }, true);
  });
  fromFields();
}
