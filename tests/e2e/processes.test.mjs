// Everything between processes, as the program that proves it finds it in a browser: with shared memory, and without.
import assert from 'node:assert/strict';

import { check, inEachBrowser } from './harness.mjs';

/// Firefox's console names what a worker throws, even where that is dealt with.
const TRAPPED = [/RuntimeError: unreachable executed/];

const PARTS = [
  'locks', 'meetings', 'messages', 'queues', 'numbers and bytes', 'pools and managers', 'ends of processes',
  'a process that is killed with what it had open', 'several at once', 'many at once', 'round trips', 'bulk',
];

async function proven(open, isolated) {
  const visit = await open({ isolated, link: { workload: 'proof-processes' }, expect: TRAPPED });
  const report = await visit.run();
  assert.equal(report.outcome, 'finished', report.error);
  assert.equal(report.summary, 'everything between processes holds');
  assert.equal(report.checked, true);
  return { visit, log: await visit.log() };
}

inEachBrowser((here) => {
  check(here, 'isolated, everything between processes holds', async (open) => {
    const { visit, log } = await proven(open, true);
    for (const part of PARTS) {
      assert.ok(log.some((line) => line.includes(`${part}: as it should be`)), `${part}:\n${log.join('\n')}`);
    }
    const measured = (pattern) => Number(log.join('\n').match(pattern)?.[1]);
    assert.ok(measured(/round trip takes ([\d.]+) us/) > 0 && measured(/in bulk (\d+) MB\/s/) > 0, log.join('\n'));
    const outcomes = Object.fromEntries((await visit.table()).map((row) => [row.Lane, row.Outcome]));
    const named = (lane) => outcomes[lane];
    assert.deepEqual(['panics', 'traps', 'spins', 'keeper', 'seven'].map(named), ['failed', 'failed', 'killed', 'killed', 'completed']);
    await visit.until('every worker is gone', async () => (await navigator.locks.query()).held.length === 0);
  });

  check(here, 'not isolated, what needs shared memory says why it cannot be had, and messages work', async (open) => {
    const { log } = await proven(open, false);
    const refused = log.filter((line) => line.endsWith('needs memory that processes share, which this page may not have: it is not cross-origin isolated'));
    assert.ok(refused.length >= 11, log.join('\n'));
    assert.ok(log.some((line) => line.includes('messages without shared memory: as it should be')), log.join('\n'));
  });
});
