// MapLibre's worker under an address of its own (the content security policy allows no blob: workers).
import "maplibre-gl/dist/maplibre-gl-worker.mjs";
