// The timeline under a hand: wheel, drag, pinch, and files that are dropped on the page.
import assert from 'node:assert/strict';

import { SMALL, check, inEachBrowser } from './harness.mjs';

const PI = { workload: 'pi', ...SMALL.pi, workers: 2, model: 'processes' };

/// The part of the run that is in view, in milliseconds, as the timeline tells it to those who do not see it.
function inView() {
  const told = document.querySelector('canvas.chart').getAttribute('aria-description');
  return told.match(/-?[\d.]+(?= ms)/g).map(Number);
}

async function shown(visit) {
  const [from, to] = await visit.page.evaluate(inView);
  return { from, to, span: to - from };
}

/// Waits until the part of the run that is shown is as wanted.
async function becomes(visit, what, before, wanted) {
  let now;
  const deadline = Date.now() + 5_000;
  do {
    await visit.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(drawn)));
    now = await shown(visit);
    if (wanted(now)) return now;
  } while (Date.now() < deadline);
  assert.fail(`${what}: from ${JSON.stringify(before)} it became ${JSON.stringify(now)}`);
}

inEachBrowser((here) => {
  check(here, 'Control and the wheel zoom at the pointer, a drag pans, Shift and the wheel pan', async (open) => {
    const visit = await open({ link: PI });
    await visit.runWell();
    const { x, y, width, height } = await visit.box('canvas.chart');
    const { mouse, keyboard } = visit.page;
    const whole = await shown(visit);
    await mouse.move(x + width * 0.6, y + height * 0.5);
    await keyboard.down('Control');
    await mouse.wheel({ deltaY: -400 });
    await keyboard.up('Control');
    const closer = await becomes(visit, 'Control and the wheel zoom in', whole, (now) => now.span < 0.8 * whole.span);
    await mouse.down();
    await mouse.move(x + width * 0.6 + 120, y + height * 0.5, { steps: 6 });
    await mouse.up();
    const earlier = await becomes(visit, 'a drag to the right shows earlier times', closer, (now) => now.from < closer.from);
    assert.ok(Math.abs(earlier.span - closer.span) < 0.02 * closer.span, 'a drag does not zoom');
    await keyboard.down('Shift');
    await mouse.wheel({ deltaY: 200 });
    await keyboard.up('Shift');
    await becomes(visit, 'Shift and the wheel show later times', earlier, (now) => now.from > earlier.from);
  });

  check(here, 'two fingers zoom, one pans', async (open) => {
    const visit = await open({ link: PI, screen: 'phone' });
    await visit.runWell();
    const { x, y, width, height } = await visit.box('canvas.chart');
    const [left, right, level] = [x + width * 0.5, x + width * 0.7, y + height * 0.5];
    const { touchscreen } = visit.page;
    const whole = await shown(visit);
    const one = await touchscreen.touchStart(left, level);
    const two = await touchscreen.touchStart(right, level);
    for (let n = 1; n <= 5; n++) {
      await one.move(left - n * 8, level);
      await two.move(right + n * 8, level);
    }
    await one.end();
    await two.end();
    const closer = await becomes(visit, 'fingers that part zoom in', whole, (now) => now.span < 0.8 * whole.span);
    const finger = await touchscreen.touchStart(left, level);
    for (let n = 1; n <= 5; n++) await finger.move(left - n * 10, level);
    await finger.end();
    await becomes(visit, 'a finger that moves to the left shows later times', closer, (now) => now.from > closer.from);
  });

  check(here, 'a saved run that is dropped on the page is opened', async (open) => {
    const visit = await open({ link: PI });
    const report = await visit.runWell();
    const bytes = [...(await visit.saveFile())];
    await visit.go({});
    await visit.ended();
    await visit.page.evaluate((bytes) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(bytes)], 'kept.interleave'));
      document.querySelector('main').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, bytes);
    await visit.until('the file is named', () => /kept\.interleave/.test(document.querySelector('.origin')?.textContent));
    await visit.openTab('Report');
    assert.ok((await visit.text('.result')).includes(report.summary), 'its result is shown');
  });
});
