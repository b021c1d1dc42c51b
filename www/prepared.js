// Python made ready before a program is run: one worker in whose memory an interpreter has imported what most programs
// need, and an image of that memory, with which others begin. Until a run takes that worker it looks at the program while
// it is written. The image is kept over visits where the browser has room for it.
// See prepare and check in crates/python/src/web.rs, worker.js for the other side, and src/engine_client.rs for who calls.
const KEPT = "interleave-python";
// Who writes on is not interrupted.
const PAUSE_MS = 300;
// An image that was begun so long ago is there before a run could have made an interpreter of its own.
const SOON_MS = 300;

let module;
let image;
// The worker that nobody has taken yet.
let keeper;
let asked = 0;

// Fetches and compiles Python, once, and tells how many bytes have come: less than none while the host says that it is
// still to be built.
export async function load(told) {
  keeper ??= begin();
  const { waiting, loaded } = keeper;
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
  keeper ??= begin();
  keeper.wanted = false;
  keeper.make();
}

// Resolves when a run should begin, once Python is loaded: with an image, or without one if that is sooner.
export async function want() {
  const it = (keeper ??= begin());
  it.wanted = true;
  if (!image && performance.now() - it.making > SOON_MS) await it.made;
}

// A worker with Python, which belongs to whom it is given: the one that is there, unless it is still being made ready. If
// an earlier visit kept an image it goes on with that.
export function takeWorker() {
  if (!keeper || (!image && keeper.making)) return another();
  const { worker, leave } = keeper;
  leave();
  return worker;
}

// For a process of a run. Once it has begun there is one for the next.
function another() {
  const worker = create({ module, image });
  worker.addEventListener("message", ({ data }) => {
    if (data.update && image) keeper ??= begin();
  });
  return worker;
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
  if (module && !image && !keeper) return;
  keeper ??= begin();
  await keeper.made;
  return keeper?.check(text);
}

function create(message) {
  const worker = new Worker(interleaveFile("worker.js"), { type: "module" });
  worker.postMessage({ artifact: interleaveFile("python.js"), ...message });
  return worker;
}

function begin() {
  const files = { wasm: interleaveFile("python_bg.wasm"), keeps: KEPT };
  const worker = create(image ? { module, image } : { module, ...files });
  const [loaded, made] = [promised(), promised()];
  // Who waits for it hears of it.
  loaded.promise.catch(() => {});
  if (image) made.go();
  const answers = [];
  const it = {
    worker,
    waiting: new Set(),
    loaded: loaded.promise,
    made: made.promise,
    // Begins the image, if there is none; a run that waits goes first.
    make() {
      if (!it.bare || it.making || it.wanted) return;
      it.making = performance.now();
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
      keeper = undefined;
      for (const done of [made.go, ...answers]) done();
    },
  };
  const giveUp = (why) => {
    worker.terminate();
    loaded.fail(new Error(why));
    it.leave();
  };
  worker.onerror = (event) => {
    event.preventDefault();
    giveUp(event.message);
  };
  worker.onmessage = ({ data }) => {
    if (data.bytes) it.waiting.forEach((told) => told(data.bytes));
    if (data.module) loaded.go(data.module);
    if (data.bare) {
      it.bare = true;
      it.make();
    }
    if (data.image) {
      image = data.image;
      if (it.making) keep().catch(() => {});
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
