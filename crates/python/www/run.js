// The least page that runs a Python program: it creates every worker and passes on what they say.
const started = performance.now();
const module = await WebAssembly.compileStreaming(fetch('./python_bg.wasm'));
const compiled = performance.now();

/// Runs `source` and calls `wrote` with each piece of output; gives the exit code and the times that were measured.
window.runPython = ({ file, source, gil }, wrote) =>
  new Promise((resolve, reject) => {
    const workers = new Set();
    const times = { compile: compiled - started };
    let memory;
    const begun = performance.now();
    const end = (finish, value) => {
      for (const worker of workers) worker.terminate();
      finish(value);
    };
    const create = (message) => {
      const worker = new Worker('./worker.js', { type: 'module' });
      workers.add(worker);
      worker.onerror = (event) => end(reject, new Error(event.message));
      worker.onmessage = async ({ data }) => {
        switch (data.kind) {
          case 'memory':
            memory = data.memory;
            break;
          case 'thread':
            create({ module, memory, entry: data.entry });
            break;
          case 'left':
            workers.delete(worker);
            worker.terminate();
            break;
          case 'ready':
            times.ready = performance.now() - begun;
            break;
          case 'wrote':
            times.first ??= performance.now() - begun;
            wrote(data.error, data.text);
            break;
          case 'failed':
            end(reject, new Error(data.reason));
            break;
          case 'over':
            times.over = performance.now() - begun;
            end(resolve, { code: data.code, times });
            break;
        }
      };
      worker.postMessage(message);
    };
    create({ module, program: { file, source, gil } });
  });
