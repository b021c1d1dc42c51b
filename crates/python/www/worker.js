// A worker of a Python program: its host, or one of its threads.
import init, { run_program, run_thread } from './python.js';

self.addEventListener(
  'message',
  async ({ data: { module, memory, entry, program } }) => {
    try {
      const exports = await init({ module_or_path: module, memory });
      if (entry !== undefined) {
        run_thread(entry);
        self.postMessage({ kind: 'left' });
        return;
      }
      self.postMessage({ kind: 'memory', memory: exports.memory ?? memory });
      run_program(program.file, program.source, program.gil);
    } catch (error) {
      self.postMessage({ kind: 'failed', reason: `${error}\n${error.stack ?? ''}` });
    }
  },
  { once: true },
);
