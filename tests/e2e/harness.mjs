// What every test in a browser needs: a browser, a site of its own, and a page that is driven by roles and names,
// as a person or a screen reader finds things.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { launch } from '../../xtask/driver/launch.mjs';
import { handleUntil, keepSaved, savedBytes, until } from '../../xtask/driver/page.mjs';
import { read } from '../../xtask/driver/trace.mjs';
import { serve } from './site.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { env } = process;
const dist = resolve(env.INTERLEAVE_DIST ?? join(root, 'dist'));
/// What only tests load, served as if it were part of the site.
const extra = env.INTERLEAVE_RULES ? [resolve(env.INTERLEAVE_RULES)] : [];
export const roots = [...extra, dist];
export const output = resolve(env.INTERLEAVE_OUTPUT ?? join(root, 'test-output'));

const PROGRAMS = {
  chromium: env.INTERLEAVE_CHROMIUM ?? '/usr/bin/chromium',
  firefox: env.INTERLEAVE_FIREFOX ?? '/usr/bin/firefox-esr',
};
export const kinds = (env.INTERLEAVE_BROWSERS ?? 'chromium,firefox').split(',').filter(Boolean);

export const SCREENS = {
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844, hasTouch: true },
  narrow: { width: 360, height: 740, hasTouch: true },
  huge: { width: 3840, height: 2160 },
};

export const MODELS = ['Sequential', 'Threads', 'Processes', 'Async tasks'];

/// Work that is over in a moment, for each workload that has a result: what its link says.
export const SMALL = {
  primes: { size: 60_000, tasks: 8 },
  mandelbrot: { size: 96, tasks: 8 },
  matmul: { size: 96, tasks: 6 },
  pi: { size: 400, tasks: 8 },
  blur: { size: 96, tasks: 6 },
  words: { size: 20, tasks: 6 },
  timers: { size: 12, tasks: 4 },
  downloads: { size: 6, tasks: 3, latency: 20 },
  requests: { size: 40, tasks: 6, latency: 8, rate: 500 },
};

const PATIENCE_MS = 20_000;

/// What Firefox says of a file that was on its way from the service worker when the page was left for another.
const CUT_OFF = /A ServiceWorker intercepted the request and encountered an unexpected error/;

/// A browser of a test's own, with settings of the driver's beside the usual ones.
export function launchWith(kind, settings = {}) {
  if (!env.INTERLEAVE_PUPPETEER) throw new Error('INTERLEAVE_PUPPETEER is not set: run the tests with `cargo xtask test --e2e-only`.');
  return launch({ puppeteer: env.INTERLEAVE_PUPPETEER, browser: kind, executable: PROGRAMS[kind], settings });
}

/// A browser that was told to block storage, or in Firefox that of `others` within a page alone. Chromium lets a site within
/// another keep what it does there for itself even when it blocks the storage of others, so there all of it is blocked.
export async function launchBlocking(kind, others = false) {
  if (kind === 'firefox') return launchWith(kind, { extraPrefsFirefox: { 'network.cookie.cookieBehavior': others ? 1 : 2 } });
  const room = await mkdtemp(join(tmpdir(), 'interleave-blocked-'));
  await mkdir(join(room, 'Default'));
  await writeFile(join(room, 'Default/Preferences'), JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }));
  const browser = await launchWith(kind, { userDataDir: room });
  const close = browser.close.bind(browser);
  browser.close = async () => {
    await close();
    await rm(room, { recursive: true, force: true, maxRetries: 5 });
  };
  return browser;
}

/// Describes the same tests for each browser, which is started once for all of them.
export function inEachBrowser(body) {
  for (const kind of kinds) {
    describe(`in ${kind}`, { concurrency: 1 }, () => {
      const here = { kind, browser: null };
      before(async () => {
        here.browser = await launchWith(kind);
      });
      after(() => here.browser?.close());
      body(here);
    });
  }
}

/// One test. What it opens with `open` is closed after it, and must not have met an error that it did not expect.
export function check(here, name, body, { timeout = 60_000 } = {}) {
  test(name, { timeout }, async (context) => {
    const visits = [];
    const open = async (options) => {
      const visit = await Visit.open(here, options);
      visits.push(visit);
      return visit;
    };
    try {
      await body(open, context);
      for (const visit of visits) visit.assertQuiet();
    } catch (error) {
      const slug = `${here.kind}-${name}`.replace(/[^a-zA-Z0-9]+/g, '-').slice(0, 90);
      for (const [at, visit] of visits.entries()) {
        if (visit.complaints.length > 0) error.message += `\nThe page complained: ${visit.complaints.join(' | ')}`;
        await visit.picture(`failed-${slug}-${at}`).catch(() => {});
      }
      throw error;
    } finally {
      for (const visit of visits) await visit.close();
    }
  });
}

// Runs in every page before its scripts: keeps what the page announces, what it saves, and its workers.
function listen() {
  const seen = { ready: [], run: [], finished: [], compared: [], explored: [], clicks: {}, workers: [] };
  Object.defineProperty(window, 'seen', { value: seen });
  for (const name of ['ready', 'run', 'finished', 'compared', 'explored']) {
    window.addEventListener(`interleave:${name}`, (event) => {
      seen[name].push({ at: performance.now(), detail: JSON.stringify(event.detail ?? null) });
    });
  }
  window.addEventListener('click', (event) => {
    const button = event.target.closest?.('button');
    if (button) seen.clicks[button.textContent.trim()] = performance.now();
  }, true);
  window.Worker = class extends Worker {
    constructor(...how) {
      super(...how);
      seen.workers.push(this);
    }
  };
}

/// Runs in a page before its scripts: counts how often it is loaded. (The service worker asks the host for it, too.)
export function countLoads() {
  if (location.protocol === 'http:') sessionStorage.loads = Number(sessionStorage.loads ?? 0) + 1;
}

// Finds a visible control that is not disabled by its role and its name, as HTML gives them. The browsers' own
// search through their accessibility trees takes Firefox a second each time; keyboard.test.mjs compares the two.
function find(role, name) {
  const tags = {
    button: 'button:not([role])',
    tab: 'button[role=tab]',
    radio: 'input[type=radio]',
    textbox: 'input[type=text]',
    combobox: 'select',
    link: 'a[href]',
  };
  const named = (element) => element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText;
  return [...document.querySelectorAll(tags[role])].find(
    (element) => !element.disabled && named(element).trim() === name && (element.labels?.[0] ?? element).checkVisibility(),
  );
}

/// A page that somebody visits.
export class Visit {
  /// `isolated`: whether the page is to be cross-origin isolated by its host's headers. If not, it is kept so by
  /// `isolation=off`, unless `query` says what is asked for itself.
  static async open(here, { isolated = true, link = {}, screen = 'desktop', base = '/', expect = [], site = null, prepare = null, raw = null, until = 'ready', refuse = {} } = {}) {
    const visit = new Visit();
    visit.kind = here.kind;
    visit.expected = expect;
    visit.complaints = [];
    visit.counts = { finished: 0, compared: 0, explored: 0 };
    visit.site = site ?? (await serve({ roots, headers: isolated, base }));
    visit.ownsSite = site === null;
    for (const [file, how] of Object.entries(refuse)) visit.site.refuse(file, how);
    visit.context = await here.browser.createBrowserContext({ downloadBehavior: { policy: 'deny' } });
    visit.page = await visit.context.newPage();
    visit.page.setDefaultTimeout(PATIENCE_MS);
    await visit.page.setViewport(SCREENS[screen]);
    visit.page.on('pageerror', (error) => visit.complaints.push(`page error: ${error?.message ?? error}`));
    visit.page.on('console', (message) => {
      if (message.type() === 'error') visit.complaints.push(`console error: ${message.text()} ${message.location()?.url ?? ''}`.trim());
    });
    await visit.page.evaluateOnNewDocument(listen);
    await visit.page.evaluateOnNewDocument(keepSaved);
    if (prepare) await visit.page.evaluateOnNewDocument(prepare);
    await visit.go(raw ?? { ...link, ...(isolated ? {} : { isolation: 'off' }) }, until);
    return visit;
  }

  /// Opens a link, given as an object or as it is.
  async go(link, until = 'ready') {
    const query = typeof link === 'string' ? link.replace(/^\?/, '') : new URLSearchParams(link).toString();
    this.counts = { finished: 0, compared: 0, explored: 0 };
    const leaves = this.page.url().startsWith(this.site.url);
    const before = this.complaints.length;
    await this.page.goto(this.site.url + (query && `?${query}`));
    if (until === 'ready') await this.ready();
    if (leaves) this.complaints = this.complaints.filter((complaint, at) => at < before || !CUT_OFF.test(complaint));
  }

  /// Opens another link on the page that is there, without loading it again.
  async follow(link) {
    await this.page.evaluate((query) => {
      history.pushState(null, '', `?${query}`);
      dispatchEvent(new PopStateEvent('popstate'));
    }, new URLSearchParams(link).toString());
  }

  async reload() {
    this.counts = { finished: 0, compared: 0, explored: 0 };
    await this.page.evaluate(() => {
      window.seen.old = true;
      location.reload();
    });
    await this.until('the page is there again', () => window.seen && !window.seen.old && window.seen.ready.length > 0);
  }

  /// Waits until the page says that it can be used.
  ready() {
    return this.until('the page says that it is ready', () => window.seen?.ready.length > 0);
  }

  /// Waits until `condition` is true in the page.
  async until(what, condition, ...args) {
    return this.untilAtLast(PATIENCE_MS, what, condition, ...args);
  }

  /// The same with another patience.
  async untilAtLast(timeout, what, condition, ...args) {
    try {
      return await until(this.page, timeout, condition, ...args);
    } catch (error) {
      throw new Error(`Waited ${timeout / 1000} s in vain until ${what} (${error.message})`);
    }
  }

  /// Waits for the next event of that name, and gives what it says.
  async next(name) {
    const at = this.counts[name]++;
    await this.until(`there is an interleave:${name}`, (name, at) => window.seen[name].length > at, name, at);
    const { detail, at: ms } = await this.page.evaluate((name, at) => window.seen[name][at], name, at);
    return { ...JSON.parse(detail), at: ms };
  }

  /// How often the page announced something.
  count(name) {
    return this.page.evaluate((name) => window.seen[name].length, name);
  }

  /// The element of a role and an accessible name, once it can be used.
  async element(role, name) {
    try {
      return await handleUntil(this.page, PATIENCE_MS, find, role, name);
    } catch (error) {
      throw new Error(`Waited ${PATIENCE_MS / 1000} s in vain for a ${role} named “${name}” (${error.message})`);
    }
  }

  async click(role, name, options) {
    const element = await this.element(role, name);
    await element.click(options);
  }

  press(name) {
    return this.click('button', name);
  }

  choose(model) {
    return this.click('radio', model);
  }

  openTab(name) {
    return this.click('tab', name);
  }

  /// Types a value into a text field and commits it.
  async type(label, value) {
    await this.click('textbox', label, { count: 3 });
    await this.page.keyboard.type(String(value));
    await this.page.keyboard.press('Enter');
  }

  /// Presses Run and waits for the end.
  async run() {
    await this.press('Run');
    return this.ended();
  }

  /// Waits for the end of a run, until the page shows it.
  async ended() {
    const report = await this.next('finished');
    await this.until('the page is at rest', () => document.querySelector('#stop').disabled);
    return report;
  }

  /// Runs to a result that was checked.
  async runWell() {
    const report = await this.run();
    assert.equal(report.outcome, 'finished', `the run did not finish: ${report.error}`);
    assert.equal(report.checked, true, `the result was not checked: ${report.summary}`);
    return report;
  }

  /// The visible text of the first element that fits.
  text(selector) {
    return this.page.$eval(selector, (element) => element.innerText.trim());
  }

  texts(selector) {
    return this.page.$$eval(selector, (elements) => elements.map((element) => element.innerText.trim()));
  }

  async value(label) {
    const input = await this.element('textbox', label);
    return input.evaluate((input) => input.value);
  }

  model() {
    return this.page.$eval('input[name=model]:checked', (input) => input.value);
  }

  query() {
    return Object.fromEntries(new URL(this.page.url()).searchParams);
  }

  /// The lines of the log.
  async log() {
    await this.openTab('Log');
    return this.page.$$eval('[role=log] li', (lines) => lines.map((line) => line.innerText.replace(/\s+/g, ' ').trim()));
  }

  /// The table that says what the timeline shows: an object for each lane, by the heads of its columns.
  async table() {
    await this.openTab('Table');
    return this.rows('[role=tabpanel] table');
  }

  rows(selector) {
    return this.page.$eval(selector, (table) => {
      const heads = [...table.tHead.rows[0].cells].map((cell) => cell.innerText.trim());
      return [...table.tBodies[0].rows].map((row) => Object.fromEntries([...row.cells].map((cell, at) => [heads[at], cell.innerText.trim()])));
    });
  }

  /// Presses Save and gives the bytes of the file.
  async saveFile() {
    const before = await this.page.evaluate(() => window.saved.length);
    await this.press('Save run');
    await this.until('a file is saved', (before) => window.saved.length > before, before);
    return savedBytes(this.page, before);
  }

  /// The run that is shown, read back from its file.
  async trace() {
    return read(await this.saveFile());
  }

  /// Opens a saved run, as the file chooser would.
  async openFile(name, bytes) {
    const folder = join(output, 'files', this.kind);
    await mkdir(folder, { recursive: true });
    const path = join(folder, name);
    await writeFile(path, bytes);
    const input = await this.page.$('input[type=file]');
    await input.uploadFile(path);
  }

  /// The workers that are alive, as far as the browser's lock manager knows: each holds a lock as long as it lives.
  locks() {
    return this.page.evaluate(async () => (await navigator.locks.query()).held.map((lock) => lock.name));
  }

  /// The workers that the page has, as the browser's driver sees them.
  workers() {
    return this.page.workers().filter((worker) => /\/worker(-\w+)?\.js$/.test(worker.url()));
  }

  /// The place of an element on the screen.
  box(selector) {
    return this.page.$eval(selector, (element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x, y, width, height };
    });
  }

  /// Keeps a screenshot among the test's output.
  async picture(name) {
    await mkdir(output, { recursive: true });
    // A page behind another one is not drawn.
    await this.page.bringToFront();
    await this.page.screenshot({ path: join(output, `${name}.png`) });
  }

  assertQuiet() {
    const unexpected = this.complaints.filter((complaint) => !this.expected.some((pattern) => pattern.test(complaint)));
    assert.deepEqual(unexpected, [], 'the console has errors');
  }

  async close() {
    await this.context.close().catch(() => {});
    if (this.ownsSite) await this.site.close();
  }
}

export { serve, dist };
