// Python made ready before a program is run: one worker in whose memory an interpreter has imported what most programs
// need, and an image of that memory, with which others begin. Until a run takes that worker it looks at the program while
// it is written. The image is kept over visits where the browser has room for it.
// See prepare and check in crates/python/src/web.rs, worker.js for the other side, and src/engine_client.rs for who calls.
const KEPT = "interleave-python";
// Who writes on is not interrupted.
const PAUSE_MS = 300;
// How long the page's program waits for a worker that begins.
const PATIENCE_MS = 100;

let module;
let image;
// The workers that nobody has taken yet, the eldest first.
const keepers = new Set();
const eldest = () => keepers.values().next().value ?? begin();
// How many there are for a program that starts processes: one may take more time to begin than a process does to end.
const SPARE = 2;
// How many processes there are.
let children = 0;
let asked = 0;
// When the first worker may be taken, if it was begun before there was a service worker.
let guarded;

// In a page that is isolated already Python begins to load before the page's program does. Resolves when its worker is
// there, since a page's thread that is busy holds it up.
export function beginEarly() {
  prepare();
  const { begun, giveUp } = eldest();
  // In a sandbox a worker has the policy of the document, and may not even ask for a service worker.
  if (origin !== "null" && !navigator.serviceWorker?.controller) guarded = guard(giveUp);
  return Promise.race([begun, new Promise((go) => setTimeout(go, PATIENCE_MS))]);
}

// A worker has the site's policy from the service worker, or from its host, as the headers of its script say. One that has
// none gives way to another as soon as there is a service worker.
async function guard(giveUp) {
  const said = fetch(interleaveFile("worker.js")).then(({ headers }) => headers.has("Content-Security-Policy"));
  if (await said.catch(() => false)) return;
  await globalThis.interleaveIsolation;
  giveUp("it has no policy");
  prepare();
}

// Fetches and compiles Python, once, and tells how many bytes have come: less than none while the host says that it is
// still to be built.
export async function load(told) {
  await guarded;
  const { waiting, loaded } = eldest();
  waiting.add(told);
  try {
    module ??= await loaded;
    return module;
  } finally {
    waiting.delete(told);
  }
}

// Has Python ready for the next run, which is not there yet.
export function prepare() {
  const it = eldest();
  it.wanted = false;
  it.make();
}

// Resolves when a run should begin, once Python is loaded: with an image, or without one if that is sooner.
export async function want() {
  const it = eldest();
  it.wanted = true;
  if (!image && it.making) await it.made;
}

// A worker with Python for a run, to which it belongs: the one that is there, unless it is still being made ready. If an
// earlier visit kept an image it goes on with that. Where processes are likely their workers begin once this one has begun.
export function takeWorker(hasProcesses) {
  const [keeper] = keepers;
  const isThere = keeper && (image || !keeper.making);
  const worker = isThere ? keeper.worker : create({ module, image });
  if (isThere) keeper.leave();
  if (hasProcesses) onceBegun(worker, () => spare(SPARE));
  return worker;
}

// A worker for a process that a run starts. Where there is no image yet it waits for one, so that no two are made.
export function takeChild() {
  const worker = image ? takeWorker() : create();
  if (!image) {
    prepare();
    eldest().made.then(() => worker.postMessage(loads({ module, image })));
  }
  // What is made ready takes no processor from processes that are at work.
  children++;
  onceBegun(worker, () => children < navigator.hardwareConcurrency && spare(1));
  worker.terminate = () => {
    Worker.prototype.terminate.call(worker);
    children--;
    spare(SPARE);
  };
  return worker;
}

function onceBegun(worker, then) {
  worker.addEventListener("message", function listen({ data }) {
    if (!data.update) return;
    worker.removeEventListener("message", listen);
    then();
  });
}

function spare(count) {
  while (keepers.size < (image ? count : 1)) begin();
}

// The first error in a program: where it begins and ends, as lines and columns from 1 on, and what is wrong. Nothing if
// there is none, or if it is not known; also if another program was asked about meanwhile.
export async function check(text) {
  const number = ++asked;
  await new Promise((go) => setTimeout(go, PAUSE_MS));
  if (number !== asked) return;
  // A run may take the worker before it has answered; then the next one is asked, which is soon there with an image.
  const answer = (await ask(text)) ?? (image && (await ask(text)));
  return number === asked ? answer?.found : undefined;
}

async function ask(text) {
  // Not beside a run that began without an image: whoever makes one has a core for itself.
  if (module && !image && !keepers.size) return;
  await eldest().made;
  const [keeper] = keepers;
  return keeper?.check(text);
}

const loads = (what) => ({ artifact: interleaveFile("python.js"), ...what });

// What is to be loaded is its name if it is text; if it is nothing it is told later.
function create(what) {
  const name = what && !what.module ? JSON.stringify(loads(what)) : "";
  const worker = new Worker(interleaveFile("worker.js"), { type: "module", name });
  if (what?.module) worker.postMessage(loads(what));
  return worker;
}

function begin() {
  const files = { wasm: interleaveFile("python_bg.wasm"), keeps: KEPT };
  const worker = create(image ? { module, image } : { module, ...files });
  const [begun, loaded, made] = [promised(), promised(), promised()];
  // Who waits for it hears of it.
  loaded.promise.catch(() => {});
  if (image) made.go();
  const answers = [];
  const it = {
    worker,
    waiting: new Set(),
    begun: begun.promise,
    loaded: loaded.promise,
    made: made.promise,
    // Begins the image, if there is none; a run that waits goes first.
    make() {
      if (!it.bare || it.making || it.wanted) return;
      it.making = true;
      worker.postMessage({ make: true });
    },
    check: (text) => new Promise((done) => {
      answers.push(done);
      worker.postMessage({ check: text });
    }),
    leave() {
      worker.onmessage = worker.onerror = null;
      // That of an earlier visit may only just be there.
      worker.addEventListener("message", ({ data }) => (image ??= data.image));
      keepers.delete(it);
      for (const done of [begun.go, made.go, ...answers]) done();
    },
    giveUp(why) {
      worker.terminate();
      loaded.fail(new Error(why));
      it.leave();
    },
  };
  keepers.add(it);
  const { giveUp } = it;
  worker.onerror = (event) => {
    event.preventDefault();
    giveUp(event.message);
  };
  worker.onmessage = ({ data }) => {
    if (data.begun) begun.go();
    if (data.bytes) it.waiting.forEach((told) => told(data.bytes));
    if (data.module) loaded.go(data.module);
    if (data.bare) {
      it.bare = true;
      it.make();
    }
    if (data.image) {
      image = data.image;
      if (it.making) keep().catch(() => {}).then(tellWhatWasLoaded).catch(() => {});
      made.go();
    }
    if ("found" in data) answers.shift()?.(data);
    if (data.broken || data.spent) giveUp(data.broken);
    // A run would not find it as it finds others.
    if (data.spent) prepare();
  };
  return it;
}

function promised() {
  const it = {};
  it.promise = new Promise((go, fail) => Object.assign(it, { go, fail }));
  return it;
}

// A service worker that came after Python's files were loaded has not seen them.
async function tellWhatWasLoaded() {
  if (!guarded) return;
  const { active } = await navigator.serviceWorker.ready;
  const place = new URL("./", document.baseURI).href;
  active.postMessage({ loaded: ["python.js", "python_bg.wasm"].map((name) => interleaveFile(name).replace(place, "")) });
}

// In a file whose name says the build, how long the table is and how long the file: one that was not written to its end
// is shorter. worker.js reads it. Without it the next visit makes another.
async function keep() {
  if (!image.build) return;
  const root = await navigator.storage.getDirectory();
  const place = await root.getDirectoryHandle(KEPT, { create: true });
  for (const older of await Array.fromAsync(place.keys())) await place.removeEntry(older);
  const file = await place.getFileHandle(`${image.build}.${image.table}.${image.memory.byteLength}`, { create: true });
  const stream = await file.createWritable();
  await stream.write(new Uint8Array(image.memory).slice());
  await stream.close();
}
