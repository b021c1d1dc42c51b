// What goes wrong is named on its lane and in the log, with what to do, and the next run works.
import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { MODELS, SMALL, check, inEachBrowser } from './harness.mjs';

/// The browsers' consoles name every answer that failed, whatever the page makes of it.
const REFUSED = [/Failed to load resource/, /ERR_FAILED|ERR_EMPTY_RESPONSE|ERR_CONNECTION/, /NetworkError|Load failed|network error/i, /A ServiceWorker intercepted the request/];

/// Firefox's console names a promise that a worker rejects, even where the rejection is dealt with.
const TRAPPED = [/RuntimeError: unreachable executed/];

/// The accidents of the catalogue: what the log says, and what to do.
const ACCIDENTS = {
  panic: { says: /Panicked: this task panics on purpose/, advice: /run again, or pick other values/ },
  trap: { says: /Trapped: .*unreachable/, advice: /run again, or pick other values/ },
  memory: { says: /Out of memory: .* MiB more were wanted/, advice: /1 GiB: pick a smaller size/ },
};

async function nextRunWorks(visit, model) {
  await visit.press('Monte-Carlo pi');
  await visit.type('Points', SMALL.pi.size);
  await visit.choose(model);
  await visit.runWell();
}

/// Checks that a failed run is told everywhere that it should be: on the lane, in the report, in the log.
async function isTold(visit, report, { says, advice, outcome = 'failed', lane = null }) {
  assert.equal(report.outcome, 'failed', JSON.stringify(report.outcome));
  assert.match(report.error, says);
  const name = report.error.split(':')[0];
  if (lane !== null) assert.equal(name, lane);
  const failed = (await visit.table()).filter((row) => row.Outcome === outcome);
  assert.deepEqual(failed.map((row) => row.Lane), [name], 'one lane is named');
  const log = (await visit.log()).join('\n');
  assert.match(log, says);
  assert.match(log, advice);
  assert.ok(log.includes(name), `the log names ${name}:\n${log}`);
  assert.match(await visit.text('.status'), advice);
  await visit.openTab('Report');
  assert.match(await visit.text('.result'), advice);
  return name;
}

inEachBrowser((here) => {
  for (const isolated of [true, false]) {
    describe(isolated ? 'isolated' : 'not isolated', () => {
      for (const [workload, told] of Object.entries(ACCIDENTS)) {
        for (const model of isolated ? MODELS : ['Processes', 'Async tasks']) {
          check(here, `${workload} in ${model.toLowerCase()} is named on its lane and in the log, and the next run works`, async (open) => {
            const visit = await open({ isolated, link: { workload, size: 100, tasks: 4, workers: 2 }, expect: TRAPPED });
            await visit.choose(model);
            await isTold(visit, await visit.run(), told);
            await visit.until('every worker is gone', async () => (await navigator.locks.query()).held.length === 0);
            await nextRunWorks(visit, model);
          });
        }
      }

      const killed = { says: /The worker is gone/, advice: /close other tabs or use fewer workers, then run again/, outcome: 'killed' };
      const process = ['a process', 'Processes', { workload: 'timers', size: 10_000, tasks: 4, workers: 2 }, 3, 'process 2'];
      const victims = [
        process,
        ['the only worker', 'Sequential', { workload: 'endless', size: 1 }, 1, 'main'],
        ['the event loop', 'Async tasks', { workload: 'timers', size: 10_000, tasks: 4 }, 1, 'main'],
        ['a thread', 'Threads', { workload: 'timers', size: 10_000, tasks: 4, workers: 2 }, 3, 'thread 2'],
      ];
      for (const [what, model, link, workers, lane] of isolated ? victims : [process]) {
        check(here, `${what} that is killed is named on its lane and in the log, and the next run works`, async (open) => {
          const visit = await open({ isolated, link });
          await visit.choose(model);
          await visit.press('Run');
          await visit.until('the run has started', () => document.querySelector('.origin')?.textContent.startsWith('running'));
          await visit.until(`${workers} workers live`, async (workers) => (await navigator.locks.query()).held.length >= workers, workers);
          await visit.page.evaluate(() => window.seen.workers.at(-1).terminate());
          await isTold(visit, await visit.ended(), { ...killed, lane });
          await nextRunWorks(visit, model);
        });
      }

      for (const model of isolated ? MODELS : ['Processes']) {
        check(here, `a download that the host refuses in ${model.toLowerCase()} is named with its file and status`, async (open) => {
          const visit = await open({ isolated, link: { workload: 'downloads', ...SMALL.downloads, workers: 2 }, expect: REFUSED });
          await visit.choose(model);
          visit.site.refuse('files/03.txt', 503);
          const told = { says: /The download of files\/03\.txt failed with status 503/, advice: /Check the connection or the host's files, then run again/ };
          const lane = await isTold(visit, await visit.run(), told);
          const asked = (await visit.trace()).lanes.filter((lane) => lane.spans.some((span) => span.state === 'io' && span.number === 3));
          if (model !== 'Async tasks') assert.deepEqual(asked.map((lane) => lane.name), [lane], 'the lane that asked for it is the one that is named');
          visit.site.allow('files/03.txt');
          await visit.runWell();
        });
      }

      check(here, 'a download that breaks off is named with its file', async (open) => {
        const visit = await open({ isolated, link: { workload: 'downloads', ...SMALL.downloads, model: 'processes', workers: 2 }, expect: REFUSED });
        visit.site.refuse('files/01.txt', 'reset');
        const told = { says: /The download of files\/01\.txt got no answer/, advice: /Check the connection/ };
        await isTold(visit, await visit.run(), told);
        visit.site.allow('files/01.txt');
        await visit.runWell();
      });

      const [how, manner] = isolated ? [503, 'is refused'] : ['reset', 'breaks off'];
      for (const file of ['engine_bg.wasm', 'engine.js', 'worker.js']) {
        check(here, `a run whose ${file} ${manner} says that it did not load, and the next one works`, async (open) => {
          const link = { workload: 'pi', ...SMALL.pi, model: 'processes', workers: 2 };
          const visit = await open({ isolated, link, expect: REFUSED, refuse: { [file]: how } });
          const report = await visit.run();
          assert.equal(report.outcome, 'failed');
          assert.match(report.error, /did not load/);
          assert.match((await visit.log()).join('\n'), /did not load.*Check the connection and press Run again/);
          visit.site.allow(file);
          await visit.runWell();
        });
      }

      check(here, 'a process that does not load is named, and the next run works', async (open) => {
        const visit = await open({ isolated, link: { workload: 'pi', ...SMALL.pi, model: 'sequential', workers: 2 }, expect: REFUSED });
        await visit.runWell();
        await visit.page.evaluate(() => {
          const Real = window.Worker;
          let created = 0;
          window.Worker = class extends Real {
            constructor(address, options) {
              created += 1;
              super(created === 3 ? 'no-such-worker.js' : address, options);
            }
          };
        });
        await visit.choose('Processes');
        const report = await visit.run();
        await isTold(visit, report, { says: /did not load/, advice: /Check the connection and press Run again/ });
        await visit.runWell();
      });
    });
  }
});
