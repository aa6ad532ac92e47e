// Islands: parts of a page that live. Each is fetched only when its place comes near the window.
import { el, icon } from "./dom";
import { say } from "./words";

export type Start = (place: HTMLElement, props: Record<string, unknown>) => void | Promise<void>;
type Loader = () => Promise<{ start: Start }>;

const loaders: Record<string, Loader> = {
  map: () => import("../islands/map/index"),
  chart: () => import("../islands/chart"),
  "live-list": () => import("../islands/live-list"),
  "report-form": () => import("../islands/report/index"),
  replay: () => import("../islands/replay"),
  centre: () => import("../islands/centre"),
  passkey: () => import("../islands/passkey"),
};

function properties(place: HTMLElement): Record<string, unknown> {
  const script = place.querySelector<HTMLScriptElement>(':scope > script[type="application/json"]');
  return script?.textContent ? (JSON.parse(script.textContent) as Record<string, unknown>) : {};
}

async function begin(place: HTMLElement): Promise<void> {
  const name = place.dataset.island ?? "";
  const loader = loaders[name];
  if (!loader || place.dataset.started) return;
  place.dataset.started = "true";
  try {
    const module = await loader();
    await module.start(place, properties(place));
    place.dataset.ready = "true";
  } catch (error) {
    console.warn(`island ${name}:`, error);
    delete place.dataset.started;
    place.dataset.ready = "failed";
    const retry = el("button", { type: "button", class: "btn small" }, say("Try again", "Thử lại"));
    const told = el(
      "div",
      { class: "failed" },
      icon("off", "l"),
      el("p", {}, say("This part could not be loaded. The text and lists on the page still work.",
        "Chưa tải được phần này. Chữ và danh sách trên trang vẫn dùng được.")),
      retry,
    );
    retry.addEventListener("click", () => {
      told.remove();
      void begin(place);
    });
    place.append(told);
  }
}

const near = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      near.unobserve(entry.target);
      void begin(entry.target as HTMLElement);
    }
  },
  { rootMargin: "300px" },
);

/** Find the islands below ``root`` and start each when it comes near. */
export function findIslands(root: ParentNode = document): void {
  for (const place of root.querySelectorAll<HTMLElement>("[data-island]:not([data-started])")) {
    const name = place.dataset.island ?? "";
    if (["report-form", "live-list", "replay", "centre"].includes(name)) void begin(place);
    else near.observe(place);
  }
}
