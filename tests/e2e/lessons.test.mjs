// The lessons: each runs, shows its text, its question and the very source that ran, and answers by the visitor's runs.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { check, dist, inEachBrowser } from './harness.mjs';

/// The accidents that may end a run, or its check.
const ACCIDENTS = ['race', 'two-locks', 'philosophers', 'convoy', 'priority-inversion', 'lost-wakeup', 'blocked-loop'];

/// Those whose program in Python ends in a deadlock.
const STUCK_IN_PYTHON = ['two-locks', 'philosophers', 'lost-wakeup'];

/// What keeps waits short, for lessons that are about something else.
const SMALL = {
  'sequential': { size: 60_000 },
  'concurrency-parallelism': { size: 40, tasks: 6, latency: 8, rate: 500 },
  'cpu-bound': { size: 60_000 },
  'io-bound': { size: 12 },
  'mixed': { size: 40, tasks: 6, latency: 8 },
  'downloads': { size: 6, tasks: 3, latency: 10 },
  'pictures': { size: 96, tasks: 6 },
  'server': { size: 20, tasks: 8, latency: 8, rate: 500 },
  'gil': { size: 60_000 },
  'which-when': { size: 60_000 },
  'memory': { size: 400, tasks: 2 },
  'spawn-cost': { size: 50, tasks: 2 },
};

/// The lessons in the order of the catalogue: what the page offers.
const lessons = (visit) => visit.page.$$eval('.lesson-entry', (entries) => entries.map((entry) => entry.dataset.lesson));

/// Opens a lesson on a page that is there, without loading it again.
async function follow(visit, link) {
  await visit.follow(link);
  await visit.until('the lesson is open', (title) => document.querySelector('[aria-current].lesson-entry')?.dataset.lesson === title, link.lesson);
}

/// The folder of the published site that the page's files are in.
const folder = async () => (await readdir(dist)).find((name) => name.startsWith('site-')) ?? '';

inEachBrowser((here) => {
  for (const isolated of [true, false]) {
    check(here, `every lesson ${isolated ? 'runs and' : 'that can runs without isolation, others say why; each'} shows text, question and source`, async (open) => {
      const visit = await open({ isolated, link: { lesson: 'sequential' } });
      const all = await lessons(visit);
      assert.ok(all.length >= 35, `${all.length} lessons`);
      for (const lesson of all) {
        await follow(visit, { lesson, ...SMALL[lesson], ...(isolated ? {} : { isolation: 'off' }) });
        const words = (await visit.text('.lesson-text > p:nth-of-type(2)')).split(/\s+/).length;
        assert.ok(words > 30 && words <= 120, `${lesson}: ${words} words`);
        assert.ok((await visit.texts('.answer')).length >= 2, `${lesson} has answers`);
        const able = await visit.page.$eval('#run', (button) => !button.disabled);
        if (!able) {
          assert.equal(isolated, false, `${lesson} cannot run though it is isolated`);
          assert.match(await visit.page.$eval('#run', (button) => button.title), /cross-origin isolated/, lesson);
          continue;
        }
        const report = await visit.run();
        const fine = report.outcome === 'finished' && report.checked === true;
        const accident = ACCIDENTS.includes(lesson) && ['finished', 'deadlocked'].includes(report.outcome);
        assert.ok(fine || accident, `${lesson}: ${report.outcome} ${report.error ?? report.summary}`);
        await visit.openTab('Rust');
        await visit.until('the source is there', () => document.querySelectorAll('.listing li').length > 10);
        const shown = await visit.page.$$eval('.listing code', (lines) => lines.map((line) => line.textContent).join('\n'));
        const file = await visit.page.evaluate(() => document.querySelector('.source-head select')?.selectedOptions[0].textContent ?? document.querySelector('.source-head strong').textContent);
        assert.equal(shown, (await readFile(join(dist, await folder(), 'source', file), 'utf8')).trimEnd(), `${lesson}: ${file}`);
      }
    }, { timeout: 240_000 });
  }

  check(here, 'every lesson runs in Python, too: its own program, on the same timeline', async (open) => {
    const visit = await open({ link: { lesson: 'sequential' } });
    for (const lesson of await lessons(visit)) {
      await follow(visit, { lesson });
      await visit.openTab('Python');
      await visit.until('its program is there', () => document.querySelector('.editor').textContent.length > 100);
      const report = await visit.run();
      const stuck = STUCK_IN_PYTHON.includes(lesson);
      assert.equal(report.outcome, stuck ? 'deadlocked' : 'finished', `${lesson}: ${report.error ?? report.summary}`);
      assert.ok(stuck || report.checked, `${lesson}: ${report.summary}`);
      assert.ok(report.output.length > 0, `${lesson} prints nothing`);
      assert.deepEqual([visit.query().lesson, visit.query().program], [lesson, undefined]);
    }
  }, { timeout: 400_000 });

  check(here, 'the tabs of a lesson choose its language, and what was written stays', async (open) => {
    const visit = await open({ link: { lesson: 'race' } });
    await visit.runWell().catch(() => {});
    await visit.openTab('Python');
    await visit.until('the program is there', () => /import threading/.test(document.querySelector('.editor').textContent));
    await visit.page.click('.cm-content, .editor textarea');
    await visit.page.keyboard.type('print("mine")\n');
    await visit.openTab('Rust');
    await visit.until('the source is there', () => document.querySelectorAll('.listing li').length > 10);
    assert.equal(visit.query().workload, 'race');
    await visit.openTab('Python');
    const report = await visit.run();
    assert.match(report.output.map(({ text }) => text).join(''), /mine/);
    await visit.reload();
    await visit.until('it is still there', () => /mine/.test(document.querySelector('.editor').textContent));
  });

  check(here, 'a question is answered by the runs of this tab, and a link keeps what was changed', async (open) => {
    const visit = await open({ link: { lesson: 'race' } });
    await visit.type('Additions each', 20_000);
    assert.deepEqual([visit.query().lesson, visit.query().size], ['race', '20000']);
    await visit.click('radio', 'No, it depends on timing');
    assert.match(await visit.text('.reply'), /Run it twice/);
    const first = await visit.run();
    await visit.until('one more is asked for', () => /One more/.test(document.querySelector('.reply').textContent));
    const second = await visit.run();
    await visit.until('it is told', () => /Right/.test(document.querySelector('.reply').textContent));
    const said = await visit.text('.reply');
    for (const { summary } of [first, second]) assert.ok(said.includes(summary), `${said} says ${summary}`);
  });

  check(here, 'the same seed gives the same result, and one lane runs at a time', async (open) => {
    const visit = await open({ link: { lesson: 'race', size: 5, seed: 11 } });
    const [first, second] = [await visit.run(), await visit.run()];
    assert.deepEqual([first.outcome, first.summary], ['finished', second.summary]);
  });

  check(here, 'a line chooses its wait on the timeline, and a wait shows its line', async (open) => {
    const visit = await open({ link: { lesson: 'semaphore', view: 'source' } });
    await visit.run();
    await visit.until('a line is marked', () => document.querySelector('.listing .line-mark'));
    await visit.page.click('.listing .line-mark');
    await visit.until('a span is chosen', () => document.querySelector('.details'));
    const line = await visit.text('.listing [aria-current] .number');
    assert.match(await visit.text('.details'), new RegExp(`semaphore\\.rs:${line}\\b`));
  });

  check(here, 'a GIL makes computing threads take turns', async (open) => {
    const visit = await open({ link: { lesson: 'gil', size: 300_000, workers: 2 } });
    const on = await visit.runWell();
    await visit.page.select('#knob-gil', 'off');
    const off = await visit.runWell();
    assert.equal(on.digest, off.digest);
    await visit.click('radio', 'Nothing');
    assert.match(await visit.text('.reply'), /with the GIL, .* without/);
  });
});
