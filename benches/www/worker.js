// A worker of a measurement: loads the bench artifact into itself and calls what it is told.
import init, * as bench from "./bench.js";

// wasm-bindgen-rayon fetches the script of its pool's workers and makes a blob of it, from which the site's policy lets
// nobody create a worker: they are created from the file itself.
const get = self.fetch;
let fetched;
self.fetch = (address, ...more) => {
  fetched = address;
  return get(address, ...more);
};
URL.createObjectURL = () => fetched;
URL.revokeObjectURL = () => {};

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
