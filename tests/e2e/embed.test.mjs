// Examples in posts of other sites: as a component, as a plain frame and on code that a post has already; what they weigh,
// which mode they are in, and what becomes of them where a browser, a host or a post lets nothing run.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { until } from '../../xtask/driver/page.mjs';
import { check, dist, inEachBrowser, launchBlocking, roots } from './harness.mjs';
import { Reader, servePosts } from './posts.mjs';
import { link } from './python.mjs';
import { nextVersion, serve } from './site.mjs';

const execute = promisify(execFile);
const TOOLS = process.env.INTERLEAVE_TOOLS;
const AXE = TOOLS && readFileSync(join(TOOLS, 'node_modules/axe-core/axe.min.js'), 'utf8');

/// What axe finds wrong in a page or a frame: its rules, and where.
async function axe(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { iframes: false });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.flat().join(' ')).join(', ')}`);
  });
}

const LIGHT_BYTES = 60_000;
const HELLO = 'from threading import Thread\nThread(target=print, args=("hello from a thread",)).start()\n';

inEachBrowser((here) => {
  const withThreads = here.kind === 'chromium';
  let plain, sending, posts;
  before(async () => {
    [plain, sending, posts] = [await serve({ roots, headers: false }), await serve({ roots, headers: true }), await servePosts()];
  });
  after(() => Promise.all([plain.close(), sending.close(), posts.close()]));

  const script = (site, more = '') => `<script src="${site.url}embed.js"${more} async></script>`;
  const component = (site, attributes, content = '') => `<interleave-run ${attributes}>${content}</interleave-run>`;
  /// A test with readers, and what else it keeps, that are sent away at its end.
  const read = (name, ...how) => test(name, { timeout: 120_000, ...how.slice(0, -1)[0] }, async () => {
    const body = how.at(-1);
    const kept = [];
    // What is closed at the end, the last one first.
    const keep = (it) => (kept.push(it), it);
    const open = async (...how) => keep(await Reader.open(here, ...how));
    let failed;
    try {
      await body(open, keep);
    } catch (error) {
      failed = error;
    }
    // What one of them says keeps none of the others open.
    for (const it of kept.reverse()) {
      try {
        await it.close({ quiet: !failed });
      } catch (error) {
        failed ??= error;
      }
    }
    if (failed) throw failed;
  });
  /// What a list of files weighs as a host sends it.
  const weight = (names) => names.reduce((sum, name) => {
    const path = join(dist, name);
    const forms = [path, `${path}.br`].filter((form) => statSync(form, { throwIfNoEntry: false })?.isFile());
    return sum + Math.min(...forms.map((form) => statSync(form).size));
  }, 0);

  read('a component in a post without headers is light until Run, and then live', async (open, keep) => {
    const plain = keep(await serve({ roots, headers: false }));
    const address = posts.write('component', script(plain) + component(plain, 'lesson="race" lang="python" height="480"'));
    const reader = await open(address);
    await reader.recorded();
    assert.deepEqual([...new Set(plain.asked)].sort(), ['embed.js', 'recorded/race.py.js']);
    const bytes = weight([...new Set(plain.asked)]);
    assert.ok(bytes < LIGHT_BYTES, `${bytes} bytes before Run`);
    assert.match(await reader.text(), /import threading[\s\S]*Recorded 20\d\d-\d\d-\d\d in Chromium \d+ on \d+ cores: [\d.]+ m?s[\s\S]*recorded/);
    await reader.press();
    const { detail: ready } = await reader.told('ready');
    assert.equal(ready.mode, withThreads ? 'live with threads' : 'live without threads');
    const { detail } = await reader.told('finished');
    if (withThreads) {
      assert.equal(detail.outcome, 'finished');
      assert.match(detail.output.map(({ text }) => text).join(''), /additions/);
    } else {
      assert.match(detail.output.map(({ text }) => text).join(''), /threads/i);
    }
  });

  read('a program within the component is run as it stands there', async (open) => {
    const program = '      import os\n      if 1 < 2:\n          print("mine", 6 * 7)\n';
    const reader = await open(posts.write('own', script(plain) + component(plain, 'title="My own"', `<pre>${program.replaceAll('<', '&lt;')}</pre>`)));
    await reader.until('its text is there', () => document.querySelector('interleave-run').shadowRoot?.querySelector('pre')?.textContent.startsWith('import os\nif 1 < 2:\n    print'));
    await reader.press();
    const { detail } = await reader.told('finished');
    assert.equal(detail.output.map(({ text }) => text).join(''), 'mine 42\n');
    const [player] = reader.players();
    assert.equal(await player.evaluate(() => document.querySelector('h1').textContent), 'My own');
  });

  read('the player may be anywhere on its host', async (open) => {
    const deep = await serve({ roots, headers: false, base: '/some/where/' });
    try {
      const reader = await open(posts.write('deep', script(deep) + component(deep, 'lesson="start-join" show="output"')));
      await reader.until('it is there', () => document.querySelector('interleave-run').shadowRoot?.querySelector('button'));
      await reader.press();
      await reader.told(withThreads ? 'finished' : 'error');
    } finally {
      await deep.close();
    }
  });

  read('attributes say what is shown and how it runs', async (open) => {
    const reader = await open(posts.write('attributes', script(plain) + component(plain, 'preset="workload=primes&size=60000" model="processes" workers="3" show="timeline,report,controls" height="600"')));
    await reader.until('it is there', () => document.querySelector('interleave-run').shadowRoot?.querySelector('button'));
    await reader.press();
    const { detail } = await reader.told('finished');
    assert.deepEqual([detail.workload, detail.model, detail.checked], ['primes', 'processes', true]);
    assert.match(detail.spec, /size=60000.*workers=3/);
    const shown = await reader.players()[0].evaluate(() => [...document.querySelectorAll('section')].map((it) => it.getAttribute('aria-label')));
    assert.deepEqual(shown, ['Settings', 'Timeline', 'Report']);
  });

  read('a plain frame is as light, and runs in itself', async (open, keep) => {
    const plain = keep(await serve({ roots, headers: false }));
    const reader = await open(posts.write('frame', `<iframe src="${plain.url}embed.html#lesson=coroutines&lang=python&title=Together" width="700" height="500"></iframe>`));
    const frame = () => reader.players()[0];
    await reader.inside(20_000, () => document.querySelector('interleave-run')?.shadowRoot.querySelector('.lanes li'));
    const asked = [...new Set(plain.asked)];
    assert.deepEqual(asked.filter((name) => /wasm|start\.js|page\.css/.test(name)), []);
    const [site] = (await frame().evaluate(() => document.querySelector('meta[name=interleave-files]').content)).split(' ');
    const bytes = weight(asked.map((name) => (name === 'player.js' ? `${site}${name}` : name)));
    assert.ok(bytes < LIGHT_BYTES, `${bytes} bytes before Run`);
    await reader.pressInside();
    await reader.inside(60_000, () => /\d+ m?s\./.test(document.querySelector('.player .status')?.textContent));
    assert.equal(await frame().evaluate(() => document.querySelector('.mode strong').textContent), withThreads ? 'live with threads' : 'live without threads');
    assert.equal(await frame().evaluate(() => document.querySelector('h1').textContent), 'Together');
  });

  read('how much has come is said while the rest is on its way', async (open, keep) => {
    const sending = keep(await serve({ roots, headers: true }));
    let comes;
    sending.refuse('interleave_bg.wasm', new Promise((go) => (comes = go)));
    const reader = await open(posts.write('slow', `<iframe src="${sending.url}embed.html#workload=pi&model=sequential" width="700" height="500"></iframe>`));
    await reader.inside(20_000, () => document.querySelector('interleave-run')?.shadowRoot.querySelector('button'));
    await reader.pressInside();
    await reader.inside(20_000, () => /^Loading … [1-9]\d+ kB so far\.$/.test(document.querySelector('.before')?.textContent));
    comes();
    await reader.inside(60_000, () => document.querySelector('.player'));
    assert.equal(await reader.players()[0].evaluate(() => document.querySelector('.before')), null);
  });

  read('code that a post has already stays as it is until Run', async (open) => {
    const block = `<p>Before.</p><pre style="background: #eee; padding: 10px"><code class="language-python">${HELLO}</code></pre><p id="after">After.</p>`;
    const bare = await open(posts.write('bare', block));
    const look = () => [...document.querySelectorAll('p, pre')].map((it) => [it.getBoundingClientRect().top, it.getBoundingClientRect().height, it.innerText]);
    const was = await bare.page.evaluate(look);
    const reader = await open(posts.write('upgrade', block + script(plain, ' data-upgrade')));
    await reader.until('there is a button', () => document.querySelector('interleave-button')?.shadowRoot.querySelector('button'));
    assert.deepEqual(await reader.page.evaluate(look), was);
    await reader.page.evaluate(() => {
      document.querySelector('interleave-button').shadowRoot.querySelector('button').click();
      document.querySelector('interleave-run').addEventListener('finished', ({ detail }) => (window.finished = detail));
    });
    const detail = await reader.until('it has run', () => window.finished);
    assert.match(detail.output.map(({ text }) => text).join(''), withThreads ? /hello from a thread/ : /threads/i);
  });

  read('of ten examples in a post only the one in use has a player', async (open, keep) => {
    const plain = keep(await serve({ roots, headers: false }));
    const body = Array.from({ length: 10 }, (_, n) => component(plain, 'height="300"', `<pre>print(${n})</pre>`)).join('<p>And then?</p>');
    const reader = await open(posts.write('ten', script(plain) + body));
    await reader.until('all are there', () => [...document.querySelectorAll('interleave-run')].every((run) => run.shadowRoot?.querySelector('pre')));
    assert.deepEqual([...new Set(plain.asked)], ['embed.js']);
    await reader.press(0);
    await reader.told('finished', 0);
    await reader.press(7);
    const { detail } = await reader.told('finished', 7);
    assert.equal(detail.output.map(({ text }) => text).join(''), '7\n');
    assert.equal(reader.players().length, 1);
    // What the first one did is still to be seen.
    assert.match(await reader.text(0), /Recorded here, .*: [\d.]+ m?s[\s\S]*\n0\n[\s\S]*recorded/);
  });

  read('what a reader wrote stays when another example runs', async (open) => {
    const body = component(plain, 'height="480"', '<pre>print("as it was")</pre>') + component(plain, '', '<pre>print("other")</pre>');
    const reader = await open(posts.write('written', script(plain) + body));
    await reader.until('they are there', () => [...document.querySelectorAll('interleave-run')].every((run) => run.shadowRoot?.querySelector('pre')));
    await reader.press(0);
    await reader.told('finished', 0);
    const [player] = reader.players();
    await player.evaluate(() => document.querySelector('.cm-content, .editor textarea').focus());
    await reader.page.keyboard.type('print("mine")\n');
    await reader.until('it is written down', () => /print\("mine"\)/.test(document.querySelector('interleave-run').shadowRoot.querySelector('pre').textContent));
    await reader.press(1);
    await reader.told('finished', 1);
    await reader.page.evaluate(() => (window.told.length = 0));
    await reader.press(0);
    const { detail } = await reader.told('finished', 0);
    assert.equal(detail.output.map(({ text }) => text).join(''), 'mine\nas it was\n');
  });

  read('two plain frames take turns too', async (open) => {
    const frame = (n) => `<iframe name="f${n}" src="${plain.url}embed.html#lesson=sequential&title=${n}" width="700" height="400"></iframe>`;
    const reader = await open(posts.write('two-frames', frame(1) + frame(2)));
    const inside = (n) => ({ evaluateHandle: (...how) => reader.page.frames().find((frame) => frame.url().includes(`title=${n}`)).evaluateHandle(...how) });
    const run = async (n) => {
      await until(inside(n), 20_000, () => document.querySelector('interleave-run')?.shadowRoot.querySelector('button'));
      await inside(n).evaluateHandle(() => document.querySelector('interleave-run').shadowRoot.querySelector('button').click());
      await until(inside(n), 60_000, () => /\d+ m?s\./.test(document.querySelector('.player .status')?.textContent));
    };
    await run(1);
    await run(2);
    await until(inside(1), 20_000, () => document.querySelector('interleave-run')?.shadowRoot.querySelector('button'));
  });

  read('a post whose policy lets no frame in shows what was recorded, and why', async (open) => {
    const policy = `default-src 'none'; script-src ${plain.url.slice(0, -1)}; img-src data:`;
    const reader = await open(posts.write('strict', script(plain) + component(plain, 'lesson="two-locks" lang="python"'), { headers: { 'Content-Security-Policy': policy } }), { expect: [/Content.Security.Policy|frame-src|violates/i] });
    await reader.recorded();
    await reader.press();
    const { detail } = await reader.told('error');
    assert.match(detail.message, /policy keeps the player out/);
    assert.match(await reader.text(), /policy keeps the player out.*“Open in Interleave”/);
    const href = await reader.page.evaluate(() => document.querySelector('interleave-run').shadowRoot.querySelector('a').href);
    assert.ok(href.startsWith(`${plain.url}?lesson=`), href);
  });

  read('in a sandbox that allows scripts only, a host that sends headers runs it', async (open) => {
    const reads = 'from urllib.request import urlopen\nprint(len(urlopen("files/00.txt").read()), "bytes came")\n';
    const examples = {
      // Long enough for a clock whose steps are milliseconds.
      'workload=pi&model=sequential&size=40000': /[1-9][\d.]* m?s\./,
      'workload=downloads&model=sequential&size=2': /[1-9][\d.]* m?s\./,
      [new URLSearchParams({ ...link(reads), view: 'program' })]: /^[1-9]\d* bytes came/m,
    };
    for (const [example, expected] of Object.entries(examples)) {
      const reader = await open(posts.write('sandbox', `<iframe sandbox="allow-scripts" src="${sending.url}embed.html#${example}" width="700" height="500"></iframe>`));
      await reader.inside(20_000, () => document.querySelector('interleave-run')?.shadowRoot.querySelector('button'));
      await reader.pressInside();
      await reader.inside(60_000, (expected) => new RegExp(expected, 'm').test(document.querySelector('.player')?.innerText), expected.source);
    }
  });

  read('in a sandbox, a host without headers says why nothing runs', async (open) => {
    const reader = await open(posts.write('sandboxed-plain', `<iframe sandbox="allow-scripts" src="${plain.url}embed.html#lesson=race&lang=python" width="700" height="500"></iframe>`), { expect: [/CORS|Cross-Origin|Failed to load|blocked|sandbox/i] });
    await reader.inside(20_000, () => document.querySelector('interleave-run')?.shadowRoot.querySelector('.lanes li'));
    await reader.pressInside();
    await reader.inside(20_000, () => /Nothing can run here/.test(document.querySelector('interleave-run')?.shadowRoot.querySelector('[role=status]').textContent));
  });

  read('where a browser has no WebAssembly the recorded run stays, with the way out', async (open) => {
    const reader = await open(posts.write('no-wasm', script(plain) + component(plain, 'lesson="race"')), { prepare: () => delete globalThis.WebAssembly });
    await reader.recorded();
    await reader.press();
    assert.match((await reader.told('error')).detail.message, /no WebAssembly/);
    assert.match(await reader.text(), /no WebAssembly[\s\S]*Recorded/);
    assert.equal(reader.players().length, 0);
  });

  for (const isSending of [true, false]) {
    read(`it works where the browser blocks storage, on a host that sends ${isSending ? '' : 'no '}headers`, async (_, keep) => {
      const site = isSending ? sending : plain;
      const browser = keep(await launchBlocking(here.kind, true));
      const body = script(site) + component(site, '', '<pre>print("all the same")</pre>');
      const reader = keep(await Reader.open({ browser, isOwn: true }, posts.write('blocked', body), { expect: [/Failed to register.*ServiceWorker/] }));
      await reader.until('it is there', () => document.querySelector('interleave-run').shadowRoot?.querySelector('pre'));
      await reader.press();
      const { detail } = await reader.told('finished');
      assert.equal(detail.output.map(({ text }) => text).join(''), 'all the same\n');
      const refusals = await reader.players()[0].evaluate(async () => {
        const looks = [() => localStorage, () => caches.keys()];
        return Promise.all(looks.map(async (look) => look()).map((kept) => kept.then(() => 'kept', ({ name }) => name)));
      });
      assert.deepEqual(refusals, ['SecurityError', 'SecurityError']);
    });
  }

  read('a post that is open while the next version is deployed runs its examples, with the old files and with the new', async (open, keep) => {
    const folder = await nextVersion(dist);
    const site = keep(await serve({ roots, headers: false }));
    try {
      const body = script(site) + component(site, 'lesson="coroutines"').repeat(2);
      const reader = await open(posts.write('deployed', body));
      await reader.recorded(0);
      await reader.press(0);
      await reader.told('finished', 0);
      const before = await reader.players()[0].evaluate(() => document.querySelector('meta[name=interleave-files]').content);
      site.switchTo([folder]);
      await reader.players()[0].evaluate(() => document.querySelector('#run').click());
      await reader.until('it ran again', () => window.told.filter(({ at, name }) => at === 0 && name === 'finished').length === 2);
      await reader.press(1);
      await reader.told('finished', 1);
      const now = await reader.players()[0].evaluate(() => document.querySelector('meta[name=interleave-files]').content);
      assert.notEqual(now, before);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  read('an example in a post runs without the host once one of them ran', async (open, keep) => {
    const site = keep(await serve({ roots, headers: false }));
    const body = script(site) + component(site, '', '<pre>print("here")</pre>') + component(site, 'lesson="coroutines"');
    const reader = await open(posts.write('gone', body), { expect: [/Failed to load|ERR_CONNECTION|NetworkError|ServiceWorker/i] });
    await reader.until('it is there', () => document.querySelector('interleave-run').shadowRoot?.querySelector('pre'));
    await reader.press(0);
    await reader.told('finished', 0);
    const [player] = reader.players();
    const whole = () => caches.open('interleave-files /').then(async (files) => Boolean(await files.match('./')));
    await reader.inside(20_000, whole);
    await site.close();
    await player.evaluate(() => document.querySelector('#run').click());
    await reader.until('it ran again', () => window.told.filter(({ at, name }) => at === 0 && name === 'finished').length === 2);
    await reader.press(1);
    assert.equal((await reader.told('finished', 1)).detail.outcome, 'finished');
  });

  read('where the host is gone before anything ran an example says so', async (open, keep) => {
    const site = keep(await serve({ roots, headers: false }));
    const reader = await open(posts.write('never', script(site) + component(site, 'lesson="race"')), { expect: [/Failed to load|ERR_CONNECTION/i] });
    await reader.recorded();
    await site.close();
    await reader.press();
    assert.match((await reader.told('error')).detail.message, /host cannot be reached/);
    assert.match(await reader.text(), /host cannot be reached[\s\S]*Recorded/);
  });

  read('it follows the post: colours, size of letters, direction', async (open) => {
    const style = '<style>body { background: #111; color: #eee; font-size: 22px }</style>';
    const reader = await open(posts.write('look', script(plain) + `<div dir="rtl">${component(plain, '', '<pre>print(1)</pre>')}</div>`, { head: style }));
    await reader.until('it is there', () => document.querySelector('interleave-run').shadowRoot?.querySelector('.dark'));
    await reader.press();
    await reader.told('ready');
    const look = await reader.players()[0].evaluate(() => [document.documentElement.dataset.theme, document.documentElement.dir, getComputedStyle(document.documentElement).fontSize]);
    assert.deepEqual(look, ['dark', 'rtl', `${22 * 0.94}px`]);
    // Without a height of its own it is as high as it needs to be.
    await reader.until('it has grown', () => document.querySelector('interleave-run').getBoundingClientRect().height > 500);
  });

  read('a post that is isolated itself has threads in every browser', async (open) => {
    const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
    const reader = await open(posts.write('isolated', script(sending) + component(sending, '', `<pre>${HELLO}</pre>`), { headers }));
    await reader.until('it is there', () => document.querySelector('interleave-run').shadowRoot?.querySelector('pre'));
    await reader.press();
    assert.equal((await reader.told('ready')).detail.mode, 'live with threads');
    assert.match((await reader.told('finished')).detail.output.map(({ text }) => text).join(''), /hello from a thread/);
  });

  read('nobody but the player is believed', async (open) => {
    const reader = await open(posts.write('forged', script(plain) + component(plain, '', '<pre>print(1)</pre>')));
    await reader.until('it is there', () => document.querySelector('interleave-run').shadowRoot?.querySelector('pre'));
    await reader.press();
    await reader.told('finished');
    await reader.page.evaluate(() => {
      window.told.length = 0;
      postMessage({ interleave: 1, is: 'finished', run: { forged: true } });
      postMessage({ interleave: 1, is: 'resting' });
    });
    // A message of the player's own comes after those.
    await reader.players()[0].evaluate(() => document.getElementById('run').click());
    const { detail } = await reader.told('finished');
    assert.notEqual(detail.forged, true);
    assert.equal(reader.players().length, 1);
  });

  read('a keyboard gets in and out', async (open) => {
    const reader = await open(posts.write('keys', script(plain) + component(plain, 'lesson="sequential" show="timeline"') + '<button id="next">next</button>'));
    await reader.until('it is there', () => document.querySelector('interleave-run').shadowRoot?.querySelector('button'));
    await reader.page.keyboard.press('Tab');
    assert.equal(await reader.page.evaluate(() => document.querySelector('interleave-run').shadowRoot.activeElement?.textContent), 'Run');
    await reader.page.keyboard.press('Enter');
    await reader.told('finished');
    const focused = () => [document.activeElement.localName, document.activeElement.id];
    assert.deepEqual(await reader.page.evaluate(focused), ['interleave-run', '']);
    for (let presses = 0; presses < 20; presses += 1) {
      await reader.page.keyboard.press('Tab');
      if ((await reader.page.evaluate(focused))[1] === 'next') return;
    }
    assert.fail('the focus stays within the player');
  });

  check(here, 'Share has a text for each way, which a post can use as it is', async (open) => {
    const visit = await open({ link: { lesson: 'race', workload: 'python', view: 'program' } });
    await visit.press('Share');
    const text = (name) => visit.until(`there is ${name}`, (name) => document.querySelector(`dialog[open] textarea[aria-label="${name}"]`)?.value, name);
    const parts = [await text('In a post, as a component'), await text('In a post, as a plain frame'), await text('On code that a post has already')];
    assert.match(parts[0], /^<script src="http:\/\/localhost:\d+\/embed\.js" async><\/script>\n<interleave-run lesson="race" lang="python" title="[^"]+" height="480"/);
    assert.match(parts[1], /^<iframe src="http:\/\/localhost:\d+\/embed\.html#lesson=race&amp;workload=python/);
    assert.match(parts[2], /^<script src="[^"]+embed\.js" data-upgrade async><\/script>$/);
    const reader = await Reader.open(here, posts.write('shared', parts[0]));
    try {
      await reader.recorded();
      await reader.press();
      assert.equal((await reader.told('finished')).detail.outcome, 'finished');
    } finally {
      await reader.close();
    }
  });

  read('axe finds nothing in an example, before and after it ran', { skip: !TOOLS }, async (open) => {
    const body = `<main><h1>A post</h1>${component(plain, 'lesson="race" lang="python" title="A race"')}<pre><code class="language-python">${HELLO}</code></pre></main>`;
    for (const dark of [false, true]) {
      const style = `<style>body { ${dark ? 'background: #111; color: #eee' : 'background: #fff; color: #222'} }</style>`;
      const reader = await open(posts.write('axe', body + script(plain, ' data-upgrade'), { head: style }));
      await reader.recorded();
      await reader.until('the button is there', () => document.querySelector('interleave-button')?.shadowRoot.querySelector('button'));
      assert.deepEqual(await axe(reader.page), []);
      await reader.press();
      await reader.told('finished');
      // A button that has just been enabled is on its way to its colours.
      await reader.inside(20_000, () => document.querySelector('#run:not(:disabled)') && document.getAnimations().length === 0);
      assert.deepEqual(await axe(reader.players()[0]), []);
    }
  });

  read('the package for bundlers works in a site of Vite', { skip: !TOOLS }, async (open) => {
    const room = await mkdtemp(join(tmpdir(), 'interleave-vite-'));
    try {
      const package_ = join(room, 'node_modules/@interleave/embed');
      await mkdir(package_, { recursive: true });
      const { stdout } = await execute('npm', ['pack', join(dist, 'npm'), '--pack-destination', room, '--json'], { cwd: room });
      const [{ filename, files }] = JSON.parse(stdout);
      assert.deepEqual(files.map(({ path }) => path).sort(), ['README.md', 'index.d.ts', 'index.js', 'package.json']);
      await execute('tar', ['-xzf', join(room, filename), '-C', package_, '--strip-components=1']);
      await writeFile(join(room, 'index.html'), '<!doctype html><title>A site</title><link rel="icon" href="data:,"><interleave-run><pre>print("bundled")</pre></interleave-run><script type="module" src="main.js"></script>');
      await writeFile(join(room, 'main.js'), `import { define } from "@interleave/embed";\ndefine({ player: ${JSON.stringify(plain.url)} });\n`);
      await execute(process.execPath, [join(TOOLS, 'node_modules/vite/bin/vite.js'), 'build', room], { cwd: room });
      const built = join(room, 'dist');
      for (const entry of await readdir(built, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath ?? entry.path, entry.name);
        const type = path.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8';
        posts.write(relative(built, path), await readFile(path, 'utf8'), { type });
      }
      const reader = await open(`${posts.url}/index.html`);
      await reader.until('it is there', () => document.querySelector('interleave-run').shadowRoot?.querySelector('pre'));
      await reader.press();
      assert.equal((await reader.told('finished')).detail.output.map(({ text }) => text).join(''), 'bundled\n');
    } finally {
      await rm(room, { recursive: true });
    }
  });

  test('the package can be loaded where there is no document', async () => {
    const { define } = await import(pathToFileURL(join(dist, 'npm/index.js')).href);
    assert.equal(typeof define, 'function');
  });

  for (const name of ['component', 'iframe', 'upgrade']) {
    read(`the example post “${name}” opens from the site as it is`, async (open) => {
      const reader = await open(`${plain.url}examples/${name}.html`);
      const inside = () => (name === 'iframe' ? reader.players()[0] : reader.page);
      await until({ evaluateHandle: (...how) => inside().evaluateHandle(...how) }, 20_000, () => {
        const example = document.querySelector('interleave-run, interleave-button');
        return example?.shadowRoot?.querySelector('button') && (example.localName === 'interleave-button' || example.shadowRoot.querySelector('.lanes li'));
      });
    });
  }

  if (here.kind === 'chromium') {
    read('a post does not move while examples come', async (open) => {
      const body = `${component(plain, 'lesson="race" lang="python" height="480" style="display: block; height: 480px"')}<p>After.</p><pre><code class="language-python">${HELLO}</code></pre><p>The end.</p>`;
      const reader = await open(posts.write('still', body + script(plain, ' data-upgrade')), {
        prepare: () => {
          window.shift = 0;
          new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shift += entry.value))).observe({ type: 'layout-shift', buffered: true });
        },
      });
      await reader.recorded();
      await reader.page.evaluate(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))));
      assert.equal(await reader.page.evaluate(() => window.shift), 0);
    });

    read('it prints as its picture and its code', async (open) => {
      const reader = await open(posts.write('print', script(plain) + component(plain, 'height="480"', '<pre>print("on paper")</pre>')));
      await reader.until('it is there', () => document.querySelector('interleave-run').shadowRoot?.querySelector('pre'));
      await reader.press();
      await reader.told('finished');
      await reader.page.emulateMediaType('print');
      const printed = await reader.page.evaluate(() => {
        const root = document.querySelector('interleave-run').shadowRoot;
        return [root.querySelector('.run-of').checkVisibility(), root.querySelector('iframe').checkVisibility(), root.querySelector('.run-of').innerText];
      });
      assert.deepEqual(printed.slice(0, 2), [true, false]);
      assert.match(printed[2], /print\("on paper"\)[\s\S]*MainThread[\s\S]*on paper/);
    });
  }
});
