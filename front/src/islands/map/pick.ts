// Choosing a place: tap, drag the pin, or move the map with the keyboard and press Enter; the form's fields follow.
import { Marker } from "maplibre-gl";
import { say } from "../../lib/words";
import { pinElement, type MapView } from "./view";

/** A field for each part, or one (`point`) for "lon,lat" that may hold an address, too: `at` says where that lies. */
export type PickProps = { lon: string; lat: string } | { point: string; at?: [number, number] };

interface Fields {
  inputs: HTMLInputElement[];
  read(): { lng: number; lat: number };
  write(lon: string, lat: string): void;
}

function fieldsOf(props: PickProps): Fields | null {
  const find = (what: string): HTMLInputElement | null => document.querySelector<HTMLInputElement>(what);
  const part = (text: string | undefined): number => Number.parseFloat((text ?? "").replace(",", "."));
  if ("point" in props) {
    const field = find(props.point);
    if (!field) return null;
    const first = field.value;
    return {
      inputs: [field],
      read: () => {
        if (props.at && field.value === first) return { lng: props.at[0], lat: props.at[1] };
        const [lng, lat, ...more] = field.value.split(",").map(Number);
        return more.length ? { lng: NaN, lat: NaN } : { lng: lng ?? NaN, lat: lat ?? NaN };
      },
      write: (lon, lat) => { field.value = `${lon},${lat}`; },
    };
  }
  const lon = find(props.lon);
  const lat = find(props.lat);
  if (!lon || !lat) return null;
  return {
    inputs: [lon, lat],
    read: () => ({ lng: part(lon.value), lat: part(lat.value) }),
    write: (x, y) => { lon.value = x; lat.value = y; },
  };
}

/** Tie the pin to the form's fields, in both directions. */
export function picker(view: MapView, props: PickProps): void {
  const fields = fieldsOf(props);
  if (!fields) return;
  const element = pinElement();
  element.classList.add("draggable");
  const marker = new Marker({ element, anchor: "bottom", draggable: true });
  const place = (at: { lng: number; lat: number }, write: boolean): void => {
    marker.setLngLat(at).addTo(view.map);
    if (!write) return;
    fields.write(at.lng.toFixed(6), at.lat.toFixed(6));
    for (const field of fields.inputs) field.dispatchEvent(new Event("change", { bubbles: true }));
    view.place.dispatchEvent(new CustomEvent("map:picked", { bubbles: true, detail: { lon: at.lng, lat: at.lat } }));
  };
  const fromFields = (): void => {
    const at = fields.read();
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
  for (const field of fields.inputs) field.addEventListener("change", fromFields);
  view.place.addEventListener("map:located", (event) => {
    const at = (event as CustomEvent<{ lon: number; lat: number }>).detail;
    place({ lng: at.lon, lat: at.lat }, true);
  });
  fromFields();
}
