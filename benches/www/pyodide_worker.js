// Pyodide in a worker, as its documentation advises: runs one program after another, each with globals of its own.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const loaded = loadPyodide({ stdout: (line) => self.postMessage({ line }) });

self.onmessage = async ({ data: source }) => {
  try {
    const pyodide = await loaded;
    pyodide.runPython(source, { globals: pyodide.toPy({ __name__: "__main__" }) });
    self.postMessage({ over: true });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
