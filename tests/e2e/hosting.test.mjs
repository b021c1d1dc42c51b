// The published site on the servers that people have, under a path, without its host, and while a new version is deployed.
import assert from 'node:assert/strict';
import { readFile, readdir, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';

import { until } from '../../xtask/driver/page.mjs';
import { SMALL, check, countLoads, dist, inEachBrowser, launchBlocking, serve } from './harness.mjs';
import { PATIENTLY, link, written } from './python.mjs';
import { SENDING, start, why } from './servers.mjs';
import { HEADERS, nextVersion } from './site.mjs';

const PI = { workload: 'pi', ...SMALL.pi, workers: 2 };
const LESSON = { lesson: 'start-join' };
/// What browsers say of a host that is not there.
const GONE = [/Failed to load resource|ERR_CONNECTION_REFUSED|NetworkError|ServiceWorker/i];

/// What the page's document says of its version.
const versionOf = (page) => page.$eval('meta[name=interleave-files]', (meta) => meta.content);

/// Waits until the page can be opened without its host, in the version that it is of.
function isKept(page) {
  return until(page, 30_000, async () => {
    const files = await caches.open(`interleave-files ${location.pathname}`);
    const kept = await (await files.match('./'))?.text();
    return kept?.includes(document.querySelector('meta[name=interleave-files]').content);
  });
}

/// The folders of which files are kept.
const keptFolders = (page) => page.evaluate(async () => {
  const files = await caches.open(`interleave-files ${location.pathname}`);
  const names = (await files.keys()).map(({ url }) => new URL(url).pathname.slice(location.pathname.length));
  return [...new Set(names.map((name) => /^(site|python)-\w+\//.exec(name)?.[0]).filter(Boolean))].sort();
});

/// The folders from which the page has loaded something.
const loadedFolders = (page) => page.evaluate(() => {
  const names = performance.getEntriesByType('resource').map(({ name }) => /(site|python)-\w+\//.exec(name)?.[0]);
  return [...new Set(names.filter(Boolean))].sort();
});

const sites = (folders) => folders.filter((name) => name.startsWith('site-'));

async function finishes(visit) {
  const report = await visit.run();
  assert.equal(report.outcome, 'finished', report.error);
}

/// Opens the page on a server, and waits until it is isolated, whoever does it.
async function visitTo(open, server, link, options = {}) {
  const visit = await open({ site: server, raw: new URLSearchParams(link).toString(), until: null, expect: GONE, ...options });
  await visit.until('the page is isolated', () => crossOriginIsolated && window.seen?.ready.length > 0);
  return visit;
}

/// One test on one server, with the site under /play/.
function checkOn(here, kind, name, body) {
  check(here, `on ${kind}, ${name}`, async (open, context) => {
    if (why(kind)) return context.skip(why(kind));
    const server = await start(kind, dist);
    try {
      await body(open, server);
    } finally {
      await server.close();
    }
  });
}

/// What a server answers: without what the platform's own client would do to it.
function ask(url, accepted) {
  return new Promise((resolve, fail) => {
    get(url, { headers: { 'Accept-Encoding': accepted } }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
    }).on('error', fail);
  });
}

/// That a server sends what docs/hosting.md says.
async function sendsWell(server) {
  const names = await readdir(server.root);
  const site = names.find((name) => name.startsWith('site-'));
  const worker = names.find((name) => /^worker-\w+\.js$/.test(name));
  for (const [name, caching, type] of [
    ['', 'no-cache', /^text\/html/],
    ['sw.js', 'no-cache', /^(text|application)\/javascript/],
    ['files/00.txt', 'no-cache', /^text\/plain/],
    [worker, 'public, max-age=31536000, immutable', /^(text|application)\/javascript/],
    [`${site}/interleave_bg.wasm`, 'public, max-age=31536000, immutable', /^application\/wasm$/],
    [`${site}/styles/page.css`, 'public, max-age=31536000, immutable', /^text\/css/],
  ]) {
    for (const [accepted, form] of [['gzip, deflate, br', 'br'], ['gzip', 'gz'], ['identity', '']]) {
      const { status, headers, body } = await ask(server.url + name, accepted);
      const file = join(server.root, name || 'index.html') + (form && `.${form}`);
      const content = await readFile(file).catch(() => null);
      const where = `${name} for ${accepted}`;
      assert.equal(status, 200, where);
      assert.equal(headers['set-cookie'], undefined, where);
      assert.equal(headers['cache-control'], caching, where);
      assert.match(headers['content-type'], type, where);
      for (const [header, value] of Object.entries(HEADERS)) assert.equal(headers[header.toLowerCase()], value, where);
      // A form that would not be smaller is not there.
      assert.equal(headers['content-encoding'], content && form ? { br: 'br', gz: 'gzip' }[form] : undefined, where);
      assert.deepEqual(body, content ?? (await readFile(join(server.root, name))), where);
      if (content && form) assert.match(headers.vary, /accept-encoding/i, where);
    }
  }
  const missing = await ask(`${server.url}site-0123456789abcdef/start.js`, 'br');
  assert.equal(missing.status, 404);
  assert.doesNotMatch(missing.headers['cache-control'] ?? '', /immutable/, 'what is not there is not kept');
}

inEachBrowser((here) => {
  for (const kind of [...SENDING, 'http.server']) {
    const sends = SENDING.includes(kind);
    checkOn(here, kind, `under a path: ${sends ? 'headers, compressed forms,' : 'one quiet reload,'} threads, and then without it`, async (open, server) => {
      if (sends) await sendsWell(server);
      const visit = await visitTo(open, server, { ...PI, model: 'threads' }, { prepare: countLoads });
      assert.equal(await visit.page.evaluate(() => Number(sessionStorage.loads)), sends ? 1 : 2);
      await visit.runWell();
      await isKept(visit.page);
      const asked = [];
      visit.page.on('request', (request) => asked.push(new URL(request.url()).origin));
      await visit.reload();
      await server.close();
      await visit.reload();
      assert.equal(await visit.page.evaluate(() => crossOriginIsolated), true);
      await visit.runWell();
      await visit.follow({ ...PI, model: 'processes' });
      await visit.runWell();
      await visit.follow(LESSON);
      await finishes(visit);
      assert.deepEqual([...new Set(asked)], [new URL(server.url).origin], 'no request leaves the origin');
      assert.equal(await visit.page.evaluate(() => document.cookie), '');
    });

    checkOn(here, kind, 'a page goes on with the files of its version while the next one is deployed, and the next load has the new one', async (open, server) => {
      const folder = await nextVersion(dist);
      try {
        const visit = await visitTo(open, server, PI);
        await isKept(visit.page);
        const old = await versionOf(visit.page);
        const [oldSite] = old.split(' ');
        for (const name of await readdir(server.root)) await rm(join(server.root, name), { recursive: true });
        await server.deploy(folder);

        const other = await visit.context.newPage();
        await other.goto(server.url);
        await isKept(other);
        const [newSite] = (await versionOf(other)).split(' ');
        assert.notEqual(newSite, oldSite);
        assert.deepEqual(sites(await loadedFolders(other)), [newSite]);
        assert.deepEqual(sites(await keptFolders(other)), [newSite, oldSite].sort(), 'both are needed');
        await other.close();

        await visit.follow(LESSON);
        await finishes(visit);
        assert.equal(await versionOf(visit.page), old);
        assert.deepEqual(sites(await loadedFolders(visit.page)), [oldSite]);

        await visit.reload();
        assert.equal((await versionOf(visit.page)).split(' ')[0], newSite);
        await visit.runWell();
        assert.deepEqual(sites(await loadedFolders(visit.page)), [newSite]);
        await server.close();
        await visit.reload();
        assert.equal((await versionOf(visit.page)).split(' ')[0], newSite);
        await visit.runWell();
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }

  for (const isolated of [true, false]) {
    check(here, `Python and downloads work without the host once they were run, where it ${isolated ? 'isolates the page' : 'sends no headers'}`, async (open) => {
      const raw = new URLSearchParams(link('print("here")\n')).toString();
      const visit = await open({ isolated, raw, until: null, expect: GONE });
      await visit.until('the page is isolated', () => crossOriginIsolated && window.seen?.ready.length > 0);
      await visit.runWell();
      await isKept(visit.page);
      await visit.site.close();
      await visit.reload();
      await visit.runWell();
      assert.deepEqual(await written(visit), ['here']);
      await visit.page.waitForSelector('.editor .cm-content');
      await visit.follow({ workload: 'downloads', ...SMALL.downloads, model: 'processes', workers: 2 });
      await visit.runWell();
      assert.doesNotMatch((await visit.log()).join('\n'), /No service worker/);
    }, PATIENTLY);
  }

  check(here, 'a file that fails while its host is there is not replaced by what was kept', async (open) => {
    const visit = await open({ link: { workload: 'downloads', ...SMALL.downloads, model: 'processes', workers: 2 }, expect: GONE });
    await isKept(visit.page);
    visit.site.refuse('files/01.txt', 'reset');
    const report = await visit.run();
    assert.equal(report.outcome, 'failed');
  });

  check(here, 'files of versions that no page is of are dropped, and a version that came in part does not replace a whole one', async (open) => {
    const folder = await nextVersion(dist);
    try {
      const visit = await open({ link: PI, expect: GONE });
      await isKept(visit.page);
      const [oldSite] = (await versionOf(visit.page)).split(' ');
      visit.site.switchTo([folder]);
      visit.site.refuse('programs_bg.wasm', 503);
      const before = visit.site.asked.length;
      await visit.reload();
      const [newSite] = (await versionOf(visit.page)).split(' ');
      assert.notEqual(newSite, oldSite);
      while (!visit.site.asked.slice(before).includes('programs_bg.wasm')) await new Promise((go) => setTimeout(go, 20));
      await visit.site.close();
      await visit.reload();
      assert.equal((await versionOf(visit.page)).split(' ')[0], oldSite, 'the whole one');
      await visit.runWell();
      await visit.follow(LESSON);
      await finishes(visit);

      await visit.site.open();
      visit.site.allow('programs_bg.wasm');
      await visit.reload();
      await isKept(visit.page);
      await visit.until('the older one is gone', async (oldSite) => {
        const files = await caches.open(`interleave-files ${location.pathname}`);
        return (await files.keys()).every(({ url }) => !url.includes(oldSite));
      }, oldSite);
      assert.deepEqual(sites(await keptFolders(visit.page)), [newSite]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  check(here, 'where storage is blocked the page works as its host serves it, and says at most one sentence', async (open) => {
    const browser = await launchBlocking(here.kind);
    const site = await serve({ roots: [dist], base: '/play/' });
    try {
      const page = await browser.newPage();
      const said = [];
      page.on('pageerror', (error) => said.push(String(error)));
      page.on('console', (message) => said.push(message.text()));
      await page.evaluateOnNewDocument(() => addEventListener('interleave:finished', ({ detail }) => (window.finished = detail)));
      await page.goto(`${site.url}?${new URLSearchParams({ ...PI, model: 'threads' })}`);
      await until(page, 20_000, () => document.documentElement.dataset.ready === 'yes');
      const hasStorage = await page.evaluate(() => caches.open('probe').then(() => true, () => false));
      assert.equal(hasStorage, false, 'it is blocked');
      await page.click('#run');
      assert.equal((await until(page, 20_000, () => window.finished)).outcome, 'finished');
      const sentences = said.filter((text) => text.startsWith('Interleave '));
      assert.ok(sentences.length <= 1, said.join('\n'));
      // Firefox has a sentence of its own for it; and wasm-bindgen-rayon's workers have theirs, whatever happens.
      const others = said.filter((text) => !sentences.includes(text) && !/Failed to register.*ServiceWorker|deprecated/.test(text));
      assert.deepEqual(others, []);
    } finally {
      await browser.close();
      await site.close();
    }
  });
});
