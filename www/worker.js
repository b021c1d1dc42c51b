// Every worker of a run: loads an engine into itself, the one with the workloads, with the programs or with Python,
// and begins what it is told. The page creates them all.
// See crates/protocol/src/message.rs for the conversation, and src/engine_client.rs for the other side.
self.addEventListener("message", start, { once: true });

async function start({ data: { artifact, module, memory, command, port, segment, program, lock, pool } }) {
  let begin, wbg_rayon_start_worker;
  try {
    const engine = await import(`./${artifact}.js`);
    ({ begin, wbg_rayon_start_worker } = engine);
    await Promise.all([engine.default({ module_or_path: module, memory }), lock && hold(lock)]);
  } catch (error) {
    self.postMessage({ broken: String(error) });
    return;
  }
  // What goes wrong from here on is told by the engine, which listens for it.
  if (pool === undefined) {
    begin(command, port, segment, program);
  } else {
    self.postMessage({ pooled: true });
    wbg_rayon_start_worker(pool);
  }
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
