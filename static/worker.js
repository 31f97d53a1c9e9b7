// Rule: keeps the page itself for times without a network, the document and the files that it is made of, and nothing
// else: what was said, or is asked of the server, never passes here. The network goes first for the document, so a new
// version is there with the next one; what an older page may still fetch is kept for one version more.

/* global SHELL, VERSION -- the built files and their digest, put in by the build */

const PREFIX = "verbatim-";
const CURRENT = PREFIX + VERSION;
const DOCUMENT = "/";
const KEPT_VERSIONS = 1; // beside the current one
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
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(DOCUMENT, { cacheName: CURRENT });
    if (kept) return kept;
    throw error;
  }
}

const cacheFirst = async (request) => (await caches.match(request)) ?? fetch(request);
