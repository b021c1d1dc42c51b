// The rules that crates/runtime/tests states, each in a run of its own: the same tests as natively, in a browser.
import assert from 'node:assert/strict';

import { check, inEachBrowser } from './harness.mjs';

/// Firefox's console names what a worker throws, even where that is dealt with.
const TRAPPED = [/RuntimeError: unreachable executed/];

/// Rules that hold where no memory is shared, and one that holds only there.
const ALONE = 'multiprocessing::processes::without_a_segment_all_say_why_they_cannot';
const WITHOUT_THREADS = (name) => name === ALONE || name.startsWith('messages::') || (name.startsWith('task_rules::') && !/thread/.test(name));

/// Opens the page, and gives the rules that `wanted` takes, with a function that runs one.
async function rules(open, isolated, wanted, patienceMs) {
  const visit = await open({ isolated, link: { workload: 'rules' }, expect: TRAPPED });
  const list = (await visit.runWell()).output.map(({ text }) => text.split('\t'));
  const numbered = list.map(([name, exempt], at) => ({ number: at + 1, name, exempt }));
  const holds = async ({ number }) => {
    await visit.type('Rule', number);
    const before = visit.counts.finished;
    await visit.press('Run');
    try {
      await visit.untilAtLast(patienceMs, 'the rule is looked at', (before) => window.seen.finished.length > before, before);
    } catch (error) {
      // The next rule needs the page.
      await visit.press('Stop');
      await visit.ended();
      throw error;
    }
    const report = await visit.ended();
    assert.equal(report.outcome, 'finished', report.error);
    assert.equal(report.checked, true, report.summary);
  };
  return { holds, rules: numbered.filter(({ name }) => wanted(name)) };
}

inEachBrowser((here) => {
  for (const isolated of [true, false]) {
    check(here, `the rules hold, ${isolated ? 'isolated' : 'not isolated'}`, async (open, context) => {
      const wanted = isolated ? (name) => name !== ALONE && !name.startsWith('stress::') : WITHOUT_THREADS;
      const { rules: all, holds } = await rules(open, isolated, wanted, 30_000);
      assert.ok(all.length > (isolated ? 200 : 45), `there are ${all.length} rules`);
      for (const rule of all) await context.test(rule.name, { skip: rule.exempt || false }, () => holds(rule));
    }, { timeout: 600_000 });
  }

  check(here, 'of a million operations in eight threads none is lost and none is done twice', async (open, context) => {
    const { rules: all, holds } = await rules(open, true, (name) => name.startsWith('stress::'), 120_000);
    assert.ok(all.length >= 12, `there are ${all.length} primitives`);
    for (const rule of all) await context.test(rule.name, () => holds(rule));
  }, { timeout: 1_200_000 });
});
