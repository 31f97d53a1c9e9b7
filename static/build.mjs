// Rule: the one step from these modules to dist/: bundled, minified, named by content, so that a browser may keep
// each file for ever and only ever asks for index.html again.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { compressAll } from "./compress.mjs";

const SOURCE = dirname(fileURLToPath(import.meta.url));
const DIST = join(SOURCE, "dist");
// Where the server serves dist/. The page itself lives at /chat/…, so its files cannot be named relatively.
const PUBLIC_PATH = "/";
// Part of main.js; every other language is a file of its own, fetched only where it is spoken.
const FIRST_LANGUAGE = "en.js";
// Fetched with the first message that has some.
const MATHS = "view/maths_drawing.js";
const ICONS = ["icons/icon-192.png", "icons/icon-512.png", "icons/icon-maskable.png"];

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST, { recursive: true });
const otherLanguages = (await readdir(join(SOURCE, "language"))).filter((name) => name !== FIRST_LANGUAGE);
const atNeed = await bundle([...otherLanguages.map((name) => `language/${name}`), MATHS]);
const favicon = await copyHashed("favicon.svg");
const icons = Object.assign({ ...favicon }, ...(await Promise.all(ICONS.map(copyHashed))));
const names = {
  ...(await bundle(["main.js", "theme.js", "style.css"], [fetchedAtNeed(atNeed)])),
  ...favicon,
  ...(await copyHashed("icons/icon-180.png")),
  ...(await writeHashed("manifest.webmanifest", await naming("manifest.webmanifest", icons))),
};
await writeFile(join(DIST, "index.html"), (await naming("index.html", names)).replace(/\n\s+/g, "\n"));
await writeWorker();
await compressAll(DIST);

/** @returns {Promise<Record<string, string>>} the built name of each source */
async function bundle(sources, plugins = []) {
  const { metafile } = await build({
    absWorkingDir: SOURCE,
    entryPoints: sources,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["chrome123", "firefox128", "safari17.5"],
    charset: "utf8",
    legalComments: "none",
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    loader: { ".woff2": "file" },
    publicPath: PUBLIC_PATH,
    outdir: DIST,
    plugins,
    metafile: true,
  });
  const outputs = Object.entries(metafile.outputs).filter(([, { entryPoint }]) => sources.includes(entryPoint));
  return Object.fromEntries(outputs.map(([path, { entryPoint }]) => [entryPoint, relative(DIST, join(SOURCE, path))]));
}

// esbuild's own splitting would put its helpers into a third file, which the first load would have to wait for.
function fetchedAtNeed(built) {
  const resolve = ({ path, resolveDir, kind }) => {
    const name = built[relative(SOURCE, join(resolveDir, path))];
    return kind === "dynamic-import" && name ? { path: `./${name}`, external: true } : undefined;
  };
  return {
    name: "fetched-at-need",
    setup: ({ onResolve }) => onResolve({ filter: /\/(?:language\/|maths_drawing)/ }, resolve),
  };
}

async function copyHashed(source) {
  return writeHashed(source, await readFile(join(SOURCE, source)));
}

async function writeHashed(source, content) {
  const name = basename(source).replace(".", `-${digest(content)}.`);
  await writeFile(join(DIST, name), content);
  return { [source]: name };
}

function digest(content) {
  return createHash("sha256").update(content).digest("hex").slice(0, 8);
}

/** @returns {Promise<string>} a source's text, with the built names of the files that it names */
async function naming(source, built) {
  let text = await readFile(join(SOURCE, source), "utf8");
  for (const [named, name] of Object.entries(built)) {
    if (!text.includes(`"${named}"`)) throw new Error(`${source} does not name ${named}`);
    text = text.replaceAll(`"${named}"`, `"${PUBLIC_PATH}${name}"`);
  }
  return text;
}

// Its own name stays, since browsers ask under it for news; what it keeps is named by content, the document too.
async function writeWorker() {
  const files = (await readdir(DIST)).filter((name) => name !== "index.html").sort();
  const document = await readFile(join(DIST, "index.html"));
  await build({
    absWorkingDir: SOURCE,
    entryPoints: ["worker.js"],
    minify: true,
    charset: "utf8",
    outdir: DIST,
    define: {
      SHELL: JSON.stringify(files.map((name) => PUBLIC_PATH + name)),
      VERSION: JSON.stringify(digest(document + files.join())),
    },
  });
}
