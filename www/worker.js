// Every worker of a run: loads an engine into itself, the one with the workloads, with the programs or with Python,
// and begins what it is told. The page creates them all, and says first what to load and then what to begin; one that is
// made ready beforehand looks at programs between the two. What to load may be its name as well, since messages come only
// once the page's thread has a moment for them.
// See crates/protocol/src/message.rs for the conversation, and src/engine_client.rs for the other side.
let loading;
const loaded = new Promise((go) => (loading = go));
self.addEventListener("message", ({ data }) => {
  if (data.artifact) loading(load(data));
  else if (data.command) begin(data);
  else if (data.make) make();
  else if (data.check !== undefined) look(data.check);
});

async function load({ artifact, module, memory, image, wasm, keeps }) {
  try {
    const kept = keeps && read(keeps).catch(() => {});
    const [engine, compiled] = await Promise.all([import(artifact), module ?? compile(wasm)]);
    const instance = await engine.default({ module_or_path: compiled, memory });
    const it = { engine, instance, image };
    if (image) become(instance, image);
    else if (keeps) remember(it, compiled, await kept);
    return it;
  } catch (error) {
    broken(error);
  }
}

const broken = (error) => self.postMessage({ broken: String(error?.message ?? error) });

async function begin({ command, port, segment, program, lock, pool }) {
  const [it] = await Promise.all([loaded, lock && hold(lock)]);
  if (!it) return;
  const { engine, instance } = it;
  // What goes wrong from here on is told by the engine, which listens for it.
  watchStack(engine);
  if (pool === undefined) {
    const last = engine.begin(command, port, segment, program);
    if (last) {
      instance.__wbindgen_thread_destroy();
      self.postMessage({ update: last });
    }
  } else {
    self.postMessage({ pooled: true });
    engine.wbg_rayon_start_worker(pool);
  }
}

// Fetches and compiles Python, and tells the page how many bytes have come: less than none while the host says that it is
// still to be built. Not in the page, which has enough to do while it opens. See prepared.js.
async function compile(address) {
  let response = await fetch(address);
  while (response.status === 503) {
    self.postMessage({ bytes: -1 });
    await new Promise((go) => setTimeout(go, 1000));
    response = await fetch(address);
  }
  if (!response.ok) throw new Error(`${address.split("/").at(-1)} came with status ${response.status}`);
  const counted = response.clone().body.getReader();
  let bytes = 0;
  let said = 0;
  const count = ({ done, value }) => {
    if (done) return;
    bytes += value.length;
    if (performance.now() - said > 50) {
      said = performance.now();
      self.postMessage({ bytes });
    }
    return counted.read().then(count);
  };
  counted.read().then(count, () => {});
  // A plain host may not know the media type of WebAssembly.
  const known = response.headers.get("Content-Type")?.startsWith("application/wasm");
  const module = await WebAssembly.compileStreaming(known ? response : new Response(response.body, { headers: { "Content-Type": "application/wasm" } }));
  self.postMessage({ module });
  return module;
}

// What an earlier visit kept: the image of a memory in which Python is ready, in a file whose name says the rest.
async function read(name) {
  const root = await navigator.storage.getDirectory();
  const place = await root.getDirectoryHandle(name);
  for await (const [called, handle] of place.entries()) {
    const [build, table, length] = called.split(".");
    const file = await handle.createSyncAccessHandle({ mode: "read-only" });
    try {
      if (file.getSize() !== Number(length)) return;
      const memory = room(file.getSize());
      file.read(new Uint8Array(memory));
      return { memory, table: Number(table), build };
    } finally {
      file.close();
    }
  }
}

const room = (length) => new (self.crossOriginIsolated ? SharedArrayBuffer : ArrayBuffer)(length);

// Goes on where an earlier visit was, if the build is the same; or else begins Python.
function remember(it, module, kept) {
  // Which build it is, as its own bytes say.
  const [bytes] = WebAssembly.Module.customSections(module, "interleave-build");
  it.build = bytes && new TextDecoder().decode(bytes);
  if (it.build && kept?.build === it.build) {
    become(it.instance, kept);
    it.image = kept;
    self.postMessage({ image: kept });
    // So the browser has compiled much of what a run begins with before there is one.
    it.engine.check("print(0)");
    become(it.instance, kept);
  } else {
    it.engine.start();
    self.postMessage({ bare: true });
  }
}

// Has Python import what most programs need, and gives the page the image of that.
async function make() {
  const it = await loaded;
  try {
    it.engine.prepare();
    const { memory, __wbindgen_externrefs: table } = it.instance;
    it.image = { memory: room(memory.buffer.byteLength), table: table.length, build: it.build };
    new Uint8Array(it.image.memory).set(new Uint8Array(memory.buffer));
    self.postMessage({ image: it.image });
  } catch (error) {
    broken(error);
  }
}

// Looks at a program before a run takes this worker, and leaves no trace: a run begins with the image, whatever came before.
async function look(text) {
  const it = await loaded;
  if (!it) return;
  const { engine, instance, image } = it;
  try {
    const found = engine.check(text);
    // What has grown does not shrink.
    const spent = instance.memory.buffer.byteLength > image.memory.byteLength;
    if (!spent) become(instance, image);
    self.postMessage({ found, spent });
  } catch (error) {
    // A program may be too deep to be read.
    self.postMessage({ broken: String(error) });
  }
}

// A new instance goes on where another was when the image was taken. Both laid out their memory in the same way, and the
// other kept no value of JavaScript; the table where such values are is as long as it believes.
function become({ memory, __wbindgen_externrefs: table }, image) {
  const missing = image.memory.byteLength - memory.buffer.byteLength;
  if (missing > 0) memory.grow(missing / 65536);
  if (table.length < image.table) table.grow(image.table - table.length);
  new Uint8Array(memory.buffer).set(new Uint8Array(image.memory));
}

// A stack can run full anywhere, within the allocator too, whose lock is held for ever then. So that is told from here,
// and not by the engine, which would wait for the lock.
function watchStack({ lane }) {
  const look = (event) => {
    if (!/call stack|too much recursion/.test(event.message ?? event.reason?.message)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    self.postMessage({ tooDeep: lane() });
  };
  self.addEventListener("error", look);
  self.addEventListener("unhandledrejection", look);
}

// Takes a lock for as long as this worker lives: that is how the page learns that it is gone. The page is told
// only once the lock is held, or it could come first; where there are no locks it is not told.
async function hold(lock) {
  await new Promise((go) => {
    const held = () => {
      self.postMessage({ held: lock });
      go();
      return new Promise(() => {});
    };
    (navigator.locks?.request(lock, held) ?? Promise.reject()).catch(go);
  });
}

// wasm-bindgen-rayon would create the workers of its pool in here, from a blob. Firefox now and then never starts
// such a worker, and the pool waits for ever; see docs/ARCHITECTURE.md. So a stand-in asks the page, which has
// module and memory, and says when a worker of the pool is ready.
const awaited = [];
self.Worker = class extends EventTarget {
  postMessage({ receiver }) {
    awaited.push(this);
    self.postMessage({ pool: receiver });
  }
};
self.addEventListener("message", ({ data }) => {
  if (!data.pooled) return;
  awaited.shift()?.dispatchEvent(new MessageEvent("message", { data: { type: "wasm_bindgen_worker_ready" } }));
});
URL.createObjectURL = () => "";
URL.revokeObjectURL = () => {};

if (self.name) {
  self.postMessage({ begun: true });
  loading(load(JSON.parse(self.name)));
}
