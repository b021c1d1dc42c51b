// Starts the page's program, and says where the site's files are. A file of its own, since the page's policy allows no
// script within the document.
import * as prepared from "./prepared.js";

// A published page names the places whose names carry a hash of what is in them; see xtask/src/site.rs.
const names = document.querySelector("meta[name=interleave-files]")?.content.split(" ") ?? [];
const [, worker = "worker.js", python = "python/"] = names;

// The address of a file of the site. The worker is beside the page, so that what runs in it finds what is there.
globalThis.interleaveFile = (name) => {
  if (name === "worker.js") return new URL(worker, document.baseURI).href;
  if (name.startsWith("python")) return new URL(python + name, document.baseURI).href;
  return new URL(name, import.meta.url).href;
};

// A document in a sandbox is of no origin, and may start only workers whose script it made itself; of those Chromium starts
// no modules. So the script is a classic one that imports, says where it would lie, and keeps what comes meanwhile.
if (origin === "null") {
  const relay = (address) => `
    globalThis.interleavePlace = ${JSON.stringify(document.baseURI.split(/[?#]/)[0])};
    const early = [];
    const keep = (event) => early.push(event);
    addEventListener("message", keep);
    import(${JSON.stringify(address)}).then(() => {
      removeEventListener("message", keep);
      for (const { data, ports } of early) dispatchEvent(new MessageEvent("message", { data, ports }));
    }, (error) => postMessage({ broken: String(error) }));`;
  globalThis.Worker = class extends Worker {
    constructor(address, { name } = {}) {
      super(URL.createObjectURL(new Blob([relay(address)], { type: "text/javascript" })), { name });
    }
  };
}

// Loaded when it is asked for. What ran last may be shown in a post.
globalThis.interleaveShare = (what) => import(interleaveFile("share.js")).then(({ open }) => open(what));
addEventListener("interleave:finished", ({ detail }) => (globalThis.interleaveLast = detail));

// The page's program asks for it; where a link has a program of Python's, what takes longest begins before that.
globalThis.interleavePython = prepared;
if (/[?&#]workload=python(&|$)/.test(location.search + location.hash)) {
  if (crossOriginIsolated) await prepared.beginEarly();
  else globalThis.interleaveIsolation?.then(prepared.prepare);
}

const { default: init } = await import("./interleave.js");
await init({ module_or_path: interleaveFile("interleave_bg.wasm") });
