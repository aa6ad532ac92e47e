// Builds the front end: scripts with splitting, style sheets with fonts, all under hashed names, and dist/manifest.json.
import { build } from "esbuild";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const OUT = "../src/thanglong/web/static/dist";
const CSS = ["portal", "desk", "centre", "map"];
await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });

const common = {
  bundle: true,
  minify: true,
  metafile: true,
  outdir: OUT,
  logLevel: "warning",
  legalComments: "none",
  loader: { ".woff2": "file", ".woff": "empty" },
  assetNames: "assets/[name]-[hash]",
};
// MapLibre's worker is a file of its own: a content security policy without blob: needs it at an address
const worker = await build({
  ...common,
  entryPoints: { "map-worker": "src/map-worker.ts" },
  entryNames: "[name]-[hash]",
  format: "esm",
  target: "es2022",
  ignoreAnnotations: true,
});
const manifest = {};
const note = (result) => {
  for (const [path, output] of Object.entries(result.metafile.outputs)) {
    if (!output.entryPoint) continue;
    const file = relative(OUT, path);
    const name = file.replace(/-[A-Z0-9]{8}(\.(js|css))$/, "$1");
    manifest[name] = file;
  }
};
note(worker);
const styles = await build({
  ...common,
  entryPoints: Object.fromEntries(CSS.map((name) => [name, `src/css/${name}.css`])),
  entryNames: "[name]-[hash]",
});
note(styles);
const scripts = await build({
  ...common,
  entryPoints: { app: "src/app.ts" },
  entryNames: "[name]-[hash]",
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  splitting: true,
  target: "es2022",
  define: {
    MAP_WORKER: JSON.stringify(`/static/dist/${manifest["map-worker.js"]}`),
    MAP_CSS: JSON.stringify(`/static/dist/${manifest["map.css"]}`),
  },
});
note(scripts);
// fonts the pages preload, by plain name
for (const path of Object.keys(styles.metafile.outputs)) {
  const font = /assets\/(be-vietnam-pro-[a-z]+-\d+-normal)-[A-Z0-9]+\.woff2$/.exec(path);
  if (font) manifest[`fonts/${font[1]}.woff2`] = relative(OUT, path);
}
// the service worker keeps its plain name at the root; it lists what the offline shell needs
const shell = ["app.js", "portal.css"].map((name) => `/static/dist/${manifest[name]}`);
const service = await build({
  ...common,
  entryPoints: { "service-worker": "src/service-worker.ts" },
  entryNames: "[name]-[hash]",
  format: "iife",
  target: "es2022",
  define: {
    SHELL: JSON.stringify(shell),
    VERSION: JSON.stringify(createHash("sha256").update(JSON.stringify(manifest)).digest("hex").slice(0, 12)),
  },
});
note(service);
await writeFile(join(OUT, "manifest.json"), JSON.stringify(manifest, null, 1));

const rows = [];
for (const entry of await readdir(OUT, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(js|css|json|svg)$/.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const content = await readFile(path);
  const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  await writeFile(`${path}.br`, brotli);
  rows.push([relative(OUT, path), content.length, gzipSync(content, { level: 9 }).length, brotli.length]);
}
if (process.argv.includes("--sizes")) {
  for (const [name, raw, gzip, brotli] of rows.sort((a, b) => b[2] - a[2])) {
    console.log(`${name.padEnd(44)} ${raw} raw  ${(gzip / 1000).toFixed(1)} kB gzip  ${(brotli / 1000).toFixed(1)} kB br`);
  }
}
