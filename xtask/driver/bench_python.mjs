// The samples of `cargo xtask bench` about Python: this page beside Pyodide, on the same site and in the same browser.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

import { published } from './host.mjs';
import { launch } from './launch.mjs';
import { isImageKept, until } from './page.mjs';

/// What every program of one thread gets behind it: the first call is not counted, since the browser compiles then.
const TIMED = `
import time
result = main()
for _ in range(5):
    begin = time.perf_counter()
    assert main() == result
    print(time.perf_counter() - begin)
print(result)
`;

const HELLO = 'print("hello")\n';

/// How long somebody looks at a program before running it.
const READING_MS = 1000;

/// From the parent's call to the child's first line, by the clock that both have in common.
const CHILD = `
import multiprocessing
import time

def report(begin):
    print((time.time() - begin) * 1000)

if __name__ == "__main__":
    for _ in range(5):
        child = multiprocessing.Process(target=report, args=[time.time()])
        child.start()
        child.join()
`;

/// Runs in a page: whether the service worker has kept its files, and Python's.
async function areFilesKept() {
  const files = await caches.open(`interleave-files ${location.pathname}`);
  const names = (await files.keys()).map((request) => new URL(request.url).pathname);
  return names.includes(location.pathname) && names.some((name) => /python.*[.]wasm$/.test(name));
}

/// As a link carries it; see src/program.js.
const query = (program) => new URLSearchParams({ workload: 'python', program: deflateRawSync(program).toString('base64url') }).toString();

// In our page, before its scripts: keeps when something was printed, and the report of each run.
function listen() {
  const seen = { pressed: 0, printed: null, finished: [] };
  window.python = seen;
  addEventListener('interleave:output', () => { seen.printed ??= performance.now(); });
  addEventListener('interleave:finished', ({ detail }) => seen.finished.push(JSON.parse(JSON.stringify(detail))));
}

// As soon as somebody could, Run is pressed.
function pressAtOnce() {
  const look = () => {
    const button = document.querySelector('#run:not(:disabled)');
    if (button) button.click();
    else requestAnimationFrame(look);
  };
  addEventListener('interleave:ready', look);
}

/// Runs the program that the page shows. Gives its lines and how long after the press the first was there.
async function run(page, patience) {
  const count = await page.evaluate(() => {
    Object.assign(window.python, { printed: null, pressed: performance.now() });
    document.querySelector('#run').click();
    return window.python.finished.length;
  });
  await until(page, patience, (count) => window.python.finished.length > count && !document.querySelector('#run').disabled, count);
  const { finished, printed, pressed } = await page.evaluate(() => window.python);
  const { outcome, output, error } = finished.at(-1);
  const text = output.map((piece) => piece.text).join('');
  if (outcome !== 'finished') throw new Error(`the program ${outcome}: ${error}`);
  return { lines: text.split('\n').filter(Boolean), first: printed - pressed };
}

export async function measurePython({ measure, add, errors, times, request, patience }) {
  const { url, quick, programs, dist } = request;

  // As a host serves it: on a second visit the browser has what the first left.
  const site = await published(dist);
  const open = async (page, program) => {
    await page.evaluateOnNewDocument(listen);
    await page.goto(`${site.url}?${query(program)}`);
    await until(page, patience, () => document.querySelector('#run:not(:disabled)'));
  };
  // What a first visit leaves is there: nothing is loaded or kept any more beside what is measured.
  const settled = async (page) => {
    await until(page, patience, isImageKept);
    await until(page, patience, areFilesKept);
  };
  const openPyodide = async (page) => {
    await page.goto(`${url}bench/?pyodide`);
    await until(page, patience, () => globalThis.firstPrint);
  };
  const inPyodide = (page, program) => page.evaluate((program) => globalThis.bench.inPyodide(program), program);

  // A browser of its own for each visit: nothing is in any cache.
  const visit = async (name, body) => {
    const fresh = await launch(request);
    try {
      await body(fresh);
    } catch (error) {
      errors[`python/${name}`] = error.message;
    } finally {
      await fresh.close();
    }
  };
  const { only } = request;
  if (only.length === 0 || only.includes('python')) {
    console.error('measuring python starts');
    await times(quick ? 2 : 5, async () => {
      await visit('start', async (fresh) => {
        const page = await fresh.newPage();
        await page.evaluateOnNewDocument(listen);
        await page.evaluateOnNewDocument(pressAtOnce);
        await page.goto(`${site.url}?${query(HELLO)}`);
        await until(page, patience, () => window.python.finished.length > 0);
        add('python/start/first', await page.evaluate(() => window.python.printed));
        await settled(page);
        await page.close();
        const second = await fresh.newPage();
        await open(second, HELLO);
        add('python/start/second', (await run(second, patience)).first);
        await times(5, async () => add('python/start/later', (await run(second, patience)).first));
        await second.close();
        const third = await fresh.newPage();
        await open(third, HELLO);
        await new Promise((go) => setTimeout(go, READING_MS));
        add('python/start/read', (await run(third, patience)).first);
      });
      await visit('start', async (fresh) => {
        const page = await fresh.newPage();
        await openPyodide(page);
        add('python/start/pyodide', await page.evaluate(() => globalThis.firstPrint));
        const again = await fresh.newPage();
        await openPyodide(again);
        add('python/start/pyodide-again', await again.evaluate(() => globalThis.firstPrint));
      });
    });
  }

  await measure('python', 'child', async (page) => {
    await open(page, CHILD);
    await settled(page);
    await times(quick ? 1 : 4, async () => add('python/child/ms', ...(await run(page, patience)).lines.map(Number)));
  });

  const directory = programs;
  for (const file of (await readdir(directory)).filter((name) => name.endsWith('.py') && name !== 'together.py').sort()) {
    const name = file.slice(0, -'.py'.length);
    await measure('python', name, async (page) => {
      const program = (await readFile(join(directory, file), 'utf8')) + TIMED;
      const other = await page.browserContext().newPage();
      await openPyodide(other);
      await open(page, program);
      await settled(page);
      const results = new Set();
      const keep = (series, lines) => {
        results.add(lines.at(-1));
        if (results.size > 1) throw new Error(`results differ: ${[...results].join(' and ')}`);
        add(`python/${name}/${series}`, ...lines.slice(0, -1).map((seconds) => seconds * 1e9));
      };
      await times(quick ? 1 : 3, async () => {
        keep('ours', (await run(page, patience)).lines);
        keep('pyodide', await inPyodide(other, program));
      });
    });
  }

  await measure('python', 'together', async (page) => {
    const program = await readFile(join(directory, 'together.py'), 'utf8');
    const other = await page.browserContext().newPage();
    await openPyodide(other);
    await open(page, program);
    await settled(page);
    const keep = (side, lines) => {
      for (const [how, seconds] of lines.map((line) => line.split(' ')).filter(([how]) => how !== 'without')) {
        add(`python/together/${side}-${how}`, seconds * 1e9);
      }
    };
    await times(quick ? 1 : 5, async () => {
      keep('ours', (await run(page, patience)).lines);
      keep('pyodide', await inPyodide(other, program));
    });
  });
  await site.close();
}
