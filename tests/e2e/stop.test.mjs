// Stop ends anything at once, and leaves nothing behind.
import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { MODELS, check, inEachBrowser } from './harness.mjs';

const LONG = { workload: 'primes', size: 50_000_000, tasks: 2, workers: 2 };
const ENDLESS = { workload: 'endless', size: 1, tasks: 2, workers: 2 };

/// Starts what the controls say and waits until a lane has been running for a while.
async function runFor(visit, isolated) {
  await visit.press('Run');
  await visit.until('the run has started', () => document.querySelector('.origin')?.textContent.startsWith('running'));
  const begun = await visit.page.evaluate(() => performance.now());
  if (isolated) {
    // The table grows with the run; a kernel that does not yield shows as one long running span.
    await visit.until('a lane has been running for 100 ms', () =>
      [...document.querySelectorAll('[role=tabpanel] table tbody tr')].some((row) => {
        const [number, unit] = (row.cells[3]?.innerText ?? '').split(/\s+/);
        return unit === 's' || (unit === 'ms' && parseFloat(number) >= 100);
      }));
  } else {
    // A worker in a kernel that never yields has nothing to say, so there the clock has to do.
    await visit.until('it has been running for 300 ms', (begun) => performance.now() - begun > 300, begun);
  }
}

async function stop(visit) {
  await visit.press('Stop');
  const report = await visit.ended();
  const pressed = await visit.page.evaluate(() => window.seen.clicks.Stop);
  return { ...report, took: report.at - pressed };
}

inEachBrowser((here) => {
  for (const isolated of [true, false]) {
    describe(isolated ? 'isolated' : 'not isolated', () => {
      for (const model of MODELS.filter((model) => isolated || model !== 'Threads')) {
        for (const [what, link] of [...(isolated ? [['a kernel', LONG]] : []), ['a loop that never ends', ENDLESS]]) {
          check(here, `Stop ends ${what} in ${model.toLowerCase()} within 200 ms, and the next run works`, async (open) => {
            const visit = await open({ isolated, link: { ...link, view: 'table' } });
            await visit.choose(model);
            await runFor(visit, isolated);
            const { outcome, took } = await stop(visit);
            assert.equal(outcome, 'stopped');
            assert.ok(took < 200, `Stop took ${took} ms`);
            // Chromium gives a worker that is terminated two seconds before it ends a script that goes on.
            await visit.until('every worker is gone', async () => (await navigator.locks.query()).held.length === 0);
            for (const lane of await visit.table()) assert.match(lane.Outcome, /stopped|completed/, JSON.stringify(lane));

            await visit.press('Monte-Carlo pi');
            await visit.type('Points', 400);
            await visit.runWell();
          });
        }
      }
    });
  }

  check(here, 'Stop ends a comparison, and says so', async (open) => {
    const visit = await open({ link: { ...LONG, view: 'table' } });
    await visit.press('Compare four ways');
    await visit.until('a model runs', () => document.querySelector('[role=tabpanel] .sentence')?.textContent.startsWith('Running'));
    await visit.press('Stop');
    const compared = await visit.next('compared');
    assert.equal(compared.outcome, 'stopped');
    assert.match(await visit.text('.status'), /stopped/);
    await visit.until('every worker is gone', async () => (await navigator.locks.query()).held.length === 0);
  });

  check(here, 'Stop pressed at once ends a run that is still getting ready', async (open) => {
    const visit = await open({ link: { ...LONG, model: 'processes', workers: 8 } });
    await visit.page.evaluate(() => {
      document.querySelector('#run').click();
      requestAnimationFrame(function poll() {
        const stop = document.querySelector('#stop');
        if (stop.disabled) requestAnimationFrame(poll);
        else stop.click();
      });
    });
    assert.equal((await visit.ended()).outcome, 'stopped');
    await visit.until('every worker is gone', async () => (await navigator.locks.query()).held.length === 0);
  });
});
