// Exploring: a thousand schedules of a program, the first that goes wrong, and a link that replays it.
import assert from 'node:assert/strict';

import { check, inEachBrowser } from './harness.mjs';

inEachBrowser((here) => {
  check(here, 'the lost update is found within 1,000 schedules and 10 s, made short, shown, and replayed by its link', async (open) => {
    const visit = await open({ link: { workload: 'race', size: 20, tasks: 2 } });
    await visit.press('Explore');
    const found = await visit.next('explored');
    assert.equal(found.outcome, 'found', JSON.stringify(found));
    assert.ok(found.tried <= 1_000 && found.switches >= 1 && found.switches <= found.switches_at_first, JSON.stringify(found));
    const report = await visit.ended();
    assert.deepEqual([report.outcome, report.checked], ['finished', false]);
    const { switches, seed } = visit.query();
    assert.match(switches, /^\d+\.\d+(-\d+\.\d+)*$/);
    assert.equal(seed, undefined);
    assert.match((await visit.log()).join('\n'), /under seed \d+ it goes wrong/);

    // The link, opened by somebody else.
    const other = await open({ link: visit.query() });
    const replayed = await other.run();
    assert.deepEqual([replayed.checked, replayed.summary], [false, report.summary]);
  });

  check(here, 'Stop ends exploring, and the next run works', async (open) => {
    // Right under every schedule, and with so many decisions in each that a thousand take long.
    const visit = await open({ link: { workload: 'lock', size: 20, tasks: 8 } });
    await visit.press('Explore');
    await visit.until('it says so', () => /^Exploring/.test(document.querySelector('.status')?.textContent));
    await visit.press('Stop');
    const stopped = await visit.next('explored');
    assert.equal(stopped.outcome, 'stopped');
    await visit.runWell();
  });
});
