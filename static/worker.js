// Rule: keeps the page itself for times without a network, or without a server, the document and the files that it is
// made of, and nothing else: what was said, or is asked of the server, never passes here. The network goes first for the
// document, so a new version is there with the next one; what an older page may still fetch is kept for one version more.

/* global SHELL, VERSION -- the built files and their digest, put in by the build */

const PREFIX = "verbatim-";
const CURRENT = PREFIX + VERSION;
const DOCUMENT = "/";
const KEPT_VERSIONS = 1; // beside the current one
// A network that carries nothing may take minutes to say so.
const PATIENCE_MS = 5_000;
// What stands in front of a server that is away answers for it.
const AWAY = new Set([502, 503, 504]);
const FILE = /^\/[\w-]+-\w{8}\.\w+$/; // named by its content, of this version or an older one

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(dropOld()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && isPage(pathname)) event.respondWith(networkFirst(request));
  else if (FILE.test(pathname)) event.respondWith(cacheFirst(request));
});

const isPage = (path) => path === DOCUMENT || path.startsWith("/chat/");

// The files have hashed names: the browser has most of them already and asks for none of these twice.
async function install() {
  const cache = await caches.open(CURRENT);
  const page = await fetch(DOCUMENT, { cache: "no-cache" });
  if (!page.ok || page.redirected) throw new Error(`the document was answered with ${page.status}`);
  if (!(await isOfThisVersion(page.clone()))) throw new Error("the document is of another version");
  await Promise.all([cache.put(DOCUMENT, page), cache.addAll(SHELL)]);
  await self.skipWaiting();
}

async function isOfThisVersion(page) {
  const named = (await page.text()).matchAll(/"(\/\w+-\w{8}\.(?:js|css))"/g);
  return [...named].every(([, path]) => SHELL.includes(path));
}

async function dropOld() {
  const older = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CURRENT);
  await Promise.all(older.slice(0, older.length - KEPT_VERSIONS).map((name) => caches.delete(name)));
}

async function networkFirst(request) {
  const asked = fetch(request);
  try {
    const page = await Promise.race([asked, tooLong()]);
    if (!AWAY.has(page.status)) return page;
  } catch {
    // Nobody answers.
  }
  return (await caches.match(DOCUMENT, { cacheName: CURRENT })) ?? asked;
}

const tooLong = () => new Promise((_, reject) => setTimeout(reject, PATIENCE_MS));

const cacheFirst = async (request) => (await caches.match(request)) ?? fetch(request);
