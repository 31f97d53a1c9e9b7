// Rule: the one step from these modules to dist/: bundled, minified, named by content, so that a browser may keep
// each file for ever and only ever asks for index.html again.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const SOURCE = dirname(fileURLToPath(import.meta.url));
const DIST = join(SOURCE, "dist");
// Where the server serves dist/. The page itself lives at /chat/…, so its files cannot be named relatively.
const PUBLIC_PATH = "/";
// Part of main.js; every other language is a file of its own, fetched only where it is spoken.
const FIRST_LANGUAGE = "en.js";
// Fetched with the first message that has some.
const MATHS = "view/maths_drawing.js";

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST, { recursive: true });
const otherLanguages = (await readdir(join(SOURCE, "language"))).filter((name) => name !== FIRST_LANGUAGE);
const atNeed = await bundle([...otherLanguages.map((name) => `language/${name}`), MATHS]);
const names = {
  ...(await bundle(["main.js", "theme.js", "style.css"], [fetchedAtNeed(atNeed)])),
  ...(await copyHashed("favicon.svg")),
};
await writeFile(join(DIST, "index.html"), await pageNaming(names));

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
  const bytes = await readFile(join(SOURCE, source));
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
  const name = source.replace(".", `-${hash}.`);
  await writeFile(join(DIST, name), bytes);
  return { [source]: name };
}

async function pageNaming(built) {
  let page = await readFile(join(SOURCE, "index.html"), "utf8");
  for (const [source, name] of Object.entries(built)) {
    if (!page.includes(`"${source}"`)) throw new Error(`index.html does not name ${source}`);
    page = page.replaceAll(`"${source}"`, `"${PUBLIC_PATH}${name}"`);
  }
  return page.replace(/\n\s+/g, "\n");
}
