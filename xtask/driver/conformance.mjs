// Runs the files of CPython's suite in the page, one after another, and writes docs/conformance.md from what became of each
// test. What was found is kept, so that one file can be run again by itself.
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { launch } from './launch.mjs';
import { handleUntil, openPage, until } from './page.mjs';

const GOAL = 95;
const BROWSERS = { chromium: 'Chromium', firefox: 'Firefox' };
// How long a test may take, and how long the page may be silent between two: modules are compiled there.
const TEST_MS = 75_000;
const SILENCE_MS = 90_000;
const MOST_RUNS = 60;
// How much of what the tests write themselves is shown when a run ends badly.
const KEPT_LINES = 20;
const MARK = '\x1e';

const request = JSON.parse(process.argv[2]);
const here = import.meta.dirname;
const { base, suites, beyond, judgements } = JSON.parse(await readFile(join(here, 'conformance.json'), 'utf8'));
const program = await readFile(join(here, 'conformance.py'), 'utf8');
const scratch = await mkdtemp(join(tmpdir(), 'interleave-conformance-'));

/// The files that a list of names means, of which the last part may have a star.
async function filesOf(names) {
  const found = {};
  for (const name of names) {
    const folder = dirname(name);
    const pattern = new RegExp(`^${basename(name).replaceAll('.', '\\.').replace('*', '.*')}$`);
    const entries = (await readdir(join(request.suite, folder))).filter((entry) => pattern.test(entry));
    if (entries.length === 0) throw new Error(`The suite has no ${name}.`);
    for (const entry of entries) {
      const path = join(folder, entry);
      found[path] = await readFile(join(request.suite, path), 'utf8');
    }
  }
  return found;
}

/// What a page's program needs to know before its first line, in lines that an editor can bear.
function constants(files, job) {
  const packed = deflateRawSync(JSON.stringify(files), { level: 9 }).toString('base64');
  const lines = packed.match(/.{1,120}/g).map((line) => `"${line}"`);
  return `FILES = (\n${lines.join('\n')}\n)\nJOB = ${JSON.stringify(job)}\n`;
}

/// Runs what is left of a file in a fresh page, until it is over or a test takes too long.
async function runOnce(browser, files, job, heard) {
  const page = await openPage(browser);
  try {
    let told;
    const ended = new Promise((resolve) => {
      told = resolve;
    });
    let rest = '';
    const last = [];
    let watch;
    const wait = (ms) => {
      clearTimeout(watch);
      watch = setTimeout(told, ms, 'late');
    };
    await page.exposeFunction('interleaveWrote', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        if (!line.startsWith(MARK)) {
          last.push(line);
          if (last.length > KEPT_LINES) last.shift();
          continue;
        }
        const record = JSON.parse(line.slice(1));
        heard(record);
        wait(record.began ? TEST_MS : SILENCE_MS);
        if (record.over !== undefined || record.module) told('over');
      }
    });
    await page.exposeFunction('interleaveFinished', (outcome, error) => told(error ? `${outcome}: ${error}` : outcome));
    await page.evaluateOnNewDocument(() => {
      addEventListener('interleave:output', ({ detail }) => window.interleaveWrote(detail.map(({ text }) => text).join('')));
      addEventListener('interleave:finished', ({ detail }) => window.interleaveFinished(detail.outcome, detail.error));
    });
    await page.goto(`${request.url}?workload=python`);
    await until(page, 60_000, () => document.querySelector('.editor'));
    const path = join(scratch, 'conformance.py');
    await writeFile(path, constants(files, job) + program);
    await (await page.$('input[type=file]')).uploadFile(path);
    await until(page, 60_000, () => /FILES/.test(document.querySelector('.editor')?.textContent));
    const run = await handleUntil(page, 120_000, () => document.querySelector('#run:not(:disabled)'));
    wait(SILENCE_MS);
    await run.click();
    const how = await ended;
    clearTimeout(watch);
    return { how, said: last.join('\n') + rest };
  } finally {
    await page.close();
  }
}

/// Runs a file to its end, with a fresh page when one has had enough or a test did not end. Gives what became of each test by its name.
async function runSuite({ module, files }) {
  const sources = await filesOf([...base, ...files]);
  const results = {};
  let all = [];
  for (let turn = 0; turn < MOST_RUNS; turn++) {
    let running;
    let over;
    const heard = (record) => {
      if (record.tests) all = record.tests;
      if (record.began) running = record.began;
      if (record.ended) {
        results[record.ended] = { outcome: record.outcome, why: record.why, trace: record.trace };
        process.stderr.write(record.outcome === 'passed' ? '.' : `\n${record.outcome} ${record.ended}: ${record.why}\n`);
        running = undefined;
      }
      if (record.fixture || record.module) results[record.fixture ?? record.module] = record;
      if (record.module) over = true;
      over ??= record.over;
    };
    const browser = await launch(request);
    // By their places, since a program may be only so long.
    const done = all.flatMap((name, place) => (results[name] ? [place] : []));
    const ended = await runOnce(browser, sources, { module, done }, heard)
      // A test may take the whole browser with it.
      .catch((error) => ({ how: error.message, said: '' }))
      .finally(() => browser.close());
    if (over) break;
    // It has left the rest to another page.
    if (over === false) continue;
    const { how, said } = ended;
    const why = how === 'late' ? `it had no end after ${TEST_MS / 1000} s` : `the run ended with it: ${how}`;
    process.stderr.write(`\n${running ?? module}: ${why}\n${said}\n`);
    // Without a test to blame, nothing would be different the next time.
    results[running ?? module] = { outcome: 'failed', why, trace: '' };
    if (!running) break;
  }
  for (const name of all) results[name] ??= { outcome: 'failed', why: 'it was not reached', trace: '' };
  return results;
}

/// Passed, failed, skipped or changed, and why.
function judged(test, { outcome, why }) {
  if (outcome === 'passed') return { kind: 'passed' };
  const fits = (judgement) =>
    new RegExp(judgement.test ?? '').test(test) && new RegExp(judgement.why ?? '').test(why) && (!judgement.of || judgement.of === outcome);
  const judgement = judgements.find(fits);
  if (judgement) return judgement;
  if (outcome === 'skipped') return { kind: 'skipped', reason: `The suite itself says: ${why}.` };
  return { kind: 'failed', reason: `No reason is known yet. Python says: ${why.split('\n')[0].slice(0, 160)}` };
}

const shortName = (test) => test.replace(/^test\.(test_asyncio\.)?/, '').replace(/^[a-z_0-9]+\./, '');

function document(kept) {
  const rows = [];
  const sum = { run: 0, passed: 0, failed: 0, skipped: 0, changed: 0 };
  const lists = { failed: [], changed: [], skipped: new Map() };
  for (const { name } of suites.filter(({ name }) => kept.files[name])) {
    const count = { passed: 0, failed: 0, skipped: 0, changed: 0 };
    for (const [test, result] of Object.entries(kept.files[name])) {
      const { kind, reason, since } = judged(test, result);
      count[kind] += 1;
      const line = `- \`${name}\`: \`${shortName(test)}\`: `;
      if (kind === 'failed') lists.failed.push(line + reason);
      if (kind === 'changed') lists.changed.push(`${line}${since}: ${reason}`);
      if (kind === 'skipped') {
        if (!lists.skipped.has(reason)) lists.skipped.set(reason, new Map());
        const files = lists.skipped.get(reason);
        files.set(name, (files.get(name) ?? 0) + 1);
      }
    }
    const run = count.passed + count.failed;
    rows.push([name, run, count.passed, count.failed, count.skipped, count.changed]);
    for (const key of Object.keys(count)) sum[key] += count[key];
    sum.run += run;
  }
  const percent = sum.run ? (100 * sum.passed) / sum.run : 0;
  rows.push(['**all**', sum.run, sum.passed, sum.failed, sum.skipped, sum.changed]);
  const missing = suites.filter(({ name }) => !kept.files[name]).map(({ name }) => name);
  const skips = [...lists.skipped].map(
    ([reason, files]) => `- ${reason} ${[...files].map(([name, many]) => `${many} of \`${name}\``).join(', ')}.`,
  );
  const text = `# Conformance

Written by \`cargo xtask conformance\`, which runs the tests of CPython 3.11 (Debian's \`libpython3.11-testsuite\`) in the page: last in ${BROWSERS[kept.browser]}. Of the tests whose subject exists in a browser, **${percent.toFixed(1)} %** pass.

- *Run* is passed and failed together. A test that had no end after ${TEST_MS / 1000} s failed.
- *Skipped* needs something that a browser does not have, or is about how CPython is made.
- *Changed* asks for what Python itself has changed since 3.11: the page's Python is 3.14's. Each is named below, and none counts as run.

| File | Run | Passed | Failed | Skipped | Changed |
|---|--:|--:|--:|--:|--:|
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}
${missing.length ? `\nNot run yet: ${missing.map((name) => `\`${name}\``).join(', ')}. They count neither as passed nor as failed.\n` : ''}
## Failed

${lists.failed.join('\n') || 'None.'}

## Changed since 3.11

${lists.changed.join('\n') || 'None.'}

## Skipped

${skips.join('\n') || 'None.'}

Files of the suite that are not run at all:

${beyond.map(({ name, reason }) => `- \`${name}\`: ${reason}`).join('\n')}
`;
  return { text, percent, sum };
}

const keptAt = join(request.results, `conformance-${request.browser}.json`);
const kept = await readFile(keptAt, 'utf8').then(JSON.parse, () => ({ browser: request.browser, files: {} }));
const wanted = suites.filter(({ name }) => !request.only || name === request.only);
if (wanted.length === 0) {
  console.error(`There is no '${request.only}': say one of ${suites.map(({ name }) => name).join(', ')}.`);
  process.exit(1);
}
try {
  for (const suite of wanted) {
    console.error(`\n${suite.name}`);
    kept.files[suite.name] = await runSuite(suite);
    await writeFile(keptAt, JSON.stringify(kept, null, 1));
    await writeFile(request.document, document(kept).text);
  }
  const { percent, sum } = document(kept);
  console.log(
    `${sum.run} run, ${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped, ${sum.changed} changed: ${percent.toFixed(1)} %`,
  );
  process.exitCode = percent < GOAL ? 1 : 0;
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
} finally {
  await rm(scratch, { recursive: true });
}
