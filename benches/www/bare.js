// The other side of the comparison: what the browser itself needs for the same, with nothing of ours but the glue
// that an instance cannot do without.
const now = () => performance.timeOrigin + performance.now();
const next = (port) => new Promise((resolve) => { port.onmessage = ({ data }) => resolve(data); });

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
};

self.onmessage = ({ data }) => {
  self.onmessage = null;
  roles[data.role](data);
};
