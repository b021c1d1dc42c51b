// A worker of a measurement: loads the bench artifact into itself and calls what it is told.
import init, * as bench from "./bench.js";

self.onmessage = async ({ data: { module, memory, name, args } }) => {
  self.onmessage = null;
  try {
    await init({ module_or_path: module, memory });
    const answer = await bench[name](...args);
    self.postMessage({ answer: ArrayBuffer.isView(answer) ? Array.from(answer) : answer });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
