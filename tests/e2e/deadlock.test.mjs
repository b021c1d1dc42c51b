// A run that deadlocks ends with a verdict, which is told everywhere, kept in the saved run, and holds up nothing after it.
import assert from 'node:assert/strict';

import { check, inEachBrowser } from './harness.mjs';

/// Two threads that each have what the other wants, with a pause longer than a worker takes to start.
const LOCKED = { workload: 'two-locks', model: 'threads', size: 1, latency: 400 };

const THERE = /A to B holds lock account A \(taken at two_locks\.rs:\d+\) and waits for lock account B at two_locks\.rs:\d+/;
const BACK = /B to A holds lock account B \(taken at two_locks\.rs:\d+\) and waits for lock account A at two_locks\.rs:\d+/;

inEachBrowser((here) => {
  check(here, 'two locks in opposite order are named in the report, the log, the status and the announcement', async (open) => {
    const visit = await open({ link: LOCKED });
    const report = await visit.run();
    assert.equal(report.outcome, 'deadlocked');
    assert.match(report.error, THERE);
    assert.match(report.error, BACK);
    assert.equal(report.deadlock.circle, 2);
    assert.deepEqual(report.deadlock.lanes.slice(0, 2).map((lane) => lane.name).sort(), ['A to B', 'B to A']);
    assert.match(await visit.text('.status'), /Deadlock: .* wait for each other/);
    const log = (await visit.log()).join('\n');
    assert.match(log, THERE);
    const ended = (await visit.table()).filter((row) => row.Outcome === 'deadlocked').map((row) => row.Lane);
    assert.ok(ended.includes('A to B') && ended.includes('B to A'), `ended deadlocked: ${ended}`);
    await visit.openTab('Report');
    assert.match(await visit.text('.result'), BACK);
  });

  check(here, 'a tab in the background, which gets no frames, gets the verdict too', async (open) => {
    const visit = await open({ link: LOCKED });
    await visit.page.evaluate(() => { window.requestAnimationFrame = () => 1; });
    const report = await visit.run();
    assert.equal(report.outcome, 'deadlocked');
    assert.match(report.error, THERE);
  });

  check(here, 'the same locks in one order run to their end, and so does whatever comes after a deadlock', async (open) => {
    const visit = await open({ link: LOCKED });
    assert.equal((await visit.run()).outcome, 'deadlocked');
    assert.equal((await visit.run()).outcome, 'deadlocked');
    const mended = await open({ link: { ...LOCKED, workload: 'two-locks-ordered', latency: 5 } });
    const report = await mended.runWell();
    assert.equal(report.deadlock, null);
    assert.ok(report.objects.some((object) => object.name === 'lock account A' && object.taken > 0), 'the lock has its figures');
  });

  for (const isolated of [true, false]) {
    check(here, `coroutines that wait for each other are named ${isolated ? 'isolated' : 'and not isolated'}`, async (open) => {
      const visit = await open({ isolated, link: { workload: 'troubled-coroutines', size: 1 } });
      const report = await visit.run();
      assert.equal(report.outcome, 'deadlocked');
      assert.match(report.error, /to the right holds lock left .* and waits for lock right/);
      assert.match(report.error, /to the left holds lock right .* and waits for lock left/);
      assert.equal(report.deadlock.circle, 2);
    });
  }
});
