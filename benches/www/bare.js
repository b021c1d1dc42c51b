// The other side of the comparison: what the browser itself needs for the same, with nothing of ours but the glue
// that an instance cannot do without.
const now = () => performance.timeOrigin + performance.now();
const next = (port) => new Promise((resolve) => { port.onmessage = ({ data }) => resolve(data); });

// A lock as one writes it with Atomics: 0 is free, 1 taken, 2 taken and perhaps waited for.
const acquire = (cell) => {
  if (Atomics.compareExchange(cell, 0, 0, 1) === 0) return;
  while (Atomics.exchange(cell, 0, 2) !== 0) Atomics.wait(cell, 0, 2);
};
const release = (cell) => {
  if (Atomics.exchange(cell, 0, 0) === 2) Atomics.notify(cell, 0, 1);
};

// Two workers that begin and end each round together, and add under the lock in between.
function additions(cell, times, each) {
  const together = (word, n) => {
    Atomics.add(cell, word, 1);
    while (Atomics.load(cell, word) < 2 * n);
  };
  return Array.from({ length: times }, (_, n) => {
    together(2, n + 1);
    const begin = now();
    for (let m = 0; m < each; m += 1) {
      acquire(cell);
      cell[1] += 1;
      release(cell);
    }
    together(3, n + 1);
    return ((now() - begin) * 1e6) / (2 * each);
  });
}

const roles = {
  async start({ module, memory }) {
    const { default: init } = await import("../engine.js");
    const { memory: own } = await init({ module_or_path: module, memory });
    self.postMessage({ at: now(), memory: own });
  },

  // A message there and back, its buffer handed over.
  async roundTrips({ port, args: [count, bytes] }) {
    const times = [];
    for (let n = 0; n < count; n += 1) {
      const begin = now();
      const { buffer } = new Uint8Array(bytes);
      port.postMessage(buffer, [buffer]);
      await next(port);
      times.push((now() - begin) * 1e6);
    }
    self.postMessage(times);
  },
  roundTripsOther({ port }) {
    port.onmessage = ({ data }) => port.postMessage(data, [data]);
  },

  // Large messages one way. `copied`: out of the sender's own memory and into the receiver's, as two instances have
  // to; else buffers that were there are handed over and nothing is copied.
  async oneWay({ port, args: [times, count, bytes, copied] }) {
    const memory = new Uint8Array(bytes).fill(2);
    const took = [];
    for (let n = 0; n < times; n += 1) {
      const ready = copied ? [] : Array.from({ length: count }, () => memory.slice().buffer);
      const begin = now();
      for (let m = 0; m < count; m += 1) {
        const buffer = copied ? memory.slice().buffer : ready[m];
        port.postMessage({ buffer, copied }, [buffer]);
      }
      port.postMessage({});
      took.push(((await next(port)) - begin) * 1e6);
    }
    self.postMessage(took);
  },
  oneWayOther({ port }) {
    let memory = new Uint8Array(0);
    port.onmessage = ({ data: { buffer, copied } }) => {
      if (!buffer) port.postMessage(now());
      else if (copied) {
        if (memory.length !== buffer.byteLength) memory = new Uint8Array(buffer.byteLength);
        memory.set(new Uint8Array(buffer));
      }
    };
  },

  // From sending to having it, one way.
  async stamps({ port, args: [count] }) {
    const times = [];
    for (let n = 0; n < count; n += 1) {
      const { buffer } = new Uint8Array(32);
      const begin = now();
      port.postMessage(buffer, [buffer]);
      times.push(((await next(port)) - begin) * 1e6);
    }
    self.postMessage(times);
  },
  stampsOther({ port }) {
    port.onmessage = () => port.postMessage(now());
  },

  // From waking a blocked worker to its next instruction.
  async wakes({ port, cell, args: [count] }) {
    const times = [];
    for (let n = 1; n <= count; n += 1) {
      await new Promise((resolve) => { setTimeout(resolve, 2); });
      const begin = now();
      Atomics.store(cell, 0, n);
      Atomics.notify(cell, 0);
      times.push(((await next(port)) - begin) * 1e6);
    }
    self.postMessage(times.slice(1));
  },
  wakesOther({ port, cell }) {
    for (let n = 0; ; n += 1) {
      Atomics.wait(cell, 0, n);
      port.postMessage(now());
    }
  },

  freeLock({ cell, args: [chunks, chunk] }) {
    self.postMessage(Array.from({ length: chunks }, () => {
      const begin = now();
      for (let n = 0; n < chunk; n += 1) {
        acquire(cell);
        release(cell);
      }
      return ((now() - begin) * 1e6) / chunk;
    }));
  },
  freeLockOther() {},

  wantedLock({ port, cell, args: [times, each] }) {
    port.postMessage([times, each]);
    const costs = additions(cell, times, each);
    if (cell[1] !== 2 * times * each) throw new Error(`${cell[1]} additions are left`);
    self.postMessage(costs);
  },
  async wantedLockOther({ port, cell }) {
    additions(cell, ...(await next(port)));
  },

  // The same as above by comlink, which calls functions of another worker.
  async comlinkTrips({ port, args: [count, bytes] }) {
    const { wrap } = await import("./comlink.js");
    const other = wrap(port);
    const times = [];
    for (let n = 0; n < count; n += 1) {
      const begin = now();
      await other.echo(new Uint8Array(bytes));
      times.push((now() - begin) * 1e6);
    }
    self.postMessage(times);
  },
  async comlinkTripsOther({ port }) {
    const { expose } = await import("./comlink.js");
    expose({ echo: (message) => message }, port);
  },
  async comlinkBulk({ port, args: [times, count, bytes] }) {
    const { transfer, wrap } = await import("./comlink.js");
    const other = wrap(port);
    const memory = new Uint8Array(bytes).fill(2);
    const took = [];
    for (let n = 0; n < times; n += 1) {
      const begin = now();
      const taken = [];
      for (let m = 0; m < count; m += 1) {
        const { buffer } = memory.slice();
        taken.push(other.take(transfer(buffer, [buffer])));
      }
      await Promise.all(taken);
      took.push((now() - begin) * 1e6);
    }
    self.postMessage(took);
  },
  async comlinkBulkOther({ port }) {
    const { expose } = await import("./comlink.js");
    let memory = new Uint8Array(0);
    const take = (buffer) => {
      if (memory.length !== buffer.byteLength) memory = new Uint8Array(buffer.byteLength);
      memory.set(new Uint8Array(buffer));
    };
    expose({ take }, port);
  },

  // From the first of so many promises to the last that was awaited.
  async sleepers({ args: [count, ms] }) {
    const begin = now();
    await Promise.all(Array.from({ length: count }, () => new Promise((go) => { setTimeout(go, ms); })));
    self.postMessage([(now() - begin) * 1e6]);
  },
  sleepersOther() {},
};

self.onmessage = ({ data }) => {
  self.onmessage = null;
  roles[data.role](data);
};
