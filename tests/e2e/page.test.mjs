// The page itself: what a first visitor meets, comparing, saving and opening, and how it is laid out.
import assert from 'node:assert/strict';

import { SMALL, check, inEachBrowser } from './harness.mjs';

const PI = { workload: 'pi', ...SMALL.pi, workers: 2 };

/// Everything that a hand may be on its way to.
function places() {
  const chosen = 'header button, header input, header select, nav button, #knobs input, #knobs select, .timeline, .timeline-tools button, [role=tab], [role=tablist], canvas.chart';
  return Object.fromEntries(
    [...document.querySelectorAll(chosen)].map((element, at) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      const name = element.id || element.value || (element.matches('button') && element.textContent.trim()) || element.className || element.tagName;
      return [`${at} ${name}`, [x, y, width, height].map(Math.round).join(' ')];
    }),
  );
}

inEachBrowser((here) => {
  check(here, 'a first visit shows a finished run at once, says where it comes from, and offers Run', async (open) => {
    const visit = await open();
    const report = await visit.ended();
    assert.deepEqual([report.outcome, report.checked], ['finished', true]);
    assert.ok(report.at < 5_000, `it was there after ${report.at} ms`);
    await visit.until('it is labelled', () => /recorded just now on this machine/.test(document.querySelector('.origin')?.textContent));
    assert.match(await visit.text('.run-title'), /Mandelbrot · \d threads/);
    assert.match(await visit.text('[role=tabpanel]'), /✓ Checked/);
    assert.equal(await visit.page.$eval('#run', (button) => button.disabled), false);
    assert.deepEqual(visit.query(), {}, 'the address stays as it was');
    await visit.runWell();
  });

  check(here, 'a comparison runs four models on one axis and draws its sentence from its table', async (open) => {
    const visit = await open({ link: { workload: 'pi', size: 20_000, tasks: 8, workers: 2 } });
    await visit.press('Compare four ways');
    const compared = await visit.next('compared');
    const runs = [];
    for (let n = 0; n < 4; n++) runs.push(await visit.next('finished'));
    assert.deepEqual(runs.map((run) => run.model), ['sequential', 'threads', 'processes', 'tasks']);
    assert.equal(new Set(runs.map((run) => run.digest)).size, 1);

    const rows = await visit.rows('[role=tabpanel] table');
    assert.deepEqual(rows.map((row) => row.Model), ['Sequential', 'Threads', 'Processes', 'Async tasks']);
    const sentence = await visit.text('[role=tabpanel] .sentence');
    assert.equal(sentence, compared.sentence);
    const shares = [...sentence.matchAll(/(threads|processes|tasks) took ([\d.]+)( times)?/g)];
    assert.equal(shares.length, 3, sentence);
    for (const [, model, share, times] of shares) {
      const at = rows.findIndex((row) => row.Model.toLowerCase().endsWith(model));
      // A slow machine may take many times as long, which is told in whole numbers.
      const expected = times ? (compared.models[at].wall_ns / compared.models[0].wall_ns).toFixed(0) : rows[at]['Of sequential'];
      assert.equal(share, expected, `${model} in “${sentence}”`);
    }
    const [first] = rows;
    assert.equal(first['Of sequential'], '1.00');
    for (const { models } of [compared]) {
      for (const [at, row] of models.entries()) {
        assert.equal(Number(rows[at]['Of sequential']).toFixed(2), (row.wall_ns / models[0].wall_ns).toFixed(2));
      }
    }

    const label = await visit.page.$eval('canvas.chart', (canvas) => canvas.getAttribute('aria-label'));
    assert.match(label, /Monte-Carlo pi, four ways/);
    const lanes = Number(label.match(/(\d+) lanes/)?.[1]);
    assert.ok(lanes >= runs.flatMap((run) => run.lanes).length, `${label}, of ${runs.map((run) => run.lanes.length)}`);
    await visit.picture(`${here.kind}-desktop-light-compare`);
  });

  check(here, 'speed-up is measured against the sequential run of the same work', async (open) => {
    const visit = await open({ link: { workload: 'pi', size: 4_000, tasks: 8, workers: 2 } });
    const figure = async (name) => (await visit.texts('.figure')).find((text) => text.startsWith(name));
    await visit.choose('Processes');
    await visit.runWell();
    assert.match(await figure('Speed-up'), /run Sequential or Compare to get it/);
    await visit.choose('Sequential');
    const sequential = await visit.runWell();
    await visit.choose('Processes');
    const processes = await visit.runWell();
    const said = (await figure('Speed-up')).match(/([\d.]+) ×/)?.[1];
    const measured = sequential.wall_ms / processes.wall_ms;
    assert.ok(Math.abs(Number(said) - measured) < 0.01, `it says ${said}, measured ${measured}`);
  });

  check(here, 'a saved run opens to the same report, elsewhere too', async (open) => {
    const mine = await open({ link: { ...PI, model: 'processes' } });
    await mine.runWell();
    const file = await mine.saveFile();
    const report = await mine.text('.report-figures');
    const table = await mine.table();

    const theirs = await open({ isolated: false, link: { workload: 'timers', model: 'tasks' } });
    await theirs.openFile('saved.interleave', file);
    await theirs.until('the run is open', () => /opened from saved\.interleave/.test(document.querySelector('.origin')?.textContent));
    const opened = await theirs.text('.report-figures');
    // What is measured against other runs of this page is not in the file.
    const own = (text) => text.split('\n').filter((line) => !/^Speed|×|–|sequential|run Sequential/i.test(line));
    assert.deepEqual(own(opened), own(report));
    assert.deepEqual(await theirs.table(), table);
    assert.equal(await theirs.value('Points'), String(SMALL.pi.size));
    assert.deepEqual(Buffer.from(await theirs.saveFile()).subarray(0, 8).toString(), 'INTERLVE');
  });

  for (const [what, name, bytes, sentence] of [
    ['another file', 'holiday.json', '{"traceEvents":[]}', 'This file is not a run saved by Interleave.'],
    ['an empty file', 'empty.interleave', '', 'This file is not a run saved by Interleave.'],
    ['a cut file', 'cut.interleave', 'INTERLVE\u0001\0\0\0\u0040\0\0\0work', 'This file ends too early or is damaged; save the run again.'],
    ['a later file', 'later.interleave', 'INTERLVE\u0009\0\0\0\0\0\0\0', 'This run was saved by a newer Interleave (format 9; this one reads 1).'],
  ]) {
    check(here, `${what} is refused in one sentence, and what was shown stays`, async (open) => {
      const visit = await open({ link: { ...PI, model: 'sequential' } });
      await visit.runWell();
      const report = await visit.text('.report-figures');
      await visit.openFile(name, bytes);
      await visit.until('it is refused', (name) => document.querySelector('.status').textContent.startsWith(name), name);
      assert.equal(await visit.text('.status'), `${name}: ${sentence}`);
      assert.equal(await visit.text('.report-figures'), report);
      await visit.runWell();
    });
  }

  check(here, 'a browser window of 360 pixels has no horizontal scroll, in any view', async (open) => {
    const visit = await open({ screen: 'narrow', link: { ...PI, workload: 'mandelbrot', size: 96, model: 'processes' } });
    await visit.runWell();
    for (const tab of ['Report', 'Picture', 'Log', 'Table', 'Compare']) {
      await visit.openTab(tab);
      const { wide, screen } = await visit.page.evaluate(() => ({ wide: document.scrollingElement.scrollWidth, screen: innerWidth }));
      assert.ok(wide <= screen, `${tab} is ${wide} pixels wide`);
      await visit.picture(`${here.kind}-narrow-light-${tab.toLowerCase()}`);
    }
    await visit.press('Settings');
    assert.equal(await visit.page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), true);
    await visit.picture(`${here.kind}-narrow-light-settings`);
  });

  for (const screen of ['desktop', 'phone', 'narrow', 'huge']) {
    check(here, `the timeline has at least half of the height of a ${screen} screen`, async (open) => {
      const visit = await open({ screen, link: { ...PI, model: 'processes' } });
      await visit.runWell();
      const { height } = await visit.box('section.timeline');
      const whole = await visit.page.evaluate(() => innerHeight);
      assert.ok(height >= whole / 2, `${height} of ${whole} pixels`);
      await visit.picture(`${here.kind}-${screen}-light-report`);
    });
  }

  for (const screen of ['desktop', 'phone']) {
    check(here, `nothing that can be pressed moves while a run grows, on a ${screen} screen`, async (open) => {
      const visit = await open({ screen, link: { workload: 'primes', size: 50_000_000, tasks: 64, workers: 2, model: 'processes' } });
      const before = await visit.page.evaluate(places);
      await visit.press('Run');
      await visit.until('the run has started', () => document.querySelector('.origin')?.textContent.startsWith('running'));
      assert.deepEqual(await visit.page.evaluate(places), before, 'when the run started');
      await visit.until('it has grown', () => Number(document.querySelector('canvas.chart').getAttribute('aria-label').match(/([\d,]+) spans?/)?.[1]) > 8);
      assert.deepEqual(await visit.page.evaluate(places), before, 'while it grew');
      await visit.press('Stop');
      await visit.ended();
      assert.deepEqual(await visit.page.evaluate(places), before, 'when it was stopped');
    });
  }

  check(here, 'each colour scheme shows every view', async (open) => {
    for (const theme of ['light', 'dark']) {
      const visit = await open({ link: { workload: 'mandelbrot', size: 512, tasks: 16, workers: 2, model: 'threads', theme } });
      await visit.runWell();
      for (const tab of ['Report', 'Picture', 'Log', 'Table']) {
        await visit.openTab(tab);
        await visit.picture(`${here.kind}-desktop-${theme}-${tab.toLowerCase()}`);
      }
      await visit.press('Help and keys');
      await visit.picture(`${here.kind}-desktop-${theme}-help`);
      await visit.press('Close');
      await visit.press('Compare four ways');
      await visit.next('compared');
      await visit.picture(`${here.kind}-desktop-${theme}-compare`);
    }
  });

  check(here, 'the colour scheme of the system is followed, and a choice on the page goes before it', async (open) => {
    const visit = await open({ link: PI });
    const ground = () => visit.page.$eval('body', (body) => getComputedStyle(body).backgroundColor);
    const label = await visit.page.$eval('#theme', (button) => button.getAttribute('aria-label'));
    assert.match(label, /^Colours: system/);
    await visit.page.click('#theme');
    await visit.until('it is dark', () => document.documentElement.dataset.theme === 'dark');
    const dark = await ground();
    await visit.page.click('#theme');
    await visit.until('it is light', () => document.documentElement.dataset.theme === 'light');
    assert.notEqual(await ground(), dark);
    await visit.until('the address keeps it', () => location.search.includes('theme=light'));
    await visit.reload();
    assert.equal(await visit.page.$eval('html', (html) => html.dataset.theme), 'light');
  });

  check(here, 'a phone shows a run, its settings and a comparison', async (open) => {
    const visit = await open({ screen: 'phone', link: { ...PI, model: 'processes', theme: 'dark' } });
    await visit.runWell();
    await visit.picture(`${here.kind}-phone-dark-report`);
    await visit.press('Settings');
    await visit.type('Tasks', 5);
    await visit.picture(`${here.kind}-phone-dark-settings`);
    await visit.press('Compare four ways');
    await visit.next('compared');
    await visit.page.$eval('[role=tabpanel]', (panel) => panel.scrollIntoView());
    await visit.picture(`${here.kind}-phone-dark-compare`);
  });
});
