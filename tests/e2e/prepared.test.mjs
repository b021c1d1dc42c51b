// Python made ready before it is wanted: runs and processes begin as copies of one memory and share nothing that they must
// not, the image outlives a visit, and programs are looked at while they are written.
import assert from 'node:assert/strict';

import { isImageKept } from '../../xtask/driver/page.mjs';
import { check, inEachBrowser } from './harness.mjs';
import { PATIENTLY, link } from './python.mjs';

const DRAWS = `
import sys
print("ready" if "asyncio" in sys.modules else "not ready")

import os
import random

def draw():
    return os.getpid(), random.random(), random.Random().random(), os.urandom(8).hex()

print(*draw())
`;

const CHILDREN_DRAW = `${DRAWS}
import multiprocessing

def tell(queue):
    queue.put(draw())

if __name__ == "__main__":
    queue = multiprocessing.Queue()
    children = [multiprocessing.Process(target=tell, args=[queue]) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        print(*queue.get())
        child.join()
`;

const imageIsKept = (visit) => visit.untilAtLast(60_000, 'an image is kept', isImageKept);
const told = (visit, what, wanted) => visit.untilAtLast(60_000, what, (wanted) => document.querySelector('.program [role=status]')?.textContent === wanted, wanted);

/// Runs in a page: presses Run as soon as that does anything, and counts the workers when something is printed.
function pressAtOnce() {
  const press = () => {
    const run = document.querySelector('#run:not(:disabled)');
    if (run) run.click();
    else requestAnimationFrame(press);
  };
  requestAnimationFrame(press);
  addEventListener('interleave:output', () => (window.first ??= window.seen.workers.length));
}

/// What the program wrote, a list for each line.
const linesOf = async (visit) => linesIn(await visit.runWell());

function linesIn(report) {
  return report.output.map(({ text }) => text).join('').trim().split('\n').map((line) => line.split(' '));
}

inEachBrowser((here) => {
  check(here, 'runs and processes are copies of one memory, and draw different numbers', async (open) => {
    const visit = await open({ link: link(CHILDREN_DRAW) });
    await imageIsKept(visit);
    const runs = [await linesOf(visit), await linesOf(visit)];
    // A child tells of itself when it imports the program.
    const drawn = runs.flat().filter((line) => line.length === 4);
    assert.ok(drawn.length >= 8, JSON.stringify(runs));
    for (const kind of [1, 2, 3]) {
      const numbers = drawn.map((line) => line[kind]);
      assert.equal(new Set(numbers).size, numbers.length, numbers.join(' '));
    }
    for (const run of runs) {
      assert.ok(!run.flat().includes('not'), 'they had an image to begin with');
      const own = run.filter((line) => line.length === 4).map(([pid]) => pid);
      assert.equal(new Set(own).size, 4, `four processes: ${own}`);
    }
  }, PATIENTLY);

  check(here, 'where the page is not isolated there is an image too', async (open) => {
    const visit = await open({ isolated: false, link: link(DRAWS) });
    await imageIsKept(visit);
    const [first, second] = [await linesOf(visit), await linesOf(visit)];
    assert.deepEqual([first[0], second[0]], [['ready'], ['ready']]);
    assert.notDeepEqual(first[1].slice(1), second[1].slice(1));
  }, PATIENTLY);

  check(here, 'a run takes the worker that looked at its program, and finds what every run finds', async (open) => {
    const visit = await open({ link: link('print(id(object())') });
    await told(visit, 'the error is told', "Line 1: '(' was never closed.");
    await visit.page.focus('.editor .cm-content');
    await visit.page.keyboard.down('Control');
    await visit.page.keyboard.press('End');
    await visit.page.keyboard.up('Control');
    await visit.page.keyboard.type(')');
    await told(visit, 'nothing is wrong any more', '');
    const before = await visit.page.evaluate(() => window.seen.workers.length);
    const [first] = await linesOf(visit);
    await visit.until('the next worker is there', (before) => window.seen.workers.length > before, before);
    assert.equal(await visit.page.evaluate(() => window.seen.workers.length), before + 1, 'that for the next run, and no other');
    const [second] = await linesOf(visit);
    assert.deepEqual(first, second, 'an object has the same address, whether the program was looked at or not');
  }, PATIENTLY);

  check(here, 'a run that cannot wait for an image takes the worker that loaded Python, and an image is made after it', async (open) => {
    const visit = await open({ link: link('import time\nprint("here")\ntime.sleep(0.5)'), prepare: pressAtOnce });
    await visit.ended();
    assert.equal(await visit.page.evaluate(() => window.first), 1, 'no other worker was there when it printed');
    await imageIsKept(visit);
    assert.deepEqual(await linesOf(visit), [['here']]);
  }, PATIENTLY);

  check(here, 'processes of a run that could not wait for an image begin with one', async (open) => {
    const visit = await open({ link: link(CHILDREN_DRAW), prepare: pressAtOnce });
    const lines = linesIn(await visit.ended());
    const began = lines.filter((line) => line.at(-1) === 'ready').map((line) => line.join(' '));
    assert.deepEqual(began.sort(), ['not ready', 'ready', 'ready', 'ready']);
  }, PATIENTLY);

  check(here, 'a program that is too deep to be looked at does no harm to the next', async (open) => {
    const visit = await open({ link: link(`${'-'.repeat(50_000)}1`) });
    await imageIsKept(visit);
    await visit.page.focus('.editor .cm-content');
    await visit.page.keyboard.down('Control');
    await visit.page.keyboard.press('a');
    await visit.page.keyboard.up('Control');
    await visit.page.keyboard.type('total = 1 +');
    await told(visit, 'the error is told', 'Line 1: invalid syntax.');
  }, PATIENTLY);

  check(here, 'an error is underlined and told while one writes, and the image outlives the visit', async (open) => {
    const visit = await open({ link: link('total = (1 +\n'), prepare: () => {
      window.kept = 0;
      // The empty page before the first has none.
      if (!window.FileSystemFileHandle) return;
      const { createWritable } = FileSystemFileHandle.prototype;
      FileSystemFileHandle.prototype.createWritable = function (...what) {
        window.kept += 1;
        return createWritable.apply(this, what);
      };
    } });
    const never = "Line 1: '(' was never closed.";
    await told(visit, 'the error is told', never);
    await visit.until('it is underlined', () => document.querySelector('.editor .cm-lintRange-error')?.textContent.startsWith('('));
    await imageIsKept(visit);
    await visit.page.focus('.editor .cm-content');
    await visit.page.keyboard.down('Control');
    await visit.page.keyboard.press('End');
    await visit.page.keyboard.up('Control');
    await visit.page.keyboard.type('2)');
    await told(visit, 'nothing is wrong any more', '');
    await visit.until('nothing is underlined', () => !document.querySelector('.editor .cm-lintRange-error'));
    await visit.go(link('total = (1 +\n'));
    await told(visit, 'the error is told in the next visit', never);
    assert.equal(await visit.page.evaluate(() => window.kept), 0, 'its image was not made again');
  }, PATIENTLY);
});
