// Every worker of a run: loads an engine into itself, the one with the workloads, with the programs or with Python,
// and begins what it is told. The page creates them all.
// See crates/protocol/src/message.rs for the conversation, and src/engine_client.rs for the other side.
self.addEventListener("message", start, { once: true });

async function start({ data: { artifact, module, memory, image, command, port, segment, program, lock, pool, keeps } }) {
  let engine, instance;
  try {
    engine = await import(artifact);
    if (!keeps) watchStack(engine);
    [instance] = await Promise.all([engine.default({ module_or_path: module, memory }), lock && hold(lock)]);
    if (image) become(instance, image);
  } catch (error) {
    self.postMessage({ broken: String(error) });
    return;
  }
  // What goes wrong from here on is told by the engine, which listens for it.
  if (keeps) {
    keep(engine, instance, image);
  } else if (pool === undefined) {
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

// A new instance goes on where another was when the image was taken. Both laid out their memory in the same way, and the
// other kept no value of JavaScript; the table where such values are is as long as it believes.
function become({ memory, __wbindgen_externrefs: table }, image) {
  const missing = image.memory.byteLength - memory.buffer.byteLength;
  if (missing > 0) memory.grow(missing / 65536);
  if (table.length < image.table) table.grow(image.table - table.length);
  new Uint8Array(memory.buffer).set(new Uint8Array(image.memory));
}

// This worker runs nothing: it makes Python ready, unless that was done before, and looks at programs; see src/prepared.js.
function keep({ prepare, check }, { memory, __wbindgen_externrefs: table }, image) {
  self.addEventListener("message", ({ data }) => self.postMessage({ checked: data.check, found: check(data.text) }));
  if (image) return self.postMessage({ ready: true });
  prepare();
  const bytes = new Uint8Array(memory.buffer);
  const copy = new (self.crossOriginIsolated ? SharedArrayBuffer : ArrayBuffer)(bytes.length);
  new Uint8Array(copy).set(bytes);
  self.postMessage({ ready: true, image: { memory: copy, table: table.length } });
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
