// Programs of processes where no memory is shared: what does with messages runs, and the rest says why it cannot.
import assert from 'node:assert/strict';

import { check, inEachBrowser } from './harness.mjs';

inEachBrowser((here) => {
  for (const workload of ['processes', 'ping-pong', 'pool-map']) {
    check(here, `not isolated, ${workload} does with messages, and takes no turns`, async (open) => {
      const visit = await open({ isolated: false, link: { workload } });
      const report = await visit.runWell();
      assert.ok(report.lanes.filter((lane) => lane.kind === 'process').length >= 2, JSON.stringify(report.lanes));
      const seeded = await open({ isolated: false, link: { workload, seed: 1 } });
      assert.match(await seeded.page.$eval('#run', (button) => button.disabled && button.title), /Processes take turns through memory that they share/);
    });
  }

  check(here, 'not isolated, what shares memory says why it cannot run', async (open) => {
    for (const workload of ['value-array', 'manager', 'troubled-processes']) {
      const visit = await open({ isolated: false, link: { workload } });
      assert.match(await visit.page.$eval('#run', (button) => button.disabled && button.title), /share memory and not only messages/);
    }
  });
});
