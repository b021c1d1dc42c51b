// Python programs in the page: their threads are lanes and their output is the log's, and they end as CPython would end
// them.
import assert from 'node:assert/strict';

import { savedBytes } from '../../xtask/driver/page.mjs';
import { check, inEachBrowser } from './harness.mjs';
import { PATIENTLY, link, written } from './python.mjs';

const LOCKED_COUNTER = `
import threading

count = 0
guard = threading.Lock()

def add(times):
    global count
    for _ in range(times):
        with guard:
            count += 1

adders = [threading.Thread(target=add, args=(300,), name=f"adder {n}") for n in range(2)]
for adder in adders:
    adder.start()
for adder in adders:
    adder.join()
print("counted", count)
`;

const PRIMITIVES = `
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

END = object()
orders = queue.Queue(maxsize=2)
served = []

def waiter():
    while (dish := orders.get()) is not END:
        served.append(dish.upper())

staff = threading.Thread(target=waiter, name="waiter")
staff.start()
for dish in ("soup", "bread", "tea"):
    orders.put(dish)
orders.put(END)
staff.join()
print(*served)

open_doors = threading.Event()
seats = threading.BoundedSemaphore(2)
meet = threading.Barrier(3)
hungry = threading.Condition()
ready = []

def guest(n):
    open_doors.wait()
    with seats:
        pass
    meet.wait()
    with hungry:
        ready.append(n)
        hungry.notify_all()

guests = [threading.Thread(target=guest, args=(n,)) for n in range(3)]
for each in guests:
    each.start()
open_doors.set()
with hungry:
    hungry.wait_for(lambda: len(ready) == 3)
for each in guests:
    each.join()
print(sorted(ready))

bell = threading.Timer(0.01, print, ["ding"])
bell.start()
bell.join()
with ThreadPoolExecutor(max_workers=2) as pool:
    print(list(pool.map(abs, [-1, -2, 3])))
`;

const CROSSED = `
import threading
both = threading.Barrier(2)

salt = threading.RLock()
pepper = threading.RLock()

def take(first, second):
    with first:
        both.wait()
        with second:
            pass

threading.Thread(target=take, args=(salt, pepper), name="left").start()
threading.Thread(target=take, args=(pepper, salt), name="right").start()
`;

const SQUARES = `
import multiprocessing as mp

def square(n, found):
    found.put(n * n)

if __name__ == "__main__":
    found = mp.Queue()
    processes = [mp.Process(target=square, args=(n, found), name=f"square of {n}") for n in (2, 3)]
    for process in processes:
        process.start()
    print(sorted(found.get() for _ in processes))
    for process in processes:
        process.join()
`;

// Every process has begun its line when the first one ends it.
const ALL_AT_ONCE = `
import multiprocessing as mp

class Meeting:
    def __init__(self, others):
        self.others = others

    def __str__(self):
        self.others.wait()
        return "met"

def speak(name, others):
    others.wait()
    for n in range(20):
        print(name, Meeting(others), n)

if __name__ == "__main__":
    others = mp.Barrier(3)
    speakers = [mp.Process(target=speak, args=(name, others)) for name in ("Ada", "Bob", "Cy")]
    for speaker in speakers:
        speaker.start()
    for speaker in speakers:
        speaker.join()
`;

// A manager's server has threads that still wait when it ends; their workers come to their end later.
const ONE_SERVER_AFTER_ANOTHER = `
import multiprocessing

def nothing():
    pass

if __name__ == "__main__":
    for n in range(3):
        manager = multiprocessing.Manager()
        numbers = manager.list([n])
        between = multiprocessing.Process(target=nothing)
        between.start()
        between.join()
        numbers.append(n + 1)
        print(list(numbers))
        manager.shutdown()
`;

const ERRORS = `
import errno

for name in ("ENOENT", "EPIPE", "ETIMEDOUT", "EINVAL"):
    print(type(OSError(getattr(errno, name), "text")).__name__)
`;

const BUSY = `
import sys
import threading
import time

together = threading.Barrier(2)

def spin():
    together.wait()
    end = time.perf_counter() + 0.2
    while time.perf_counter() < end:
        pass

print("GIL", sys._is_gil_enabled())
spinners = [threading.Thread(target=spin, name=f"spinner {n}") for n in range(2)]
for spinner in spinners:
    spinner.start()
for spinner in spinners:
    spinner.join()
`;

/// What is shared by threads is changed by one at a time: the allocator's own records, too.
const HEAP = `
import random
import threading
import time
from multiprocessing import util

class Cycle:
    def __init__(self):
        self.own = self
        util.Finalize(self, print, exitpriority=random.randint(1, 100))

def sort():
    while not over:
        time.sleep(random.random() / 10)
        sorted((key for key in list(util._finalizer_registry)), reverse=True)

def make():
    kept = {}
    while not over:
        kept[random.getrandbits(5)] = {Cycle() for _ in range(10)}

for _ in range(4):
    over = False
    threads = [threading.Thread(target=work) for work in (sort, make)]
    for thread in threads:
        thread.start()
    time.sleep(0.4)
    over = True
    for thread in threads:
        thread.join()
    util._finalizer_registry.clear()
print("whole")
`;

inEachBrowser((here) => {
  check(here, 'threads that share a lock are lanes with their names, and the lock has its own', async (open) => {
    const visit = await open({ link: link(LOCKED_COUNTER) });
    const report = await visit.runWell();
    assert.equal(report.summary, 'Exit code 0.');
    assert.deepEqual(await written(visit), ['counted 600']);
    const lanes = report.lanes.map((lane) => lane.name);
    for (const name of ['MainThread', 'adder 0', 'adder 1']) assert.ok(lanes.includes(name), `${name} is among ${lanes}`);
    const guard = report.objects.find((object) => object.name === 'lock guard');
    assert.equal(guard?.taken, 600);
  }, PATIENTLY);

  check(here, 'threads of a process that is over disturb no other process', async (open) => {
    const visit = await open({ link: link(ONE_SERVER_AFTER_ANOTHER) });
    await visit.runWell();
    assert.deepEqual(await written(visit), ['[0, 1]', '[1, 2]', '[2, 3]']);
  }, PATIENTLY);

  check(here, 'an error of the operating system has the class of its number', async (open) => {
    const visit = await open({ link: link(ERRORS) });
    await visit.runWell();
    assert.deepEqual(await written(visit), ['FileNotFoundError', 'BrokenPipeError', 'TimeoutError', 'OSError']);
  }, PATIENTLY);

  check(here, 'queue, event, semaphore, barrier, condition, timer and pool do what CPython does', async (open) => {
    const visit = await open({ link: link(PRIMITIVES) });
    await visit.runWell();
    assert.deepEqual(await written(visit), ['SOUP BREAD TEA', '[0, 1, 2]', 'ding', '[1, 2, 3]']);
    const log = await visit.log();
    assert.ok(log.some((line) => /^[\d.]+ m?s .*ding$/.test(line)), `a line of output has its time and its lane: ${log}`);
  }, PATIENTLY);

  check(here, 'a traceback names the line, which a press chooses in the editor; the exit code is shown', async (open) => {
    const visit = await open({ link: link('import sys\n\n\ndef divide(n):\n    return 1 / n\n\n\ndivide(0)\n') });
    const report = await visit.run();
    assert.equal(report.summary, 'Exit code 1.');
    const lines = await written(visit);
    assert.equal(lines[0], 'Traceback (most recent call last):');
    assert.equal(lines.at(-1), 'ZeroDivisionError: division by zero');
    await visit.press('File "program.py", line 5, in divide');
    await visit.until('the line is chosen', () => getSelection().toString().includes('return 1 / n') || document.activeElement.value);
    const left = await open({ link: link('import sys\nprint("bye")\nsys.exit(3)\n') });
    assert.equal((await left.run()).summary, 'Exit code 3.');
    assert.match(await left.text('.status'), /Exit code 3/);
  }, PATIENTLY);

  check(here, 'a GIL lets one thread run at a time, and says so to the program', async (open) => {
    const free = await open({ link: link(BUSY) });
    await free.runWell();
    assert.deepEqual(await written(free), ['GIL False']);
    const visit = await open({ link: link(BUSY, { gil: 'on' }) });
    await visit.runWell();
    assert.deepEqual(await written(visit), ['GIL True']);
    const { lanes } = await visit.trace();
    const waits = lanes
      .filter((lane) => lane.name.startsWith('spinner'))
      .map((lane) => lane.spans.filter((span) => span.state === 'ready' && span.name === 'GIL').length);
    assert.equal(waits.length, 2);
    assert.ok(waits.every((count) => count >= 2), `they wait for the GIL ${waits} times`);
  }, PATIENTLY);

  check(here, 'the memory of threads that make, sort and forget stays whole', async (open) => {
    const visit = await open({ link: link(HEAP) });
    await visit.runWell();
    assert.deepEqual(await written(visit), ['whole']);
  }, PATIENTLY);

  check(here, 'a deadlock is named by its lanes, its locks and its lines', async (open) => {
    const visit = await open({ link: link(CROSSED) });
    const report = await visit.run();
    assert.equal(report.outcome, 'deadlocked');
    assert.match(report.error, /left holds RLock salt \(taken at program\.py:9\) and waits for RLock pepper at program\.py:11/);
    assert.match(report.error, /right holds RLock pepper \(taken at program\.py:9\) and waits for RLock salt at program\.py:11/);
  }, PATIENTLY);

  check(here, 'what is written is in the link, and a seed makes it run the same again', async (open) => {
    const visit = await open({ link: { workload: 'python', seed: 7 } });
    await visit.until('there is an editor', () => document.querySelector('.editor .cm-content'));
    await visit.page.focus('.editor .cm-content');
    const modifier = 'Control';
    await visit.page.keyboard.down(modifier);
    await visit.page.keyboard.press('a');
    await visit.page.keyboard.up(modifier);
    await visit.page.keyboard.type('import threading\nfor n in range(3):\nthreading.Thread(target=print, args=[n]).start()\n');
    await visit.until('the link has it', () => new URL(location).searchParams.has('program'));
    const first = await visit.runWell();
    const again = await open({ link: visit.query() });
    const second = await again.runWell();
    assert.deepEqual((await written(again)).sort(), ['0', '1', '2']);
    assert.deepEqual(await written(again), await written(visit));
    assert.equal(second.wall_ms, first.wall_ms);
  }, PATIENTLY);

  check(here, 'processes are lanes with a memory of their own, and send what they found', async (open) => {
    const visit = await open({ link: link(SQUARES) });
    const report = await visit.runWell();
    assert.deepEqual(await written(visit), ['[4, 9]']);
    const squares = report.lanes.filter((lane) => lane.name.startsWith('square'));
    assert.deepEqual(squares.map((lane) => lane.kind), ['process', 'process']);
  }, PATIENTLY);

  check(here, 'processes that write at the same time do not come into each other\'s lines', async (open) => {
    const visit = await open({ link: link(ALL_AT_ONCE), prepare: () => {
      window.live = '';
      addEventListener('interleave:output', ({ detail }) => { window.live += detail.map(({ text }) => text).join(''); });
    } });
    const report = await visit.runWell();
    const spoken = ['Ada', 'Bob', 'Cy'].flatMap((name) => Array.from({ length: 20 }, (_, n) => `${name} met ${n}`)).sort();
    const reported = report.output.map(({ text }) => text).join('');
    for (const text of [reported, await visit.page.evaluate(() => window.live)]) {
      assert.deepEqual(text.trim().split('\n').sort(), spoken);
    }
    assert.deepEqual((await written(visit)).sort(), spoken);
  }, PATIENTLY);

  check(here, 'a program that asks for a line gets what is typed, and an error at the end of all input', async (open) => {
    const visit = await open({ link: link('name = input("Who? ")\nprint("Hello", name)\ninput()\n') });
    await visit.press('Run');
    await visit.until('it asks', () => document.querySelector('#answer') === document.activeElement);
    await visit.page.keyboard.type('Ada');
    await visit.page.keyboard.press('Enter');
    await visit.until('it answers', () => document.querySelector('.program .log').innerText.includes('Hello Ada'));
    await visit.press('End of input');
    assert.equal((await visit.ended()).summary, 'Exit code 1.');
    assert.match((await written(visit)).at(-1), /^EOFError/);
  }, PATIENTLY);

  check(here, 'where memory cannot be shared a program runs, and threads say why they cannot', async (open) => {
    const visit = await open({
      isolated: false,
      link: link('import threading\nprint("here")\nthreading.Thread(target=print).start()\n'),
    });
    const report = await visit.run();
    assert.equal(report.summary, 'Exit code 1.');
    const lines = await written(visit);
    assert.equal(lines[0], 'here');
    assert.equal(lines.at(-1), "RuntimeError: can't start new thread: threads need a page that is cross-origin isolated");
  }, PATIENTLY);

  check(here, 'a program is saved as a file and opened again, and what is none says so', async (open) => {
    const visit = await open({ link: link('print("from a file")\n') });
    await visit.press('Save program');
    await visit.until('it is saved', () => window.saved.length > 0);
    const bytes = await savedBytes(visit.page, 0);
    assert.equal(new TextDecoder().decode(bytes), 'print("from a file")\n');
    const other = await open({ link: { lesson: 'race' } });
    await other.openFile('opened.py', bytes);
    await other.until('it is there', () => /from a file/.test(document.querySelector('.editor')?.textContent));
    const report = await other.run();
    assert.match(report.output.map(({ text }) => text).join(''), /from a file/);
    await other.openFile('broken.py', new Uint8Array([0xff, 0xfe, 0x00]));
    await other.until('it is refused', () => /broken\.py: .*UTF-8/.test(document.querySelector('.status').textContent));
    assert.match(await other.text('.editor'), /from a file/);
  });
});
