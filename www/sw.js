// The service worker, with four jobs: it isolates the page on hosts that send no headers (registered with `?isolate`),
// and players within other pages in any case,
// it gives workers the policy that their host may not, it delays downloads of files/ by the latency that their address
// asks for, and it keeps the files of a published page, so that the page opens without its host too.
// Names of what never changes carry a hash (xtask/src/site.rs), so files of two versions are never taken for each other;
// everything else is asked of the host first.
const ISOLATES = location.search === "?isolate";
// As _headers has them.
const POLICY = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self'; img-src 'self'; frame-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'",
};
const HEADERS = {
  ...POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "cross-origin",
  "Access-Control-Allow-Origin": "*",
};
// A player within somebody else's page is isolated by itself, where the browser knows of that.
const PLAYER = { ...HEADERS, "Document-Isolation-Policy": "isolate-and-require-corp" };
const SCOPE = new URL("./", location);
// One origin may have several sites.
const STORE = `interleave-files ${SCOPE.pathname}`;
const HASHED = /^(site-[0-9a-f]{16}\/|python-[0-9a-f]{16}\/|worker-[0-9a-f]{16}\.js$)/;
// Which version the page of a client is.
const CLIENT = "clients/";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  // Browsers ask for that icon by themselves, and give it up when a page goes. The site has none.
  if (url.origin !== location.origin || url.pathname.endsWith("/favicon.ico")) return;
  const name = nameOf(url);
  const latency = /^files\/[^/]*$/.test(name) && url.searchParams.get("latency");
  const off = request.mode === "navigate" && url.searchParams.get("isolation") === "off";
  // An example of a post is as its host serves it.
  const isolates = ISOLATES && !off && !name?.startsWith("examples/");
  const headers = name === "embed.html" ? PLAYER : isolates ? HEADERS : request.destination === "worker" ? POLICY : {};
  const found = () => (name === undefined || request.method !== "GET" ? fetch(request) : find(event, name));
  if (latency) event.respondWith(delayed(found, Number(latency)));
  else event.respondWith(found().then((response) => dressed(response, headers)));
});

// A page that is ready says of which version it is, as its document does; one that no service worker has asks for this one,
// and tells what it loaded before it had one.
self.addEventListener("message", (event) => {
  if (event.data?.claim) event.waitUntil(self.clients.claim());
  if (event.data?.loaded) event.waitUntil(caches.open(STORE).then((files) => add(files, event.data.loaded)).catch(sayWhyNot));
  if (event.data?.keep) event.waitUntil(keep(event.data.keep, event.source.id).catch(sayWhyNot));
});

// What a file of this site is called; nothing for what belongs to others.
function nameOf({ pathname }) {
  if (!pathname.startsWith(SCOPE.pathname)) return undefined;
  return pathname.slice(SCOPE.pathname.length).replace(/^index\.html$/, "") || "./";
}

function dressed(response, more) {
  if (response.type === "opaqueredirect" || response.status === 0 || Object.keys(more).length === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(more)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response([204, 304].includes(status) ? null : response.body, { status, statusText, headers });
}

async function delayed(found, latency) {
  await new Promise((resolve) => setTimeout(resolve, latency));
  return dressed(await found(), { ...HEADERS, "X-Interleave-Latency": String(latency) });
}

async function find(event, name) {
  const { request } = event;
  if (HASHED.test(name)) {
    const copy = await kept(name);
    if (copy) return copy;
    const response = await fetch(request);
    // Python too is kept once somebody wanted it.
    if (response.status === 200) event.waitUntil(store(name, response.clone()).catch(sayWhyNot));
    return response;
  }
  try {
    // A copy that some cache takes for fresh may be of an older version.
    return await (request.mode === "navigate" ? fetch(request.url, { cache: "no-cache", redirect: "manual" }) : fetch(request));
  } catch (error) {
    const copy = await kept(name);
    if (copy && !(await isHostThere())) return copy;
    throw error;
  }
}

// A file alone may fail, and is not to be replaced then.
const isHostThere = () => fetch(SCOPE, { method: "HEAD", cache: "no-store" }).then(() => true, () => false);

// Where storage is blocked there is none.
const kept = (name) => caches.open(STORE).then((files) => files.match(name, { ignoreVary: true }), () => undefined);

const store = (name, response) => caches.open(STORE).then((files) => files.put(name, response));

// Keeps all files of a version but Python's, and its page last: so the page that opens without its host always has its
// files. `names` are those of the version that the client's page is of.
async function keep(names, client) {
  await store(CLIENT + client, new Response(names));
  const files = await caches.open(STORE);
  if (!(await (await kept("./"))?.text())?.includes(names)) {
    // What a page that has just opened waits for comes first.
    await new Promise((go) => setTimeout(go, 3000));
    const page = await pageOf(names);
    if (!page) return;
    const [site] = names.split(" ");
    await add(files, await (await fetch(`${site}files.json`)).json());
    await files.put("./", page);
  }
  await drop(files, names);
}

// What never changes is there once.
async function add(files, names) {
  for (const name of names) {
    if (!HASHED.test(name) || !(await kept(name))) await files.add(name);
  }
}

// The page of this version, if the host still has it: the next one is kept when it has been opened.
async function pageOf(names) {
  for (const cache of ["force-cache", "no-cache"]) {
    const page = await fetch("./", { cache });
    if (page.ok && (await page.clone().text()).includes(names)) return page;
  }
}

// Deletes the files of versions that no open page is of, and what is known of pages that are gone.
async function drop(files, names) {
  const open = (await self.clients.matchAll({ includeUncontrolled: true })).map(({ id }) => CLIENT + id);
  const needed = new Set(names.split(" "));
  const keys = (await files.keys()).map((request) => nameOf(new URL(request.url)));
  for (const name of keys.filter((name) => name.startsWith(CLIENT))) {
    if (open.includes(name)) (await (await kept(name)).text()).split(" ").forEach((name) => needed.add(name));
    else await files.delete(name);
  }
  for (const name of keys) {
    const [hashed] = HASHED.exec(name) ?? [];
    if (hashed && !needed.has(hashed)) await files.delete(name);
  }
}

let said = false;
function sayWhyNot(error) {
  // The host is not there, or no longer has this version: then there is nothing to keep.
  if (error instanceof TypeError || said) return;
  said = true;
  console.info(`Interleave cannot be opened without its host: its files could not be kept (${error.message}).`);
}
