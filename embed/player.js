// The player's document: as light as the example in a post until it is to run, and then the page's program with the parts
// that were asked for. What it shows is in the address's fragment, as the page's links say it.
import { addressee, heard, say } from "./talk.js";

const site = new URL("./", document.currentScript.src);
const around = window.parent === window ? undefined : window.parent;
const said = () => new URLSearchParams(location.hash.slice(1));
const write = (params) => history.replaceState(null, "", `#${params}`);
// Of the page around this, once it spoke. Nobody else is heard from then on.
let origin;
let look = {};
// Why nothing can run, for who asks before it can be told.
let refusal;

const sheet = new CSSStyleSheet();
sheet.replaceSync("html { color-scheme: light dark } html[data-theme=light] { color-scheme: light } html[data-theme=dark] { color-scheme: dark } html, body { margin: 0; height: 100% } body > interleave-run { margin: 0; height: 100%; font-family: system-ui, sans-serif }");
document.adoptedStyleSheets = [sheet];

function tell(words) {
  if (origin !== undefined) around.postMessage(say(words), addressee(origin));
}

addEventListener("message", (event) => {
  const words = around && heard(event, around, origin);
  if (!words) return;
  if (origin === undefined) {
    origin = event.origin;
    if (refusal) tell({ is: "refused", sentence: refusal });
  }
  if (words.do === "look") {
    look = words;
    dress();
  } else if (words.do === "run" || words.do === "stop") {
    ask({ [words.do]: true });
  }
});

function dress() {
  const root = document.documentElement;
  if (look.size >= 6 && look.size <= 60) root.style.fontSize = `${look.size * 0.94}px`;
  if (look.rtl === true) root.dir = "rtl";
  if (["light", "dark"].includes(look.theme)) ask({ theme: look.theme });
}

const ask = (detail) => dispatchEvent(new CustomEvent("interleave:do", { detail }));

const theme = said().get("theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
if (said().has("play")) play();
else offer();

// The example as it is in a post. Its Run stays in this document.
function offer(sentence) {
  const params = said();
  const run = document.createElement("interleave-run");
  const language = params.get("lang") ?? (params.get("workload") === "python" || params.has("program") ? "python" : "rust");
  for (const name of ["lesson", "model", "workers", "gil", "seed", "program", "show", "title"]) {
    if (params.has(name)) run.setAttribute(name, params.get(name));
  }
  run.setAttribute("language", language);
  ["lesson", "program", "show", "title", "lang", "theme"].forEach((name) => params.delete(name));
  if (params.size > 0) run.setAttribute("preset", params.toString());
  run.here = (query) => {
    const next = new URLSearchParams(query);
    if (theme) next.set("theme", theme);
    next.set("play", "1");
    write(next);
    run.remove();
    play();
  };
  document.body.replaceChildren(run);
  if (sentence) run.refuse(sentence);
}

async function play() {
  const before = document.createElement("p");
  before.className = "before";
  before.setAttribute("role", "status");
  before.textContent = "Loading …";
  document.body.replaceChildren(before);
  countBytes(before);
  around?.postMessage(say({ is: "here" }), "*");
  const missing = lacks();
  try {
    if (missing) throw new Error(missing);
    if (await isolate()) return;
    const params = said();
    params.delete("play");
    params.delete("lang");
    write(params);
    listen();
    await Promise.all(["tokens", "page", "player"].map(styled));
    await import(new URL("start.js", site).href);
  } catch (error) {
    refusal = missing ?? `Nothing can run here: the player could not be loaded (${error.message}).`;
    tell({ is: "refused", sentence: refusal });
    const params = said();
    params.delete("play");
    write(params);
    offer(refusal);
  }
}

// Says how much came so far, to eyes only: a number that is read out again and again is no help. Of another origin, as all
// is in a sandbox, nothing is known.
function countBytes(place) {
  const count = document.createElement("span");
  count.setAttribute("aria-hidden", "true");
  place.append(count);
  let bytes = 0;
  const counter = new PerformanceObserver((list) => {
    if (!place.isConnected) return counter.disconnect();
    bytes += list.getEntries().reduce((sum, entry) => sum + entry.encodedBodySize, 0);
    if (bytes > 0) count.textContent = ` ${Math.ceil(bytes / 1e3)} kB so far.`;
  });
  counter.observe({ type: "resource" });
}

function lacks() {
  if (typeof WebAssembly !== "object") return "This browser has no WebAssembly, so nothing can run here.";
  if (typeof Worker !== "function") return "This browser has no workers, so nothing can run here.";
  return undefined;
}

// Has the service worker isolate this document, if that helps, at the cost of one reload. Only Chromium knows of documents
// that are isolated within one that is not.
async function isolate() {
  const params = said();
  try {
    const workers = navigator.serviceWorker;
    globalThis.interleaveIsolation = Promise.resolve();
    if (!workers) return false;
    const registered = workers.register("sw.js?isolate");
    const settled = registered.catch(() => {});
    if (!workers.controller) globalThis.interleaveIsolation = settled;
    if (crossOriginIsolated || !navigator.userAgentData || params.get("play") === "again") return false;
    await registered;
    if (!workers.controller) {
      const claimed = new Promise((go) => workers.addEventListener("controllerchange", go, { once: true }));
      // As in www/isolate.js.
      workers.ready.then(({ active }) => active.postMessage({ claim: true }));
      await Promise.race([claimed, new Promise((go) => setTimeout(go, 3000))]);
    }
    if (!workers.controller) return false;
    params.set("play", "again");
    write(params);
    location.reload();
    return true;
  } catch {
    // In a sandbox, or where storage is blocked, there are none.
    return false;
  }
}

// What ran in a post runs without its host too: the service worker keeps the files of this version, see sw.js.
async function keep() {
  const names = document.querySelector("meta[name=interleave-files]")?.content;
  try {
    if (names) (await navigator.serviceWorker.ready).active.postMessage({ keep: names });
  } catch {
    // As in a sandbox.
  }
}

function styled(name) {
  return new Promise((go, fail) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(`styles/${name}.css`, site).href;
    link.onload = go;
    link.onerror = () => fail(new Error(`${name}.css did not come`));
    document.head.append(link);
  });
}

function wantedHeight() {
  const player = document.querySelector(".player");
  player.classList.add("measured");
  const px = player.scrollHeight;
  player.classList.remove("measured");
  return px;
}

function listen() {
  const query = () => location.hash.slice(1);
  addEventListener("interleave:ready", () => {
    dress();
    tell({ is: "ready", mode: crossOriginIsolated ? "live with threads" : "live without threads" });
    ask({ run: true });
    keep();
    // Once there is something to measure, and when lines break elsewhere.
    let width = 0;
    new ResizeObserver(() => {
      if (innerWidth === width) return;
      width = innerWidth;
      if (width > 0) tell({ is: "height", px: wantedHeight() });
    }).observe(document.documentElement);
  }, { once: true });
  addEventListener("interleave:run", () => {
    tell({ is: "run" });
    tell({ is: "written", query: query() });
    others?.postMessage("runs");
  });
  addEventListener("interleave:finished", ({ detail }) => {
    tell({ is: "finished", run: detail });
    tell({ is: "written", query: query() });
  });
  addEventListener("interleave:refused", ({ detail }) => tell({ is: "refused", sentence: detail }));
  let pause;
  document.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => tell({ is: "written", query: query() }), 500);
  });
}

// Of the players of one site in one post only the last that was asked to run has workers.
const others = (() => {
  try {
    return new BroadcastChannel("interleave-players");
  } catch {
    return undefined;
  }
})();
others?.addEventListener("message", () => {
  if (!document.querySelector(".player")) return;
  ask({ stop: true });
  if (origin !== undefined) return tell({ is: "resting" });
  // Nobody takes the frame away, so it becomes light again by itself; what was written is in its address.
  location.reload();
});
