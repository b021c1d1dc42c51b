// What the page does where its host does not isolate it, or the browser lacks something.
import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { SMALL, check, countLoads, inEachBrowser } from './harness.mjs';
import { HEADERS } from './site.mjs';

/// A run that waits, on the event loop of its worker.
const SLOW = { workload: 'downloads', model: 'tasks', size: 8, tasks: 2, latency: 2000 };

const PI = { workload: 'pi', ...SMALL.pi, workers: 2 };

const loads = (visit) => visit.page.evaluate(() => Number(sessionStorage.loads));

inEachBrowser((here) => {
  check(here, 'a host with isolation headers gives a page with threads and no reload', async (open) => {
    const visit = await open({ link: { ...PI, model: 'threads' }, prepare: countLoads });
    assert.equal(await visit.page.evaluate(() => crossOriginIsolated), true);
    assert.equal(await visit.page.$('#not-isolated'), null);
    await visit.runWell();
    assert.equal(await loads(visit), 1);
  });

  for (const [how, options] of [
    ['from its host', {}],
    ['from the service worker where the host sends none', { isolated: false, raw: new URLSearchParams(SLOW).toString() }],
    ['where it is not isolated', { isolated: false }],
  ]) {
    check(here, `the page and its workers reach no other site, by a policy ${how}`, async (open) => {
      const visit = await open({ link: SLOW, expect: [/Content.Security.Policy/i, /elsewhere/], ...options });
      if (options.raw) await visit.until('the page is isolated', () => crossOriginIsolated && window.seen?.ready.length > 0);
      const reach = () =>
        new Promise((told) => {
          addEventListener('securitypolicyviolation', (event) => told(event.effectiveDirective), { once: true });
          fetch('https://elsewhere.test/').catch(() => setTimeout(told, 5000, 'only the network was in the way'));
        });
      assert.equal(await visit.page.evaluate(reach), 'connect-src');
      const meta = await visit.page.$eval('meta[http-equiv]', (meta) => meta.content);
      assert.equal(meta, HEADERS['Content-Security-Policy']);
      const worker = await visit.page.evaluate(async () => (await fetch('sw.js')).text());
      assert.ok(worker.includes(meta), 'the service worker has the same policy');
      // Firefox lets nobody look into a worker.
      if (here.kind !== 'chromium') return;
      await visit.press('Run');
      await visit.until('it runs', () => !document.querySelector('#stop').disabled);
      while (visit.workers().length === 0) await new Promise((go) => setTimeout(go, 20));
      assert.equal(await visit.workers()[0].evaluate(reach), 'connect-src');
      await visit.press('Stop');
      await visit.ended();
    });
  }

  for (const base of ['/', '/some/deep/path/']) {
    check(here, `a host without headers is isolated by the service worker after one quiet reload, under ${base}`, async (open) => {
      const visit = await open({ isolated: false, base, raw: new URLSearchParams({ ...PI, model: 'threads' }).toString(), prepare: countLoads });
      await visit.until('the page is isolated', () => crossOriginIsolated && window.seen?.ready.length > 0);
      assert.equal(await loads(visit), 2);
      assert.equal(visit.query().model, 'threads');
      await visit.runWell();
      await visit.reload();
      assert.equal(await visit.page.evaluate(() => crossOriginIsolated), true);
      await visit.runWell();
      await visit.choose('Processes');
      await visit.runWell();
    });
  }

  check(here, 'a first visit to a host without headers shows its finished run all the same', async (open) => {
    const visit = await open({ isolated: false, raw: '' });
    await visit.until('the page is isolated and shows a run', () => crossOriginIsolated && window.seen?.finished.length > 0);
    const report = await visit.ended();
    assert.deepEqual([report.outcome, report.checked, report.model], ['finished', true, 'threads']);
  });

  check(here, 'a page in a frame of its own origin does not reload', async (open) => {
    const visit = await open({ isolated: false, link: PI });
    await visit.page.evaluate(() => {
      const frame = document.createElement('iframe');
      frame.src = './?workload=pi&size=400&tasks=4&model=processes';
      document.body.append(frame);
    });
    await visit.until('the frame is ready', () => document.querySelector('iframe').contentDocument?.documentElement?.dataset.ready === 'yes');
    assert.equal(await visit.page.evaluate(() => document.querySelector('iframe').contentWindow.crossOriginIsolated), false);
  });

  describe('not isolated', () => {
    check(here, 'threads are explained, with the way out', async (open) => {
      const visit = await open({ isolated: false, link: { ...PI, model: 'threads' } });
      assert.equal(await visit.page.evaluate(() => crossOriginIsolated), false);
      assert.match(await visit.text('#not-isolated'), /not cross-origin isolated/);
      assert.equal(await visit.page.$eval('#run', (button) => button.disabled), true);
      assert.match(await visit.text('.empty'), /Threads need a page that is cross-origin isolated/);
      const described = await visit.page.$eval('input[name=model][value=threads]', (radio) => radio.getAttribute('aria-describedby'));
      assert.equal(described, 'not-isolated');
      await visit.click('link', 'Open it isolated');
      await visit.until('the page is isolated', () => crossOriginIsolated && window.seen?.ready.length > 0);
      assert.deepEqual([visit.query().workload, visit.query().model], ['pi', 'threads']);
      await visit.runWell();
    });

    check(here, 'a comparison skips threads, says why, and compares the others', async (open) => {
      const visit = await open({ isolated: false, link: PI });
      await visit.choose('Sequential');
      await visit.press('Compare four ways');
      const compared = await visit.next('compared');
      assert.deepEqual(compared.models.map((row) => [row.name, row.missing === null]), [
        ['sequential', true], ['threads', false], ['processes', true], ['tasks', true],
      ]);
      assert.match(compared.sentence, /threads did not run, since threads need a page that is cross-origin isolated/i);
    });
  });

  // Firefox's driver knows no such reload.
  if (here.kind === 'chromium') {
    check(here, 'a page that a forced reload hid from its service worker gets it back', async (open) => {
      const visit = await open({ link: PI });
      const isThere = () => visit.until('the service worker is there', () => navigator.serviceWorker.controller !== null);
      await isThere();
      await visit.page.evaluateOnNewDocument(() => (window.began = navigator.serviceWorker?.controller));
      const devtools = await visit.page.createCDPSession();
      await devtools.send('Page.reload', { ignoreCache: true });
      await visit.until('it was reloaded', () => window.began === null);
      await isThere();
      await visit.runWell();
    });
  }

  check(here, 'a page that has its service worker waits for no other', async (open) => {
    const visit = await open({ link: PI });
    await visit.until('the service worker is there', () => navigator.serviceWorker.controller !== null);
    // As long as the browser looks for a newer one, which takes seconds now and then.
    await visit.page.evaluateOnNewDocument(() => {
      if (navigator.serviceWorker) navigator.serviceWorker.register = () => new Promise(() => {});
    });
    await visit.reload();
    await visit.runWell();
  });

  const silent = { workload: 'downloads', size: 4, tasks: 2, latency: 150 };

  check(here, 'downloads through the service worker take at least the latency', async (open) => {
    const visit = await open({ link: { ...silent, workers: 2 } });
    await visit.until('the service worker is there', () => navigator.serviceWorker.controller !== null);
    for (const [model, least] of [['Sequential', 600], ['Threads', 300], ['Processes', 300], ['Async tasks', 300]]) {
      await visit.choose(model);
      const report = await visit.runWell();
      const files = new Map();
      for (const { name, number, start, end } of (await visit.trace()).lanes.flatMap((lane) => lane.spans.filter((span) => span.state === 'io'))) {
        // A future that is polled in between waits in several spans.
        const file = files.get(number) ?? { name, from: start };
        files.set(number, { ...file, to: end });
      }
      assert.equal(files.size, 4, `${model}: ${[...files.keys()]}`);
      for (const [number, { name, from, to }] of files) assert.ok(to - from > 148e6, `${model}, ${name} ${number} took ${(to - from) / 1e6} ms`);
      assert.ok(report.wall_ms > least - 10, `${model} took ${report.wall_ms} ms`);
      assert.doesNotMatch((await visit.log()).join('\n'), /No service worker/);
    }
  });

  check(here, 'downloads without a service worker come over the plain network, and the log says so', async (open) => {
    const visit = await open({ link: { ...silent, workers: 2 }, refuse: { 'sw.js': 404 }, expect: [/Failed to load resource|ServiceWorker|404/] });
    for (const model of ['Sequential', 'Processes', 'Async tasks']) {
      await visit.choose(model);
      await visit.runWell();
      assert.match((await visit.log()).join('\n'), /No service worker: the files came over the plain network/, model);
    }
  });

  check(here, 'a browser without WebAssembly is told what is missing', async (open) => {
    const visit = await open({
      link: PI,
      prepare: () => delete globalThis.WebAssembly,
      expect: [/WebAssembly/],
      until: null,
    });
    await visit.until('the page says it', () => /no WebAssembly/.test(document.body?.innerText));
    assert.match(await visit.text('body'), /This browser has no WebAssembly/);
    await visit.picture(`${here.kind}-desktop-without-webassembly`);
  });

  check(here, 'a browser without workers is told what is missing', async (open) => {
    const visit = await open({ link: PI, prepare: () => delete globalThis.Worker });
    assert.match(await visit.text('[role=alert]'), /This browser has no web workers/);
    assert.equal(await visit.page.$eval('#run', (button) => button.disabled), true);
  });

  check(here, 'a page whose program does not come says so', async (open) => {
    const visit = await open({ link: PI, refuse: { 'interleave_bg.wasm': 503 }, expect: [/./], until: null });
    await visit.untilAtLast(40_000, 'the page says it', () => /did not load. Check the connection and reload/.test(document.body?.innerText));
  });
});
