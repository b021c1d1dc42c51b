// Runs a Python file in the page: what it writes becomes our output, and its exit code ours.
import { readFile, writeFile } from 'node:fs/promises';
import { deflateRawSync } from 'node:zlib';
import { launch } from './launch.mjs';
import { handleUntil, keepSaved, openPage, savedBytes, until } from './page.mjs';
import { read, toTraceEvents } from './trace.mjs';

const TIMED_OUT = 124;
const DEADLOCKED = 3;

const request = JSON.parse(process.argv[2]);
const timeout = request.timeoutSeconds * 1000;
const browser = await launch(request);
try {
  const page = await openPage(browser);
  let finish;
  const finished = new Promise((resolve) => {
    finish = resolve;
  });
  await page.exposeFunction('interleaveWrote', (pieces) => {
    for (const { error, text } of pieces) (error ? process.stderr : process.stdout).write(text);
  });
  await page.exposeFunction('interleaveFinished', (report) => finish(report));
  await page.evaluateOnNewDocument(() => {
    addEventListener('interleave:output', ({ detail }) => window.interleaveWrote(detail));
    // Nobody is there to type.
    addEventListener('interleave:asked', () => {
      const end = () => {
        const button = document.querySelector('.answer-line button[type=button]');
        if (button) button.click();
        else requestAnimationFrame(end);
      };
      requestAnimationFrame(end);
    });
    addEventListener('interleave:finished', ({ detail }) => {
      const { outcome, error, digest } = detail;
      window.interleaveFinished({ outcome, error, digest });
    });
  });
  if (request.trace) await page.evaluateOnNewDocument(keepSaved);
  // As a link carries it; see src/program.js.
  const program = deflateRawSync(await readFile(request.path)).toString('base64url');
  await page.goto(`${request.url}&program=${program}`);
  const run = await handleUntil(page, 60_000, () => document.querySelector('#run:not(:disabled)'));
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, timeout, { outcome: 'late' });
  });
  await run.click();
  const { outcome, error, digest } = await Promise.race([finished, late]);
  // Or this program would go on for as long.
  clearTimeout(timer);
  switch (outcome) {
    case 'finished':
      process.exitCode = Number.parseInt(digest, 16) & 0xff;
      break;
    case 'late':
      console.error(`Stopped after ${request.timeoutSeconds} s.`);
      process.exitCode = TIMED_OUT;
      break;
    case 'deadlocked':
      console.error(`Deadlock. ${error}`);
      process.exitCode = DEADLOCKED;
      break;
    default:
      console.error(`error: ${error ?? outcome}`);
      process.exitCode = 1;
  }
  if (request.trace) {
    if (outcome === 'late') {
      await page.click('#stop');
      await finished;
    }
    await page.click('::-p-aria([name="Save run"][role="button"])');
    await until(page, 10_000, () => window.saved.length > 0);
    await writeFile(request.trace, JSON.stringify(toTraceEvents(read(await savedBytes(page, 0)))));
  }
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
