// What tests of Python programs in the page have in common.
import assert from 'node:assert/strict';
import { deflateRawSync } from 'node:zlib';

/// The link to a program; see src/program.js.
export const link = (program, more = {}) => ({ workload: 'python', program: deflateRawSync(program).toString('base64url'), ...more });

/// The interpreter is large: a slow machine takes its time to load it, once for each page and each process.
export const PATIENTLY = { timeout: 120_000 };

/// What the program wrote, line by line, whichever lane it was.
export const written = (visit) => visit.page.$$eval('.program .written > span:last-child', (lines) => lines.map((line) => line.innerText));

/// Opens another program on a page that is there, without loading it again.
export const follow = (visit, program, more) => visit.follow(link(program, more));

/// Whatever came before, the next run is as any other.
export async function nextRunIsClean(visit) {
  await follow(visit, 'print("clean")\n');
  const report = await visit.runWell();
  assert.deepEqual(report.output.map(({ text }) => text).join(''), 'clean\n');
  await visit.until('every worker is gone', async () => (await navigator.locks.query()).held.length === 0);
}
