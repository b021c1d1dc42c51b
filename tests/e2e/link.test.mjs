// The address says what the page shows, and starts nothing.
import assert from 'node:assert/strict';

import { check, inEachBrowser } from './harness.mjs';

const LINK = { workload: 'blur', model: 'processes', size: 128, tasks: 6, workers: 3, chunking: 'static', start: 'warm', view: 'table' };

async function state(visit) {
  return {
    workload: await visit.page.$eval('.entry[aria-current]', (entry) => entry.textContent.trim()),
    model: await visit.model(),
    size: await visit.value('Picture edge'),
    tasks: await visit.value('Tasks'),
    workers: await visit.value('Workers'),
    chunking: await visit.page.$eval('#knob-chunking', (select) => select.value),
    start: await visit.page.$eval('#knob-start', (select) => select.value),
    view: await visit.text('[role=tab][aria-selected=true]'),
  };
}

const SHOWN = { workload: 'Gaussian blur', model: 'processes', size: '128', tasks: '6', workers: '3', chunking: 'static', start: 'warm', view: 'Table' };

inEachBrowser((here) => {
  check(here, 'a link shows its workload, model, knobs and view, and runs nothing by itself', async (open) => {
    const visit = await open({ link: LINK });
    assert.deepEqual(await state(visit), SHOWN);
    assert.equal(await visit.count('run'), 0);
    assert.match(await visit.text('.empty'), /Press Run/);
  });

  check(here, 'what the controls say is in the address, and a reload shows it and its run again without running', async (open) => {
    const visit = await open({ link: { workload: 'pi' } });
    await visit.press('Gaussian blur');
    await visit.choose('Processes');
    await visit.type('Picture edge', 128);
    await visit.type('Tasks', 6);
    await visit.type('Workers', 3);
    await visit.page.select('#knob-chunking', 'static');
    await visit.page.select('#knob-start', 'warm');
    await visit.openTab('Table');
    await visit.until('the address says it all', () => location.search.includes('view=table') && location.search.includes('start=warm'));
    await visit.runWell();
    const { isolation, ...query } = visit.query();
    assert.deepEqual(query, Object.fromEntries(Object.entries(LINK).map(([key, value]) => [key, String(value)])));
    const table = await visit.table();
    await visit.reload();
    assert.deepEqual(await state(visit), SHOWN);
    assert.equal(await visit.count('run'), 0);
    assert.match(await visit.text('.origin'), /before the page was reloaded/);
    assert.deepEqual(await visit.table(), table);
  });

  check(here, 'a shared link shows the same to somebody else', async (open) => {
    const mine = await open({ link: { workload: 'timers' } });
    await mine.press('Gaussian blur');
    await mine.choose('Processes');
    for (const [label, value] of [['Picture edge', 128], ['Tasks', 6], ['Workers', 3]]) await mine.type(label, value);
    await mine.page.select('#knob-chunking', 'static');
    await mine.page.select('#knob-start', 'warm');
    await mine.openTab('Table');
    await mine.press('Share');
    const shared = await mine.until('there is a link to copy', () => document.querySelector('dialog[open] textarea[aria-label=Link]')?.value);
    assert.equal(shared, mine.page.url());
    const theirs = await open({ raw: new URL(shared).search });
    assert.deepEqual(await state(theirs), SHOWN);
    assert.equal(await theirs.count('run'), 0);
  });

  check(here, 'back and forward go between links', async (open) => {
    const visit = await open({ link: { workload: 'pi', model: 'tasks' } });
    await visit.go(LINK);
    await visit.page.evaluate(() => history.back());
    await visit.until('the first link is shown', () => document.querySelector('.entry[aria-current]')?.textContent.trim() === 'Monte-Carlo pi');
    assert.equal(await visit.model(), 'tasks');
    await visit.page.evaluate(() => history.forward());
    await visit.until('the second link is shown', () => document.querySelector('.entry[aria-current]')?.textContent.trim() === 'Gaussian blur');
    assert.deepEqual(await state(visit), SHOWN);
    assert.equal(await visit.count('run'), 0);
  });

  check(here, 'an address that changes under the page is followed', async (open) => {
    const visit = await open({ link: { workload: 'pi', model: 'tasks' } });
    await visit.page.evaluate(() => history.pushState(null, '', '?workload=timers&model=sequential&tasks=3'));
    await visit.page.evaluate(() => history.back());
    await visit.until('the page is back', () => location.search.includes('workload=pi'));
    await visit.page.evaluate(() => history.forward());
    await visit.until('the page shows the other link', () => document.querySelector('.entry[aria-current]')?.textContent.trim() === 'Timers');
    assert.equal(await visit.value('Tasks'), '3');
    assert.equal(await visit.model(), 'sequential');
  });

  check(here, 'what a link says badly is told beside its control, and the default stays', async (open) => {
    const visit = await open({ raw: 'workload=blur&size=1e9&workers=65&model=fibers&tasks=&chunking=lumpy' });
    const note = async (label, role = 'textbox') =>
      (await visit.element(role, label)).evaluate((control) => ({
        invalid: control.getAttribute('aria-invalid'),
        text: document.getElementById(control.getAttribute('aria-describedby'))?.innerText,
      }));
    assert.deepEqual(await note('Picture edge'), { invalid: 'true', text: 'Picture edge takes a whole number from 16 to 4096 pixels, not “1e9”.' });
    assert.deepEqual(await note('Workers'), { invalid: 'true', text: 'Workers takes a whole number from 1 to 64 workers, not “65”.' });
    assert.deepEqual(await note('Tasks'), { invalid: 'true', text: 'Tasks takes a whole number from 1 to 4096 tasks, not “”.' });
    assert.match((await note('Chunking', 'combobox')).text, /“lumpy” is not one of: dynamic, static\./);
    assert.match(await visit.text('.models .problem'), /“fibers” is not one of: sequential, threads, processes, tasks\./);
    assert.equal(await visit.model(), 'threads');
    assert.equal((await visit.log()).filter((line) => line.includes('The link was not understood')).length, 5);
    // The address names the value in effect once something is changed.
    await visit.choose('Sequential');
    await visit.until('the address is mended', () => location.search.includes('model=sequential') && !location.search.includes('1e9'));
    const { spec } = await visit.runWell();
    const plain = await open({ link: { workload: 'blur', model: 'sequential', workers: visit.query().workers } });
    assert.equal(spec, (await plain.runWell()).spec);
  });

  check(here, 'a link to a workload that does not exist says so and shows the first one', async (open) => {
    const visit = await open({ raw: 'workload=sudoku' });
    assert.match(await visit.text('#knobs .problem'), /There is no workload named “sudoku”; pick one from the catalogue\./);
    assert.equal(await visit.text('.entry[aria-current]'), 'Count primes');
    assert.equal(await visit.count('run'), 0);
  });

  check(here, 'a bad value in a knob is told beside it, changes nothing, and goes with a good one', async (open) => {
    const visit = await open({ link: { workload: 'pi', size: 400, tasks: 4, model: 'sequential' } });
    const before = visit.query();
    for (const bad of ['0', '4097', 'many', '-3', '1.5']) {
      await visit.type('Tasks', bad);
      await visit.until(`“${bad}” is refused`, (bad) => document.querySelector('#note-tasks')?.innerText.includes(`“${bad}”`), bad);
      assert.equal(await visit.page.$eval('#knob-tasks', (input) => input.getAttribute('aria-invalid')), 'true');
    }
    assert.equal(visit.query().tasks ?? '4', before.tasks);
    assert.match((await visit.runWell()).spec, /tasks=4&/);
    await visit.type('Tasks', 5);
    await visit.until('the message is gone', () => !document.querySelector('#note-tasks').className.includes('problem'));
    assert.match((await visit.runWell()).spec, /tasks=5&/);
  });

  check(here, 'parameters of others stay in the address', async (open) => {
    const visit = await open({ link: { workload: 'pi', from: 'a friend' } });
    await visit.choose('Sequential');
    await visit.until('the address follows', () => location.search.includes('model=sequential'));
    assert.equal(visit.query().from, 'a friend');
  });
});
