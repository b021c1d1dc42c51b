// Whatever a Python program does without an end, the page stays alive and says what was too much, and the next run is clean.
import assert from 'node:assert/strict';

import { check, inEachBrowser } from './harness.mjs';
import { PATIENTLY, link, nextRunIsClean, written } from './python.mjs';

const SPIN = 'def spin():\n    while True:\n        pass\n\n';
const IN_THREADS = `import threading\n\n${SPIN}threading.Thread(target=spin).start()\nprint("spinning")\nspin()\n`;

/// Programs that go on for ever once they have said so.
const ENDLESS = {
  'a loop': [`${SPIN}print("spinning")\nspin()\n`],
  'loops in threads': [IN_THREADS],
  'loops in threads with a GIL': [IN_THREADS, { gil: 'on' }],
  'loops in threads under a seed': [IN_THREADS, { seed: 3 }],
  'a loop in a process': [`import multiprocessing

def spin():
    print("spinning")
    while True:
        pass

if __name__ == "__main__":
    multiprocessing.Process(target=spin).start()
`],
  'a task that never lets go': [`import asyncio\n\nasync def spin():\n    print("spinning")\n    while True:\n        pass\n\nasyncio.run(spin())\n`],
  'tasks that wake each other': [`import asyncio

async def turn():
    while True:
        await asyncio.sleep(0)

async def main():
    print("spinning")
    await asyncio.gather(turn(), turn())

asyncio.run(main())
`],
  'one long instruction': ['print("spinning")\nsum(range(10**15))\n'],
  'a wait': ['import time\nprint("spinning")\ntime.sleep(10**6)\n'],
  'output': ['while True:\n    print("spinning")\n    sum(range(2_000))\n'],
};

const THREADS_WITHOUT_END = `
import threading

enough = threading.Event()
started = 0
try:
    while True:
        threading.Thread(target=enough.wait, daemon=True).start()
        started += 1
finally:
    print("started", started)
`;

const PROCESSES_WITHOUT_END = `
import multiprocessing

def more():
    while True:
        multiprocessing.Process(target=more).start()

if __name__ == "__main__":
    more()
`;

const RECURSION = `
class Shown:
    def __repr__(self):
        return f"{self!r}"

def dive():
    dive()

for deep in (dive, lambda: repr(Shown())):
    try:
        deep()
    except RecursionError as error:
        print(type(error).__name__)
`;

/// Recursion through native code, which only the browser's own stack ends: RustPython's parser counts no calls.
const NATIVE_RECURSION = 'print("made")\ncompile("-" * 50_000 + "1", "deep", "eval")\n';

/// Browsers tell of traps in their consoles, whatever the page makes of them.
const TRAPPED = [/unreachable/, /too much recursion/];

/// How many runs in a row: more make a small leak plain.
const RUNS = Number(process.env.INTERLEAVE_RUNS ?? 40);

/// Runs what is refused more at some point, and gives its lines.
async function refused(visit) {
  await visit.press('Run');
  await visit.untilAtLast(180_000, 'it ends', () => window.seen.finished.length > 0);
  const report = await visit.ended();
  assert.equal(report.summary, 'Exit code 1.');
  return written(visit);
}

inEachBrowser((here) => {
  for (const [what, [program, more]] of Object.entries(ENDLESS)) {
    check(here, `Stop ends ${what} within 200 ms, and the next run is clean`, async (open) => {
      const visit = await open({ link: link(program, more) });
      await visit.press('Run');
      await visit.untilAtLast(60_000, 'it spins', () => document.querySelector('.program .written')?.innerText.includes('spinning'));
      await visit.press('Stop');
      const report = await visit.ended();
      assert.equal(report.outcome, 'stopped');
      const took = report.at - (await visit.page.evaluate(() => window.seen.clicks.Stop));
      assert.ok(took < 200, `it took ${took} ms`);
      await nextRunIsClean(visit);
    }, PATIENTLY);
  }

  check(here, 'threads without an end are refused at some point, and the next run is clean', async (open) => {
    const visit = await open({ link: link(THREADS_WITHOUT_END) });
    const lines = await refused(visit);
    assert.ok(lines.includes('started 256'), lines);
    assert.equal(lines.at(-1), "RuntimeError: can't start new thread: a process may have 256 at a time");
    await nextRunIsClean(visit);
  }, { timeout: 240_000 });

  check(here, 'threads one after the other have no end, since a worker serves the next', async (open) => {
    const program = 'import threading\nfor n in range(600):\n    one = threading.Thread(target=abs, args=[n])\n    one.start()\n    one.join()\nprint("done")\n';
    const visit = await open({ link: link(program) });
    await visit.runWell();
    assert.deepEqual(await written(visit), ['done']);
    const workers = await visit.page.evaluate(() => window.seen.workers.length);
    assert.ok(workers < 10, `${workers} workers were created`);
  }, PATIENTLY);

  check(here, 'processes that start processes without an end are refused, all of them end, and the next run is clean', async (open) => {
    const visit = await open({ link: link(PROCESSES_WITHOUT_END) });
    const lines = await refused(visit);
    assert.ok(lines.includes('BlockingIOError: [Errno 11] a run may have 64 processes at a time'), lines.slice(-5).join('\n'));
    await nextRunIsClean(visit);
  }, { timeout: 240_000 });

  check(here, 'endless output ends in a clear message, and the next run is clean', async (open) => {
    const visit = await open({ link: link('while True:\n    print("again")\n') });
    await visit.press('Run');
    await visit.untilAtLast(90_000, 'the page has enough', () => window.seen.finished.length > 0);
    const loud = await visit.ended();
    assert.equal(loud.outcome, 'failed');
    assert.match(loud.error, /More output than the page keeps/);
    await nextRunIsClean(visit);
  }, { timeout: 240_000 });

  for (const [what, kept] of [['large pieces', 'bytearray(50_000_000)'], ['small pieces', 'bytearray(1_000)']]) {
    check(here, `endless memory in ${what} ends in a clear message, and the next run is clean`, async (open) => {
      const visit = await open({ link: link(`kept = []\nwhile True:\n    kept.append(${kept})\n`), expect: TRAPPED });
      await visit.press('Run');
      await visit.untilAtLast(90_000, 'memory is used up', () => window.seen.finished.length > 0);
      const report = await visit.ended();
      assert.equal(report.outcome, 'failed');
      assert.match(report.error, /Out of memory/);
      assert.match(await visit.text('.status'), /1 GiB/);
      await nextRunIsClean(visit);
    }, PATIENTLY);
  }

  check(here, 'endless memory in a process ends the process, which its parent is told, and the next run is clean', async (open) => {
    const program = `
import multiprocessing

def eat():
    kept = []
    while True:
        kept.append(list(range(100_000)))

if __name__ == "__main__":
    eater = multiprocessing.Process(target=eat)
    eater.start()
    eater.join()
    print("ended with", eater.exitcode)
`;
    const visit = await open({ link: link(program), expect: TRAPPED });
    await visit.runWell();
    assert.equal((await written(visit)).at(-1), 'ended with -9');
    await nextRunIsClean(visit);
  }, PATIENTLY);

  check(here, 'one piece of memory that is too large is a MemoryError', async (open) => {
    const visit = await open({ link: link('try:\n    bytearray(2_000_000_000)\nexcept MemoryError:\n    print("refused")\n') });
    await visit.runWell();
    assert.deepEqual(await written(visit), ['refused']);
  }, PATIENTLY);

  check(here, 'endless recursion is a RecursionError, and through native code it ends in a clear message', async (open) => {
    const visit = await open({ link: link(RECURSION), expect: TRAPPED });
    const report = await visit.run();
    if (report.outcome === 'finished') assert.deepEqual(await written(visit), ['RecursionError', 'RecursionError']);
    else assert.match(report.error, /Calls were nested deeper than the browser's stack goes/);
    await nextRunIsClean(visit);
    const native = await open({ link: link(NATIVE_RECURSION), expect: TRAPPED });
    const failed = await native.run();
    assert.equal(failed.outcome, 'failed');
    assert.match(failed.error, /Calls were nested deeper than the browser's stack goes/);
    assert.match(await native.text('.status'), /calls itself without an end/);
    await nextRunIsClean(native);
  }, PATIENTLY);

  check(here, `${RUNS} runs in a row leave no worker and no memory behind`, async (open) => {
    const program = 'import threading\none = threading.Thread(target=print, args=["here"])\none.start()\none.join()\n';
    const visit = await open({ link: link(program) });
    const noWorker = () => visit.until('every worker is gone', async () => (await navigator.locks.query()).held.length === 0);
    // Firefox tells nobody how much memory a page has.
    const memory = () => visit.page.evaluate(async () => (await performance.measureUserAgentSpecificMemory?.())?.bytes);
    for (let n = 0; n < 5; n++) await visit.runWell();
    await noWorker();
    const before = await memory();
    for (let n = 0; n < RUNS; n++) await visit.runWell();
    await noWorker();
    if (here.kind === 'chromium') {
      // The one that looks at the program stays.
      assert.equal(visit.workers().length, 1);
      const grown = ((await memory()) - before) / 1e6;
      assert.ok(grown < 8, `${RUNS} runs left ${grown.toFixed(1)} MB`);
    }
  }, { timeout: 60_000 + RUNS * 5_000 });
});
