// The service worker, with three jobs: it isolates the page on hosts that send no headers (registered with
// `?isolate`), it gives workers the policy that their host may not, and it delays downloads of files/ by the latency
// that their address asks for. Nothing is cached.
const ISOLATES = location.search === "?isolate";
// As _headers has them.
const POLICY = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src 'self'; frame-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'",
};
const HEADERS = {
  ...POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  const latency = new URL("files/", location).pathname === url.pathname.replace(/[^/]*$/, "") && url.searchParams.get("latency");
  const off = request.mode === "navigate" && url.searchParams.get("isolation") === "off";
  if (latency) event.respondWith(delayed(request, Number(latency)));
  else if (ISOLATES && !off) event.respondWith(fetched(request, HEADERS));
  else if (request.destination === "worker") event.respondWith(fetched(request, POLICY));
});

async function fetched(request, more) {
  const response = await fetch(request);
  if (response.type === "opaqueredirect" || response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(more)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response([204, 304].includes(status) ? null : response.body, { status, statusText, headers });
}

async function delayed(request, latency) {
  await new Promise((resolve) => setTimeout(resolve, latency));
  return fetched(request, { ...HEADERS, "X-Interleave-Latency": String(latency) });
}
