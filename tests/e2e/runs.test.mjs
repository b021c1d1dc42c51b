// What a run gives: the same checked result in every model, lanes that overlap where they should and nowhere else.
import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { MODELS, SMALL, check, inEachBrowser } from './harness.mjs';
import { overlapMs } from '../../xtask/driver/trace.mjs';

inEachBrowser((here) => {
  for (const isolated of [true, false]) {
    const models = MODELS.filter((model) => isolated || model !== 'Threads');
    describe(isolated ? 'isolated' : 'not isolated', () => {
      for (const [workload, knobs] of Object.entries(SMALL)) {
        check(here, `${workload} has the same checked result in all ${models.length} models`, async (open) => {
          const visit = await open({ isolated, link: { workload, ...knobs, workers: 2 } });
          const digests = {};
          for (const model of models) {
            await visit.choose(model);
            const report = await visit.runWell();
            assert.equal(report.workload, workload);
            assert.match(report.digest, /^[0-9a-f]{16}$/);
            assert.equal(report.lost_entries, 0, `${model} lost entries`);
            digests[model] = report.digest;
          }
          assert.equal(new Set(Object.values(digests)).size, 1, `digests differ: ${JSON.stringify(digests)}`);
        });
      }

      for (const model of models) {
        const parallel = model === 'Threads' || model === 'Processes';
        check(here, `running spans of two lanes ${parallel ? 'overlap' : 'never overlap'} in ${model.toLowerCase()}`, async (open) => {
          const visit = await open({ isolated, link: { workload: 'pi', size: 100_000, tasks: 16, workers: 2, start: 'warm' } });
          await visit.choose(model);
          const report = await visit.runWell();
          const { ms, lanes } = overlapMs(await visit.trace());
          if (parallel) assert.ok(ms > 0.1 * report.wall_ms, `of ${report.wall_ms} ms only ${ms} overlap`);
          else assert.equal(ms, 0, `${lanes.join(' and ')} overlap for ${ms} ms`);
        });
      }

      check(here, 'requests that compute and wait never run two at once as async tasks', async (open) => {
        const visit = await open({ isolated, link: { workload: 'requests', model: 'tasks', size: 500, tasks: 12, latency: 10, rate: 400 } });
        await visit.runWell();
        const run = await visit.trace();
        assert.ok(run.lanes.filter((lane) => lane.kind === 'task').length >= 12, 'every request is a lane');
        assert.equal(overlapMs(run).ms, 0);
      });
    });
  }

  for (const start of ['cold', 'warm']) {
    for (const chunking of ['static', 'dynamic']) {
      check(here, `threads and processes agree with a ${start} start and ${chunking} chunking`, async (open) => {
        const visit = await open({ link: { workload: 'words', size: 40, tasks: 9, workers: 3, start, chunking } });
        await visit.choose('Threads');
        const threads = await visit.runWell();
        await visit.choose('Processes');
        const processes = await visit.runWell();
        assert.equal(threads.digest, processes.digest);
      });
    }
  }

  check(here, 'more workers than tasks and more tasks than work are no trouble', async (open) => {
    const visit = await open({ link: { workload: 'blur', size: 16, tasks: 40, workers: 8 } });
    for (const model of MODELS) {
      await visit.choose(model);
      await visit.runWell();
    }
  });

  for (const model of ['Threads', 'Processes']) {
    check(here, `64 workers are as right as one in ${model.toLowerCase()}`, async (open) => {
      const visit = await open({ link: { workload: 'primes', size: 200_000, tasks: 128, workers: 64 } });
      await visit.choose('Sequential');
      const one = await visit.runWell();
      await visit.choose(model);
      const many = await visit.runWell();
      assert.equal(many.digest, one.digest);
      assert.ok((await visit.trace()).lanes.length > 64, 'every worker is a lane');
    });
  }

  check(here, 'the figures of a report are those of its trace', async (open) => {
    const visit = await open({ link: { workload: 'matmul', size: 256, tasks: 8, workers: 2, model: 'processes' } });
    const report = await visit.runWell();
    const run = await visit.trace();
    const wall = (run.marks.finished - run.marks.started) / 1e6;
    assert.ok(Math.abs(report.wall_ms - wall) < 0.01, `wall time ${report.wall_ms} ms, in the trace ${wall} ms`);
    assert.equal(report.messages, run.messages.sent);
    assert.ok(run.messages.sent > 0 && run.messages.received === run.messages.sent, JSON.stringify(run.messages));
    const text = await visit.text('[role=tabpanel]');
    assert.match(text, /Wall time/);
    assert.match(text, /Checked/);
  });

  for (const workload of ['mandelbrot', 'blur']) {
    check(here, `the picture of ${workload} is complete and says which lanes made it`, async (open) => {
      const visit = await open({ link: { workload, size: 128, tasks: 8, workers: 2, model: 'processes', view: 'picture' } });
      await visit.runWell();
      assert.match(await visit.text('.picture-rows'), /^128 of 128 rows$/);
      assert.ok((await visit.texts('.makers li')).length >= 1);
      const colours = await visit.page.$eval('.picture-canvas', (canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
      });
      assert.ok(colours > 16, `the picture has ${colours} colours`);
    });
  }
});
