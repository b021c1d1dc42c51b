// One Python function in every way: one after another, on threads without and with a GIL, on processes, and as tasks.
import assert from 'node:assert/strict';

import { check, inEachBrowser } from './harness.mjs';
import { PATIENTLY, link, written } from './python.mjs';

const program = (begin, body, more = '') => `
${more}
from interleave import compare

${begin} work(number):
    ${body}

if __name__ == "__main__":
    print(compare(work, range(6), workers=2))
`;

const WAYS = ['one after another', 'threads, no GIL', 'one after another, a GIL', 'threads, a GIL', 'processes', 'tasks'];
const ROW = /^(.{24}) +(\d+\.\d) ms +(\d+\.\d\d) times as fast$/;

/// The times in milliseconds, by their ways.
function table(lines) {
  const rows = lines.map((line) => line.match(ROW)).filter(Boolean);
  return Object.fromEntries(rows.map(([, way, ms]) => [way.trim(), Number(ms)]));
}

inEachBrowser((here) => {
  check(here, 'a function that computes is run in six ways, with the same results', async (open) => {
    const visit = await open({ link: link(program('def', 'return sum(n * n for n in range(20_000 + number))')) });
    await visit.runWell();
    const lines = await written(visit);
    assert.equal(lines[0], 'work, 6 inputs, 2 workers');
    assert.deepEqual(Object.keys(table(lines)), WAYS);
    const results = Array.from({ length: 6 }, (_, number) => Array.from({ length: 20_000 + number }, (_, n) => n * n).reduce((sum, n) => sum + n, 0));
    assert.equal(lines.at(-1), `[${results.join(', ')}]`);
  }, PATIENTLY);

  check(here, 'a coroutine function that waits overlaps everywhere but in a row', async (open) => {
    const visit = await open({ link: link(program('async def', 'await asyncio.sleep(0.1); return number', 'import asyncio')) });
    await visit.runWell();
    const times = table(await written(visit));
    assert.deepEqual(Object.keys(times), WAYS);
    assert.ok(times['one after another'] >= 600, JSON.stringify(times));
    assert.ok(times.tasks < times['one after another'] / 2, JSON.stringify(times));
    assert.ok(times['threads, a GIL'] < times['one after another, a GIL'], JSON.stringify(times));
  }, PATIENTLY);

  check(here, 'without isolation what can run is compared', async (open) => {
    const visit = await open({ link: link(program('def', 'return sum(range(100_000))')), isolated: false });
    await visit.runWell();
    const lines = await written(visit);
    assert.deepEqual(Object.keys(table(lines)), ['one after another', 'one after another, a GIL', 'tasks']);
    assert.equal(lines.filter((line) => line.endsWith('needs a page that is cross-origin isolated')).length, 3);
  }, PATIENTLY);

  check(here, 'what takes no time by the clock is compared too', async (open) => {
    const visit = await open({ link: link(program('def', 'return number')), isolated: false });
    await visit.runWell();
    assert.equal((await written(visit)).at(-1), '[0, 1, 2, 3, 4, 5]');
  }, PATIENTLY);

  check(here, 'under a seed there is nothing to compare, and it says so', async (open) => {
    const visit = await open({ link: link(program('def', 'return number'), { seed: 1 }) });
    const report = await visit.run();
    assert.equal(report.summary, 'Exit code 1.');
    assert.equal((await written(visit)).at(-1), 'RuntimeError: compare() measures time, and under a seed there is none');
  }, PATIENTLY);
});
