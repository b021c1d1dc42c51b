// What the runtime records in a real browser: the rules that crates/runtime/tests states natively, seen in saved runs.
import assert from 'node:assert/strict';

import { MODELS, check, inEachBrowser } from './harness.mjs';

const ofKind = (run, kind) => run.lanes.filter((lane) => lane.kind === kind && lane.parent !== null);
// Two workers may read the same moment this many ns apart: a clock moves in steps of 20 µs (Firefox, isolated), and so
// does the origin that each worker's clock counts from.
const CLOCK_STEPS = 40_000;
const states = (lane) => lane.spans.map((span) => span.state).join(' ');

inEachBrowser((here) => {
  for (const isolated of [true, false]) {
    const where = isolated ? 'isolated' : 'not isolated';
    const record = async (open, link) => {
      const visit = await open({ isolated, link: { workers: 2, ...link } });
      await visit.runWell();
      return visit.trace();
    };

    check(here, `every poll of a task is a span, ${where}`, async (open) => {
      const run = await record(open, { workload: 'timers', model: 'tasks', size: 10, tasks: 5 });
      const tasks = ofKind(run, 'task');
      assert.equal(tasks.length, 5);
      for (const task of tasks) assert.equal(states(task), 'running sleeping ready running', task.name);
    });

    check(here, `a task that lets others go first is ready meanwhile, ${where}`, async (open) => {
      const run = await record(open, { workload: 'primes', model: 'tasks', size: 60_000, tasks: 3 });
      for (const task of ofKind(run, 'task')) assert.match(states(task), /^running( ready running)+$/, task.name);
    });

    check(here, `a process waits for messages and works between them, ${where}`, async (open) => {
      const run = await record(open, { workload: 'primes', model: 'processes', size: 60_000, tasks: 6 });
      const processes = ofKind(run, 'process');
      assert.equal(processes.length, 2);
      for (const process of processes) {
        const waits = process.spans.filter((span) => span.state === 'waiting');
        assert.ok(waits.every((span) => span.name === 'message'), states(process));
        assert.ok(waits.length > 0, states(process));
      }
      assert.equal(run.messages.sent, run.messages.received);
    });

    for (const model of MODELS.filter((name) => isolated || name !== 'Threads')) {
      check(here, `every lane that began has ended in ${model.toLowerCase()}, ${where}`, async (open) => {
        const visit = await open({ isolated, link: { workload: 'requests', size: 40, tasks: 6, latency: 5, rate: 500, workers: 3 } });
        await visit.choose(model);
        await visit.runWell();
        const run = await visit.trace();
        assert.equal(run.lost, 0);
        for (const lane of run.lanes) assert.equal(lane.outcome, 'completed', lane.name);
      });
    }
  }

  check(here, 'a thread that sleeps blocks and goes on where it was', async (open) => {
    const visit = await open({ link: { workload: 'timers', model: 'threads', size: 10, tasks: 2, workers: 2, chunking: 'static' } });
    await visit.runWell();
    for (const thread of ofKind(await visit.trace(), 'thread')) {
      assert.match(states(thread), /^running running sleeping running waiting$/, thread.name);
      const nap = thread.spans.find((span) => span.state === 'sleeping');
      assert.ok(nap.end - nap.start >= 9.9e6, `${nap.end - nap.start} ns of sleep`);
    }
  });

  for (const model of ['Threads', 'Processes']) {
    check(here, `static shares are contiguous and in order in ${model.toLowerCase()}`, async (open) => {
      const visit = await open({ link: { workload: 'primes', size: 60_000, tasks: 6, workers: 2, chunking: 'static' } });
      await visit.choose(model);
      await visit.runWell();
      const lanes = ofKind(await visit.trace(), model === 'Threads' ? 'thread' : 'process');
      const shares = lanes.map((lane) => lane.spans.filter((span) => span.name === 'numbers').map((span) => span.number));
      assert.deepEqual(shares.map((share) => [...new Set(share)]).sort(), [[1, 2, 3], [4, 5, 6]]);
    });

    for (const start of ['cold', 'warm']) {
      check(here, `with a ${start} start ${model.toLowerCase()} begin ${start === 'warm' ? 'before' : 'after'} the clock`, async (open) => {
        const visit = await open({ link: { workload: 'pi', size: 400, tasks: 4, workers: 2, start } });
        await visit.choose(model);
        await visit.runWell();
        const run = await visit.trace();
        for (const lane of ofKind(run, model === 'Threads' ? 'thread' : 'process')) {
          const after = lane.spans[0].start - run.marks.started;
          const asTold = start === 'warm' ? after <= CLOCK_STEPS : after > CLOCK_STEPS;
          assert.ok(asTold, `${lane.name} began ${after} ns after the clock`);
        }
      });
    }
  }
});
