// Exploring Python programs: schedules of threads and tasks, the first that goes wrong, and a link that replays it.
import assert from 'node:assert/strict';

import { check, inEachBrowser } from './harness.mjs';
import { PATIENTLY, link } from './python.mjs';

const adders = (end) => `
import threading

counter = 0

def plus_one(number):
    return number + 1

def add():
    global counter
    for _ in range(3):
        seen = counter
        counter = plus_one(seen)

adders = [threading.Thread(target=add) for _ in range(2)]
for adder in adders:
    adder.start()
for adder in adders:
    adder.join()
${end}
`;

const TWO_LOCKS = `
import threading

left = threading.Lock()
right = threading.Lock()

def cross(first, second):
    with first:
        with second:
            pass

walkers = [threading.Thread(target=cross, args=pair) for pair in [(left, right), (right, left)]]
for walker in walkers:
    walker.start()
for walker in walkers:
    walker.join()
print("both went across")
`;

const TASKS = `
import asyncio

balance = 100

async def withdraw(amount):
    global balance
    if balance >= amount:
        await asyncio.sleep(0)
        balance -= amount

async def settle():
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert balance >= 0, f"the balance is {balance}"

async def main():
    await asyncio.gather(withdraw(70), settle(), withdraw(70))

asyncio.run(main())
`;

const UNHANDLED = `
import threading

table = {"it": 1}

def take():
    if "it" in table:
        threading.Event().wait(0.001)
        del table["it"]

takers = [threading.Thread(target=take) for _ in range(2)]
for taker in takers:
    taker.start()
for taker in takers:
    taker.join()
`;

const PROCESSES = `
import multiprocessing

def add(number):
    for _ in range(3):
        seen = number.value
        number.value = seen + 1

if __name__ == "__main__":
    number = multiprocessing.RawValue("i", 0)
    adders = [multiprocessing.Process(target=add, args=(number,)) for _ in range(2)]
    for adder in adders:
        adder.start()
    for adder in adders:
        adder.join()
    print(number.value, "counted")
`;

const CROSSING_PROCESSES = `
import multiprocessing

def cross(first, second):
    with first:
        with second:
            pass

if __name__ == "__main__":
    left, right = multiprocessing.Lock(), multiprocessing.Lock()
    walkers = [multiprocessing.Process(target=cross, args=pair) for pair in [(left, right), (right, left)]]
    for walker in walkers:
        walker.start()
    for walker in walkers:
        walker.join()
    print("both went across")
`;

/// Explores a program that goes wrong under some schedule, and opens the link to that in a page of its own.
async function explored(open, program, more, isolated = true) {
  const visit = await open({ link: link(program, more), isolated });
  await visit.press('Explore');
  await visit.untilAtLast(60_000, 'exploring is over', () => window.seen.explored.length > 0);
  const found = await visit.next('explored');
  assert.equal(found.outcome, 'found', JSON.stringify(found));
  assert.ok(found.switches <= found.switches_at_first, JSON.stringify(found));
  const report = await visit.ended();
  const other = await open({ link: visit.query(), isolated });
  const replayed = await other.run();
  assert.deepEqual([replayed.outcome, replayed.summary, replayed.output], [report.outcome, report.summary, report.output]);
  return { found, report, said: (await visit.log()).join('\n') };
}

inEachBrowser((here) => {
  for (const gil of ['off', 'on']) {
    check(here, `a lost update that fails an assertion is found and replayed, with the GIL ${gil}`, async (open) => {
      const { found, report } = await explored(open, adders('assert counter == 6, f"{counter} of 6"'), { gil });
      assert.match(found.summary, /^AssertionError: \d of 6$/);
      assert.equal(report.summary, 'Exit code 1.');
      assert.ok(found.switches >= 1, JSON.stringify(found));
    }, PATIENTLY);
  }

  check(here, 'a lost update that only prints another number is found and replayed', async (open) => {
    const { found, report, said } = await explored(open, adders('print(counter, "counted")'));
    assert.match(found.summary, /^it prints “\d counted” where one lane after the other prints “6 counted”$/);
    assert.equal(report.summary, 'Exit code 0.');
    assert.match(said, /under seed \d+ it prints/);
  }, PATIENTLY);

  check(here, 'a deadlock is found and replayed', async (open) => {
    const { found, report } = await explored(open, TWO_LOCKS);
    assert.match(found.summary, /^every lane waits/);
    assert.equal(report.outcome, 'deadlocked');
    assert.match(report.error, /holds lock left .* and waits for lock right/);
  }, PATIENTLY);

  check(here, 'a lost update and a deadlock between processes are found and replayed', async (open) => {
    const lost = await explored(open, PROCESSES);
    assert.match(lost.found.summary, /^it prints “\d counted” where one lane after the other prints “6 counted”$/);
    const stuck = await explored(open, CROSSING_PROCESSES);
    assert.match(stuck.found.summary, /^every lane waits/);
    assert.equal(stuck.report.outcome, 'deadlocked');
  }, { timeout: 240_000 });

  for (const [isolated, where] of [[true, ''], [false, ', without isolation']]) {
    check(here, `an order of tasks that goes wrong is found and replayed${where}`, async (open) => {
      const { found } = await explored(open, TASKS, {}, isolated);
      assert.equal(found.summary, 'AssertionError: the balance is -40');
    }, PATIENTLY);
  }

  check(here, 'an exception that a thread does not handle is found', async (open) => {
    const { found } = await explored(open, UNHANDLED);
    assert.equal(found.summary, "KeyError: 'it'");
  }, PATIENTLY);

  check(here, 'a program that is right under every schedule is not accused', async (open) => {
    const visit = await open({ link: link(TWO_LOCKS.replace('(right, left)', '(left, right)')) });
    await visit.press('Explore');
    await visit.untilAtLast(60_000, 'exploring is over', () => window.seen.explored.length > 0);
    const { outcome, tried } = await visit.next('explored');
    assert.ok(outcome === 'nothing' && tried >= 5, `${outcome} after ${tried}`);
    assert.match(await visit.text('.status'), /^Explored \d+ seeds: the program ended well, with the same lines, under every one\.$/);
    await visit.runWell();
  }, PATIENTLY);

  check(here, 'a run without an end is given up, and Stop ends exploring at once', async (open) => {
    const visit = await open({ link: link('import threading\nwhile True:\n    threading.Lock().acquire()\n') });
    await visit.press('Explore');
    await visit.untilAtLast(60_000, 'it says so', () => /^Exploring/.test(document.querySelector('.status')?.textContent));
    await visit.press('Stop');
    assert.deepEqual([(await visit.next('explored')).outcome], ['stopped']);
    await visit.press('Explore');
    await visit.untilAtLast(60_000, 'it is given up', () => window.seen.explored.length > 1);
    const given = await visit.next('explored');
    assert.deepEqual([given.outcome, given.summary], ['broke', 'it has not ended after 20 s']);
  }, PATIENTLY);
});
