// Exploring: a thousand schedules of a program, the first that goes wrong, and a link that replays it.
import assert from 'node:assert/strict';

import { check, inEachBrowser } from './harness.mjs';

/// Explores a program that goes wrong under some schedule, and opens the link to that in a page of its own.
async function explored(open, link, isolated = true) {
  const visit = await open({ link, isolated });
  await visit.press('Explore');
  const found = await visit.next('explored');
  assert.equal(found.outcome, 'found', JSON.stringify(found));
  assert.ok(found.tried <= 1_000 && found.switches <= found.switches_at_first, JSON.stringify(found));
  const report = await visit.ended();
  const { switches, seed } = visit.query();
  assert.match(switches, /^(none|\d+\.\d+(-\d+\.\d+)*)$/);
  assert.equal(seed, undefined);
  assert.match((await visit.log()).join('\n'), /under seed \d+ it goes wrong/);

  // The link, opened by somebody else.
  const other = await open({ link: visit.query(), isolated });
  const replayed = await other.run();
  assert.deepEqual([replayed.outcome, replayed.checked, replayed.summary], [report.outcome, report.checked, report.summary]);
  return { found, report };
}

/// What happened, with times since the first event: the same in every run of a seed.
async function happened(visit) {
  const { lanes } = await visit.trace();
  return lanes.map(({ name, number, spans }) => ({
    name,
    number,
    spans: spans.map(({ state, start, end }) => [state, Math.round(start - lanes[0].spans[0].start), Math.round(end - start)]),
  }));
}

inEachBrowser((here) => {
  check(here, 'the lost update is found within 1,000 schedules and 10 s, made short, shown, and replayed by its link', async (open) => {
    const { found, report } = await explored(open, { workload: 'race', size: 20, tasks: 2 });
    assert.ok(found.switches >= 1, JSON.stringify(found));
    assert.deepEqual([report.outcome, report.checked], ['finished', false]);
  });

  for (const [isolated, where] of [[true, ''], [false, ', without isolation']]) {
    check(here, `a lost update and a deadlock between coroutines are found and replayed${where}`, async (open) => {
      const lost = await explored(open, { workload: 'troubled-coroutines', size: 0 }, isolated);
      assert.deepEqual([lost.report.outcome, lost.report.checked], ['finished', false]);
      const stuck = await explored(open, { workload: 'troubled-coroutines', size: 1 }, isolated);
      assert.equal(stuck.report.outcome, 'deadlocked');
      assert.match(stuck.report.error, /to the right holds lock left .* and waits for lock right/);
    });
  }

  check(here, 'a coroutine that waits for a thread that waits for a coroutine is found and replayed', async (open) => {
    const { report } = await explored(open, { workload: 'troubled-coroutines', size: 2 });
    assert.equal(report.outcome, 'deadlocked');
    assert.match(report.error, /helper waits for lock shared/);
  });

  check(here, 'a lost update and a deadlock between processes are found within 10 s and replayed', async (open) => {
    const lost = await explored(open, { workload: 'troubled-processes', size: 0 });
    assert.ok(lost.found.switches >= 1);
    assert.deepEqual([lost.report.outcome, lost.report.checked], ['finished', false]);
    const stuck = await explored(open, { workload: 'troubled-processes', size: 1 });
    assert.equal(stuck.report.outcome, 'deadlocked');
    assert.match(stuck.report.error, /to the right holds lock left .* and waits for lock right/);
  }, { timeout: 120_000 });

  check(here, 'a worker that is late to end is not taken for the next process that it runs', async (open) => {
    for (let again = 0; again < 6; again += 1) {
      const visit = await open({ link: { workload: 'troubled-processes', size: 1 } });
      await visit.press('Explore');
      const found = await visit.next('explored');
      // By the rule both get their locks: a finding without a decision would be one that never happened.
      assert.deepEqual([found.outcome, found.switches >= 1], ['found', true], JSON.stringify(found));
      await visit.ended();
    }
  }, { timeout: 120_000 });

  for (const [workload, size] of [['troubled-processes', 0], ['troubled-coroutines', 0], ['manager', undefined]]) {
    check(here, `the same seed of ${workload} gives the same run, event for event`, async (open) => {
      const visit = await open({ link: { workload, ...(size === undefined ? {} : { size }), seed: 5 } });
      const first = await visit.run();
      const [once, spans] = [await happened(visit), first.summary];
      for (let again = 0; again < 4; again += 1) {
        const { outcome, summary } = await visit.run();
        assert.deepEqual([outcome, summary], ['finished', spans]);
        assert.deepEqual(await happened(visit), once);
      }
    });
  }

  check(here, 'a process that panics or is ended holds up no schedule', async (open) => {
    const visit = await open({ link: { workload: 'troubled-processes', size: 3, seed: 1 }, expect: [/on purpose|unreachable|panicked/] });
    for (const seed of [1, 2, 3]) {
      await visit.type('Seed', seed);
      const report = await visit.run();
      assert.deepEqual([report.outcome, report.checked], ['finished', true], `seed ${seed}: ${report.error ?? report.summary}`);
    }
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
