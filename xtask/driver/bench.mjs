// Takes every sample of `cargo xtask bench` in a browser and prints them as one line of JSON: series of numbers by
// name, and an error by name for what could not be measured. What the numbers mean is said in xtask/src/bench.rs.
//
// What is compared is measured in turns (A B A B ...), so that a machine that is busy for a while is so for both.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { measureEmbeds } from './bench_embed.mjs';
import { measurePython } from './bench_python.mjs';
import { launch } from './launch.mjs';
import { until } from './page.mjs';

const request = JSON.parse(process.argv[2]);
const { url, kernels, native, saved = [], quick, only } = request;
const PATIENCE_MS = 240_000;
const run = promisify(execFile);

const series = {};
const errors = {};
const add = (name, ...samples) => (series[name] ??= []).push(...samples);
const times = async (count, body) => {
  for (let n = 0; n < count; n += 1) await body(n);
};

let browser = null;
async function started() {
  if (!browser?.connected) browser = await launch(request);
  return browser;
}

// One measurement, on a page of its own. What goes wrong is the answer of this one alone.
async function measure(section, name, body) {
  if (only.length > 0 && !only.includes(section)) return;
  console.error(`measuring ${section} ${name}`);
  let context = null;
  const complaints = [];
  try {
    context = await (await started()).createBrowserContext();
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS / 2);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('error', (error) => complaints.push(error.message));
    let late;
    const patience = new Promise((_, reject) => {
      late = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
    });
    await Promise.race([body(page), patience]).finally(() => clearTimeout(late));
  } catch (error) {
    errors[`${section}/${name}`] = [error.message, ...complaints].join('; ').split('\n')[0];
  } finally {
    await context?.close().catch(() => {});
  }
}

async function openBench(page) {
  await page.goto(`${url}bench/`);
  await until(page, PATIENCE_MS, () => globalThis.bench);
}

const call = (page, name, ...args) => page.evaluate((how, what) => globalThis.bench.call(how, ...what), name, args);
const callShared = (page, name, ...args) => page.evaluate((how, what) => globalThis.bench.callShared(how, ...what), name, args);
const bare = (page, name, ...args) => page.evaluate((how, what) => globalThis.bench.bare(how, ...what), name, args);

// Whether two sides computed the same is part of whether they can be compared.
function same(digests) {
  return ({ ns, digest }) => {
    digests.add(digest);
    if (digests.size > 1) throw new Error(`results differ: ${[...digests].join(', ')}`);
    return ns;
  };
}

for (const { id, query } of kernels) {
  await measure('kernels', id, async (page) => {
    await openBench(page);
    const ns = same(new Set());
    const inWasm = async () => ns(JSON.parse(await call(page, 'one_by_one', query)));
    const natively = async () => ns(JSON.parse((await run(native, ['kernel', query])).stdout));
    // A browser compiles again what turns out to be hot; what a first visit's first run gets is told apart.
    add(`kernels/${id}/first`, await inWasm());
    await times(2, inWasm);
    await times(quick ? 3 : 11, async () => {
      add(`kernels/${id}/native`, await natively());
      add(`kernels/${id}/wasm`, await inWasm());
    });
  });
}

for (const { id, query } of kernels) {
  await measure('models', id, async (page) => {
    await openBench(page);
    const ns = same(new Set());
    const of = (model) => `${query}&model=${model}&workers=2&start=warm`;
    const turns = {
      one: () => call(page, 'one_by_one', query),
      pool: () => call(page, 'in_a_pool', of('threads')),
      sequential: () => call(page, 'in_the_engine', of('sequential')),
      threads: () => call(page, 'in_the_engine', of('threads')),
      processes: () => call(page, 'in_the_engine', of('processes')),
    };
    const turn = async (keep) => {
      for (const [name, body] of Object.entries(turns)) {
        const sample = ns(JSON.parse(await body()));
        if (keep) add(`models/${id}/${name}`, sample);
      }
    };
    await times(2, () => turn(false));
    await times(quick ? 3 : 11, () => turn(true));
  });
}

// The page announces what its runs gave.
function listen() {
  window.seen = { finished: [], ready: null, compared: 0 };
  window.addEventListener('interleave:ready', () => { window.seen.ready ??= performance.now(); });
  window.addEventListener('interleave:finished', ({ detail }) => window.seen.finished.push(JSON.parse(JSON.stringify(detail))));
  window.addEventListener('interleave:compared', () => { window.seen.compared += 1; });
}

async function openPage(page, query) {
  await page.setViewport({ width: 1440, height: 900 });
  await page.evaluateOnNewDocument(listen);
  await page.goto(`${url}?${query}`);
  await until(page, PATIENCE_MS, () => window.seen.ready !== null && !document.querySelector('#compare')?.disabled);
}

for (const { id, query } of kernels) {
  await measure('page-models', id, async (page) => {
    await openPage(page, `${query}&model=threads&workers=2&start=warm`);
    const rounds = quick ? 2 : 7;
    await times(1 + rounds, async (n) => {
      await page.click('#compare');
      await until(page, PATIENCE_MS, (most) => window.seen.compared > most, n);
    });
    const finished = await page.evaluate(() => window.seen.finished);
    for (const { model, wall_ms: ms, outcome, checked } of finished.slice(4)) {
      if (outcome !== 'finished' || !checked) throw new Error(`${model} ${outcome} ${checked ? '' : 'unchecked'}`);
      add(`page-models/${id}/${model}`, ms * 1e6);
    }
  });
}

for (const { id, query } of kernels) {
  await measure('recording', id, async (page) => {
    await openBench(page);
    const ns = same(new Set());
    const of = async (record) => {
      const spec = `${query}&model=threads&workers=2&start=warm&record=${record}`;
      return ns(JSON.parse(await call(page, 'in_the_engine', spec)));
    };
    await times(2, () => of('on'));
    await times(quick ? 3 : 21, async (n) => {
      // Who goes first takes turns too.
      for (const record of n % 2 ? ['on', 'off'] : ['off', 'on']) add(`recording/${id}/${record}`, await of(record));
    });
  });
}

await measure('recording', 'event', async (page) => {
  await openBench(page);
  const chunks = quick ? 50 : 300;
  await call(page, 'record_cost', 50, true);
  add('recording/event/entered', ...(await call(page, 'record_cost', chunks, false)));
  add('recording/event/titled', ...(await call(page, 'record_cost', chunks, true)));
});

// Cold starts in the page itself, each in turn with a bare worker on the same page.
const cold = {
  thread: { query: 'workload=timers&size=1&tasks=1&workers=1&model=threads&start=cold', kind: 'thread', shared: true },
  pool: { query: 'workload=pi&size=1&tasks=1&workers=1&model=threads&start=cold', kind: 'thread', shared: true },
  process: { query: 'workload=pi&size=1&tasks=1&workers=1&model=processes&start=cold', kind: 'process', shared: false },
};
for (const [name, { query, kind, shared }] of Object.entries(cold)) {
  await measure('starts', `cold-${name}`, async (page) => {
    await openPage(page, query);
    await page.evaluate(() => import('./bench/page.js'));
    const rounds = quick ? 4 : 15;
    await times(2 + rounds, async (n) => {
      await page.click('#run');
      await until(page, PATIENCE_MS, (most) => window.seen.finished.length > most && !document.querySelector('#run').disabled, n);
      const report = await page.evaluate((at) => window.seen.finished[at], n);
      const lane = report.lanes.find((it) => it.kind === kind && it.name.startsWith(`${kind} `));
      if (lane?.start_up_ns == null) throw new Error(`the report knows no ${kind}: ${report.lanes.map((it) => it.name)}`);
      const [ns] = await page.evaluate((own) => globalThis.bench.bareStarts(1, own), shared);
      if (n < 2) return;
      add(`starts/cold-${name}/ours`, lane.start_up_ns);
      add(`starts/cold-${name}/bare`, ns);
    });
  });
}

const warm = { thread: ['warm_threads', 'wakes'], process: ['warm_processes', 'stamps'] };
for (const [name, [ours, theirs]] of Object.entries(warm)) {
  await measure('starts', `warm-${name}`, async (page) => {
    await openBench(page);
    await times(quick ? 2 : 6, async () => {
      add(`starts/warm-${name}/ours`, ...(await call(page, ours, 50)));
      add(`starts/warm-${name}/bare`, ...(await bare(page, theirs, 50)));
    });
  });
}

await measure('messages', 'round-trip', async (page) => {
  await openBench(page);
  await times(quick ? 2 : 6, async () => {
    add('messages/round-trip/ours', ...(await call(page, 'round_trips', 300, 32)));
    add('messages/round-trip/bare', ...(await bare(page, 'roundTrips', 300, 32)));
  });
});

await measure('messages', 'throughput', async (page) => {
  await openBench(page);
  const [count, bytes] = [4, 16 * 1024 * 1024];
  const rate = (took) => took.slice(1).map((ns) => (count * bytes) / 1e6 / (ns / 1e9));
  await times(quick ? 2 : 5, async () => {
    add('messages/throughput/ours', ...rate(await call(page, 'one_way', 4, count, bytes)));
    add('messages/throughput/copied', ...rate(await bare(page, 'oneWay', 4, count, bytes, true)));
    add('messages/throughput/handed', ...rate(await bare(page, 'oneWay', 4, count, bytes, false)));
  });
});

await measure('locks', 'free', async (page) => {
  await openBench(page);
  const chunks = quick ? 20 : 100;
  for (const recorded of [false, true]) await call(page, 'free_lock', 20, recorded);
  await times(quick ? 2 : 5, async () => {
    add('locks/free/unrecorded', ...(await call(page, 'free_lock', chunks, false)).slice(5));
    add('locks/free/recorded', ...(await call(page, 'free_lock', chunks, true)).slice(5));
    add('locks/free/clock', ...(await call(page, 'clock_cost', chunks)).slice(5));
    add('locks/free/bare', ...(await bare(page, 'freeLock', chunks, 4096)).slice(5));
  });
});

await measure('locks', 'wanted', async (page) => {
  await openBench(page);
  const each = 100_000;
  await times(quick ? 2 : 6, async () => {
    add('locks/wanted/unrecorded', ...(await call(page, 'wanted_lock', 3, 2, each, false)).slice(1));
    add('locks/wanted/recorded', ...(await call(page, 'wanted_lock', 3, 2, each, true)).slice(1));
    add('locks/wanted/bare', ...(await bare(page, 'wantedLock', 3, each)).slice(1));
  });
});

await measure('queues', 'items', async (page) => {
  await openBench(page);
  const items = 100_000;
  await times(quick ? 2 : 6, async () => {
    add('queues/items/threads', ...(await call(page, 'queue', 3, items, 0, true)).slice(1));
    add('queues/items/unrecorded', ...(await call(page, 'queue', 3, items, 0, false)).slice(1));
    add('queues/items/bounded', ...(await call(page, 'queue', 3, items, 64, true)).slice(1));
    add('queues/items/processes', ...(await callShared(page, 'process_queue', 3, items)).slice(1));
  });
});

await measure('pipes', 'round-trip', async (page) => {
  await openBench(page);
  const [count, bytes] = [500, 16];
  await times(quick ? 2 : 6, async () => {
    add('pipes/round-trip/ours', ...(await callShared(page, 'pipe_trips', count, bytes)).slice(50));
    add('pipes/round-trip/bare', ...(await bare(page, 'roundTrips', count, bytes)).slice(50));
    add('pipes/round-trip/comlink', ...(await bare(page, 'comlinkTrips', count, bytes)).slice(50));
  });
});

await measure('pipes', 'bulk', async (page) => {
  await openBench(page);
  const [count, bytes] = [8, 8 * 1024 * 1024];
  const rate = (took) => took.slice(1).map((ns) => (count * bytes) / 1e6 / (ns / 1e9));
  await times(quick ? 2 : 5, async () => {
    add('pipes/bulk/ours', ...rate(await callShared(page, 'pipe_bulk', 4, count, bytes)));
    add('pipes/bulk/bare', ...rate(await bare(page, 'oneWay', 4, count, bytes, true)));
    add('pipes/bulk/comlink', ...rate(await bare(page, 'comlinkBulk', 4, count, bytes)));
  });
});

await measure('tasks', 'sleeping', async (page) => {
  await openBench(page);
  const [count, ms] = [100_000, 10];
  await times(quick ? 2 : 6, async () => {
    const [took, bytes] = await call(page, 'sleeping_tasks', count, ms);
    add('tasks/sleeping/ours', took);
    add('tasks/sleeping/bytes', bytes);
    add('tasks/sleeping/promises', ...(await bare(page, 'sleepers', count, ms)));
  });
  // Only Chromium says what its own objects take.
  const heap = async () => (await page.metrics()).JSHeapUsedSize;
  const before = await heap().catch(() => null);
  if (before === null) return;
  await page.evaluate((count) => {
    globalThis.kept = Array.from({ length: count }, () => new Promise((go) => { setTimeout(go, 60_000); }));
  }, count);
  add('tasks/sleeping/promise-bytes', ((await heap()) - before) / count);
});

// Keeps when frames came and how long the page's own part of them took, while it is told to.
function watchFrames() {
  const log = { on: false, intervals: [], draws: [], long: [] };
  window.frameLog = log;
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => ask((time) => {
    const begin = performance.now();
    callback(time);
    if (log.on) log.draws.push(performance.now() - begin);
  });
  let before = 0;
  const tick = (time) => {
    if (log.on) log.intervals.push(time - before);
    before = time;
    ask(tick);
  };
  ask(tick);
  if (PerformanceObserver.supportedEntryTypes.includes('longtask')) {
    new PerformanceObserver((list) => {
      if (log.on) log.long.push(...list.getEntries().map((entry) => entry.duration));
    }).observe({ entryTypes: ['longtask'] });
  }
  window.addEventListener('change', (event) => {
    if (event.target.type !== 'file') return;
    const begin = performance.now();
    const look = () => {
      if (document.querySelector('.origin')?.textContent.startsWith('opened from')) log.opened = performance.now() - begin;
      else ask(look);
    };
    ask(look);
  }, true);
}

async function watched(page, name, body) {
  await page.evaluate(() => Object.assign(window.frameLog, { on: true, intervals: [], draws: [], long: [] }));
  await body();
  const log = await page.evaluate(() => Object.assign(window.frameLog, { on: false }));
  if (log.intervals.length === 0) throw new Error('no frame came');
  add(`${name}/interval`, ...log.intervals.slice(1));
  add(`${name}/draw`, ...log.draws);
  add(`${name}/long`, ...log.long);
}

for (const { spans, file } of saved) {
  await measure('timeline', String(spans), async (page) => {
    const name = `timeline/${spans}`;
    await page.evaluateOnNewDocument(watchFrames);
    await openPage(page, 'workload=timers&model=threads');
    const pickers = page.waitForFileChooser();
    await page.click('#open');
    await (await pickers).accept([file]);
    await until(page, PATIENCE_MS, () => window.frameLog.opened !== undefined);
    add(`${name}/opened`, await page.evaluate(() => window.frameLog.opened));
    const pause = () => new Promise((go) => { setTimeout(go, 1000); });
    await pause();
    await watched(page, `${name}/idle`, pause);
    const canvas = await page.$('canvas.chart');
    const box = await canvas.boundingBox();
    const [x, y] = [box.x + box.width * 0.6, box.y + box.height * 0.6];
    await canvas.focus();
    // A person's hands: drags to and fro, and a key now and then.
    const handle = async (steps) => {
      await page.mouse.move(x, y);
      await page.mouse.down();
      for (let step = 0; step < steps; step += 1) {
        await page.mouse.move(x + 240 * Math.sin(step / 12), y + 20 * Math.sin(step / 7));
        if (step % 15 === 7) await page.keyboard.press(step % 30 === 7 ? 'w' : 's');
      }
      await page.mouse.up();
    };
    const steps = quick ? 120 : 480;
    await page.keyboard.press('f');
    await watched(page, `${name}/all`, () => handle(steps));
    await page.keyboard.press('f');
    await times(12, () => page.keyboard.press('w'));
    await watched(page, `${name}/zoomed`, () => handle(steps));
    if (series[`${name}/all/draw`].length < 20 || series[`${name}/zoomed/draw`].length < 20) {
      throw new Error('the page drew fewer than 20 frames');
    }
  });
}

// A browser of its own for each visit: nothing is in any cache.
if (only.length === 0 || only.includes('ready')) {
  console.error('measuring ready');
  await times(quick ? 3 : 9, async () => {
    const fresh = await launch(request);
    try {
      const page = await fresh.newPage();
      await page.evaluateOnNewDocument(listen);
      await page.goto(url);
      await until(page, PATIENCE_MS, () => window.seen.ready !== null);
      add('ready/first-visit/ms', await page.evaluate(() => window.seen.ready));
    } catch (error) {
      errors['ready/first-visit'] = error.message;
    } finally {
      await fresh.close();
    }
  });
}

await measurePython({ measure, add, errors, times, request, patience: PATIENCE_MS / 2 });
await measureEmbeds({ add, errors, times, request, patience: PATIENCE_MS / 2 });

const version = await (await started()).version();
await browser.close();
console.log(JSON.stringify({ version, series, errors }));
