// Python made ready before a program is run: a worker in whose memory an interpreter has imported what most programs
// need, an image of that memory, with which runs and their processes begin, and what the worker says of a program that is
// being written. The image is kept over visits where the browser has room for it.
// See prepare and check in crates/python/src/web.rs, and www/worker.js for the other side.
const KEPT = "interleave-python";

let module;
let image;
// The one worker, as soon as it can be asked.
let keeper;
let asked = 0;
// Who writes on is not interrupted.
const PAUSE_MS = 300;

export function prepare(compiled) {
  module ??= compiled;
  keeper ??= begin();
  // Who asks it hears what went wrong; a run begins without an image.
  keeper.catch(() => {});
}

// What a run begins with, if there is one yet.
export function imageOfPython() {
  return image;
}

// The first error in a program: where it begins and ends, as lines and columns from 1 on, and what is wrong. Nothing if
// there is none, or if it is not known; also if another program was asked about meanwhile.
export async function check(text) {
  const number = ++asked;
  await new Promise((go) => setTimeout(go, PAUSE_MS));
  const worker = await keeper?.catch(() => {});
  if (!worker || number !== asked) return;
  return new Promise((go) => {
    const told = ({ data }) => {
      if (data.checked !== number) return;
      worker.removeEventListener("message", told);
      go(number === asked ? data.found : undefined);
    };
    worker.addEventListener("message", told);
    worker.postMessage({ check: number, text });
  });
}

async function begin() {
  image ??= await kept().catch(() => undefined);
  const worker = new Worker(interleaveFile("worker.js"), { type: "module" });
  return new Promise((go, fail) => {
    const giveUp = (why) => {
      worker.terminate();
      keeper = undefined;
      fail(why);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      giveUp(event.message);
    };
    worker.addEventListener("message", ({ data }) => {
      if (data.broken) giveUp(data.broken);
      if (!data.ready) return;
      if (data.image) {
        image = data.image;
        keep().catch(() => {});
      }
      go(worker);
    });
    worker.postMessage({ artifact: interleaveFile("python.js"), module, image, keeps: true });
  });
}

// Which build of the artifact this is, as its own bytes say.
function build() {
  const [bytes] = WebAssembly.Module.customSections(module, "interleave-build");
  return bytes && `python-image/${new TextDecoder().decode(bytes)}`;
}

async function kept() {
  const response = await (await caches.open(KEPT)).match(build());
  if (!response) return;
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { memory: crossOriginIsolated ? shared(bytes) : bytes.buffer, table: Number(response.headers.get("X-Table")) };
}

function shared(bytes) {
  const memory = new SharedArrayBuffer(bytes.length);
  new Uint8Array(memory).set(bytes);
  return memory;
}

async function keep() {
  const name = build();
  if (!name) return;
  const store = await caches.open(KEPT);
  for (const older of await store.keys()) await store.delete(older);
  await store.put(name, new Response(new Uint8Array(image.memory).slice(), { headers: { "X-Table": image.table } }));
}
