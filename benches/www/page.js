// The bench page: creates the workers that a measurement asks for and ends them all when it has its answer.
const compiled = new Map();

async function compile(address) {
  if (!compiled.has(address)) {
    const bytes = await (await fetch(new URL(address, import.meta.url))).arrayBuffer();
    compiled.set(address, await WebAssembly.compile(bytes));
  }
  return compiled.get(address);
}

const now = () => performance.timeOrigin + performance.now();
const create = (script) => new Worker(new URL(script, import.meta.url), { type: "module" });

// Calls an export of the bench artifact in a worker with an instance of its own.
export async function call(name, ...args) {
  const module = await compile("bench_bg.wasm");
  const workers = [];
  try {
    return await new Promise((resolve, reject) => {
      const start = (name, args, memory, transfer = []) => {
        const worker = create("worker.js");
        workers.push(worker);
        worker.onerror = (event) => reject(new Error(event.message || "a worker did not load"));
        worker.onmessage = ({ data }) => {
          if ("spawn" in data) start(data.spawn, data.args, data.memory, data.args.filter((it) => it instanceof MessagePort));
          else if ("error" in data) reject(new Error(data.error));
          else if (worker === workers[0]) resolve(data.answer);
        };
        worker.postMessage({ module, memory, name, args }, transfer);
      };
      start(name, args);
    });
  } finally {
    workers.forEach((worker) => worker.terminate());
  }
}

// The same for what processes share: their memory is the first argument.
export const callShared = (name, ...args) => call(name, new SharedArrayBuffer(256 * 1024 * 1024), ...args);

const said = (worker) => new Promise((resolve, reject) => {
  worker.onerror = (event) => reject(new Error(event.message || "a worker did not load"));
  worker.onmessage = ({ data }) => resolve(data);
});

// From `new Worker` to its first instruction after it instantiated the engine, in nanoseconds: with a memory of its
// own, or on that of another worker.
export async function bareStarts(count, shared) {
  const module = await compile("../engine_bg.wasm");
  const workers = [];
  const start = async (memory) => {
    const begin = now();
    const worker = create("bare.js");
    workers.push(worker);
    worker.postMessage({ role: "start", module, memory });
    const { at, memory: own } = await said(worker);
    return { ns: (at - begin) * 1e6, memory: own };
  };
  try {
    const memory = shared ? (await start()).memory : undefined;
    const times = [];
    for (let n = 0; n < count; n += 1) times.push((await start(memory)).ns);
    return times;
  } finally {
    workers.forEach((worker) => worker.terminate());
  }
}

// What two workers measure between themselves over a channel, with no wasm in them.
export async function bare(role, ...args) {
  const [one, other] = [create("bare.js"), create("bare.js")];
  try {
    const { port1, port2 } = new MessageChannel();
    const cell = new Int32Array(new SharedArrayBuffer(16));
    const answer = said(one);
    other.postMessage({ role: `${role}Other`, port: port2, cell }, [port2]);
    one.postMessage({ role, port: port1, cell, args }, [port1]);
    return await answer;
  } finally {
    [one, other].forEach((worker) => worker.terminate());
  }
}

let pyodide;

// Runs a Python program in Pyodide, which is loaded once a page, and gives the lines that it prints.
export async function inPyodide(program) {
  pyodide ??= create("pyodide_worker.js");
  const lines = [];
  await new Promise((resolve, reject) => {
    pyodide.onerror = (event) => reject(new Error(event.message || "Pyodide did not load"));
    pyodide.onmessage = ({ data: { line, error } }) => {
      if (line !== undefined) {
        globalThis.firstPrint ??= performance.now();
        lines.push(line);
      } else if (error === undefined) resolve();
      else reject(new Error(error));
    };
    pyodide.postMessage(program);
  });
  return lines;
}

globalThis.bench = { call, callShared, bareStarts, bare, inPyodide };

// A visit that is for Python alone.
if (location.search === "?pyodide") inPyodide('print("hello")');
