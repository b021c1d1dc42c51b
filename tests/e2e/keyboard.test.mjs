// Everything can be done with the keyboard, and everything has a name.
import assert from 'node:assert/strict';

import { SMALL, check, inEachBrowser } from './harness.mjs';

const PI = { workload: 'pi', ...SMALL.pi, workers: 2, model: 'processes' };

function focused() {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const label = element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText ?? '';
  return label.trim().split('\n')[0];
}

/// What the canvas shows, as a number: equal pictures have equal ones.
function drawn() {
  const canvas = document.querySelector('canvas.chart');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Uint32Array(data.buffer).reduce((hash, pixel) => (Math.imul(hash, 31) + pixel) | 0, 7);
}

inEachBrowser((here) => {
  check(here, 'every control is reached with Tab', async (open) => {
    const visit = await open({ link: PI });
    await visit.runWell();
    await visit.page.evaluate(() => document.activeElement.blur());
    const reached = new Set();
    for (let n = 0; n < 80; n++) {
      await visit.page.keyboard.press('Tab');
      reached.add(await visit.page.evaluate(focused));
    }
    const wanted = ['Count primes', 'A loop that never ends', 'Processes', 'Run', 'Compare four ways', 'Save run', 'Open run', 'Share', 'Help and keys', 'Points', 'Tasks', 'Workers', 'Chunking', 'Start', 'Links', 'Follow', 'Zoom in', 'Zoom out', 'Show the whole run', 'Report'];
    assert.deepEqual(wanted.filter((name) => !reached.has(name)), [], `reached: ${[...reached].join(', ')}`);
    assert.ok([...reached].some((name) => name?.startsWith('Timeline.')), 'the timeline itself');
    assert.ok([...reached].some((name) => name?.startsWith('Colours:')), 'the colours');
  });

  check(here, 'a run is set up, started and read without a pointer', async (open) => {
    const visit = await open({ link: PI });
    const { keyboard } = visit.page;
    await visit.page.focus('input[name=model]:checked');
    await keyboard.press('ArrowRight');
    await visit.until('async tasks are chosen', () => document.querySelector('input[name=model]:checked').value === 'tasks');
    await visit.page.focus('#knob-tasks');
    await keyboard.down('Control');
    await keyboard.press('a');
    await keyboard.up('Control');
    await keyboard.type('5');
    await keyboard.press('Tab');
    await visit.page.focus('#run');
    await keyboard.press('Enter');
    const report = await visit.ended();
    assert.match(report.spec, /model=tasks.*tasks=5/);
    await visit.page.focus('[role=tab][aria-selected=true]');
    await keyboard.press('End');
    await visit.until('the last tab is open', () => document.activeElement.textContent === 'Rust' && document.activeElement.getAttribute('aria-selected') === 'true');
    await keyboard.press('Home');
    await visit.until('the first tab is open', () => document.activeElement.textContent === 'Report');
  });

  check(here, 'Control and Enter run from anywhere, from a knob with the value just typed', async (open) => {
    const visit = await open({ link: PI });
    const { keyboard } = visit.page;
    const runNow = async () => {
      await keyboard.down('Control');
      await keyboard.press('Enter');
      await keyboard.up('Control');
      return visit.ended();
    };
    assert.equal((await runNow()).outcome, 'finished');
    await visit.click('textbox', 'Tasks', { count: 3 });
    await keyboard.type('3');
    assert.match((await runNow()).spec, /tasks=3&/);
  });

  check(here, 'the keys of the timeline zoom and pan, and 0 and F show the whole run again', async (open) => {
    const visit = await open({ link: PI });
    await visit.runWell();
    await visit.page.focus('canvas.chart');
    await visit.page.keyboard.press('f');
    await visit.until('the picture stands still', still);
    const whole = await visit.page.evaluate(drawn);
    const changesTo = async (key) => {
      const before = await visit.page.evaluate(drawn);
      await visit.page.keyboard.press(key);
      try {
        await visit.untilAtLast(3_000, 'the picture is another', `(${drawn})() !== ${before}`);
      } catch {
        assert.fail(`${key} changes nothing`);
      }
      await visit.until('the picture stands still', still);
      return visit.page.evaluate(drawn);
    };
    for (const keys of ['wwdas0', 'WWDf', '++-F']) {
      let last;
      for (const key of keys) last = await changesTo(key);
      assert.equal(last, whole, `${keys.at(-1)} shows the whole run`);
    }
  });

  check(here, 'the keys of the timeline work wherever the focus is, but not where one types', async (open) => {
    const visit = await open({ link: PI });
    await visit.runWell();
    await visit.page.focus('#share');
    await visit.until('the picture stands still', still);
    const whole = await visit.page.evaluate(drawn);
    await visit.page.focus('#knob-tasks');
    await visit.page.keyboard.press('w');
    await visit.until('the picture stands still', still);
    assert.equal(await visit.page.evaluate(drawn), whole);
    await visit.page.focus('#share');
    await visit.page.keyboard.press('w');
    await visit.untilAtLast(3_000, 'the picture is another', `(${drawn})() !== ${whole}`);
  });

  check(here, 'the arrows walk along the spans, which are told, and Escape lets go', async (open) => {
    const visit = await open({ link: PI });
    await visit.runWell();
    await visit.page.focus('canvas.chart');
    await visit.page.keyboard.press('ArrowRight');
    await visit.until('a span is chosen', () => document.querySelector('.details [role=status]')?.textContent.length > 10);
    const first = await visit.page.$eval('.details [role=status]', (status) => status.textContent);
    await visit.page.keyboard.press('ArrowDown');
    await visit.until('another lane is chosen', (first) => ![first, undefined].includes(document.querySelector('.details [role=status]')?.textContent), first);
    await visit.picture(`${here.kind}-desktop-light-details`);
    await visit.page.keyboard.press('Escape');
    await visit.until('nothing is chosen', () => document.querySelector('.details') === null);
  });

  check(here, '? opens the help and Escape closes it, twice', async (open) => {
    const visit = await open({ link: PI });
    for (let n = 0; n < 2; n++) {
      await visit.page.keyboard.press('?');
      await visit.until('the help is open', () => document.querySelector('dialog').open);
      assert.match(await visit.text('dialog'), /zoom in, out/);
      await visit.page.keyboard.press('Escape');
      await visit.until('the help is closed', () => !document.querySelector('dialog').open);
      await visit.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(drawn)));
    }
  });

  check(here, 'every control has a name', async (open) => {
    const visit = await open({ link: PI });
    await visit.runWell();
    const nameless = await visit.page.$$eval('button, input:not([hidden]), select, canvas, a[href], [role=tab]', (elements) =>
      elements
        .filter((element) => element.checkVisibility())
        .filter((element) => !(element.getAttribute('aria-label') || element.labels?.length || element.innerText.trim()))
        .map((element) => element.outerHTML.slice(0, 100)));
    assert.deepEqual(nameless, []);
  });

  check(here, 'the accessibility tree has controls of every kind once, by the roles and names that they show', async (open) => {
    const visit = await open({ link: PI });
    const names = {
      button: ['Run', 'Compare four ways', 'Save run', 'Count primes'],
      radio: ['Async tasks'],
      tab: ['Compare'],
      textbox: ['Points'],
      combobox: ['Chunking'],
    };
    for (const [role, list] of Object.entries(names)) {
      for (const name of list) assert.equal((await visit.page.$$(`::-p-aria([name="${name}"][role="${role}"])`)).length, 1, `${role} ${name}`);
    }
  });
});

/// Whether nothing was painted for some frames.
function still() {
  const canvas = document.querySelector('canvas.chart');
  const seen = (window.stillness ??= { picture: '', since: 0 });
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const picture = String(new Uint32Array(data.buffer).reduce((hash, pixel) => (Math.imul(hash, 31) + pixel) | 0, 7));
  if (picture !== seen.picture) Object.assign(seen, { picture, since: performance.now() });
  return performance.now() - seen.since > 200;
}
