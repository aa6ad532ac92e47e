declare const MAP_WORKER: string;
declare const MAP_CSS: string;
declare const SHELL: string[];
declare const VERSION: string;
declare module "*.css";
declare module "htmx.org";
declare module "maplibre-gl/dist/maplibre-gl-worker.mjs";
