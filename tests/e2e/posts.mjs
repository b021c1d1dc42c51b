// Posts of other people for the tests: pages of another site, with whatever policy their host has, and what a reader does
// with an example in one.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';

import { until } from '../../xtask/driver/page.mjs';

const PATIENCE_MS = 30_000;

/// Serves posts on a site that is not the player's: by the machine's number and not by its name.
export async function servePosts() {
  const posts = new Map();
  const server = createServer((request, response) => {
    const post = posts.get(new URL(request.url, 'http://post').pathname);
    response.writeHead(post ? 200 : 404, { 'Content-Type': post?.type ?? 'text/html; charset=utf-8', ...post?.headers });
    response.end(post?.body);
  });
  await new Promise((go) => server.listen(0, '127.0.0.1', go));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    /// A post with this in its body; gives its address.
    write(name, body, { headers = {}, head = '', type } = {}) {
      const page = type ? body : `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${name}</title><link rel="icon" href="data:,">${head}</head><body>${body}</body></html>`;
      posts.set(`/${name}`, { body: page, headers, type });
      return `${url}/${name}`;
    },
    close: () => new Promise((go) => (server.close(go), server.closeAllConnections())),
  };
}

/// A reader with a post open, in a context of its own; a browser that is its own (`isOwn`) has its settings in the first one.
export class Reader {
  static async open(here, address, { prepare, screen = { width: 900, height: 900 }, expect = [] } = {}) {
    const reader = new Reader();
    reader.isOwn = here.isOwn;
    reader.context = reader.isOwn ? here.browser.defaultBrowserContext() : await here.browser.createBrowserContext();
    reader.page = await reader.context.newPage();
    reader.complaints = [];
    reader.expected = expect;
    reader.page.on('pageerror', (error) => reader.complaints.push(`page error: ${error?.message ?? error}`));
    reader.page.on('console', (message) => {
      if (message.type() === 'error') reader.complaints.push(`console error: ${message.text()}`);
    });
    await reader.page.setViewport(screen);
    await reader.page.evaluateOnNewDocument(() => {
      window.told = [];
      document.addEventListener('DOMContentLoaded', () => {
        document.querySelectorAll('interleave-run').forEach((run, at) => {
          for (const name of ['ready', 'run', 'finished', 'error']) run.addEventListener(name, ({ detail }) => window.told.push({ at, name, detail }));
        });
      });
    });
    if (prepare) await reader.page.evaluateOnNewDocument(prepare);
    await reader.page.goto(address);
    return reader;
  }

  until(what, condition, ...args) {
    return until(this.page, PATIENCE_MS, condition, ...args).catch((error) => {
      throw new Error(`Waited ${PATIENCE_MS / 1000} s in vain until ${what} (${error.message}); ${this.complaints.join(' | ')}`);
    });
  }

  /// Until the nth example shows a run that was recorded.
  recorded(nth = 0) {
    return this.until('the recorded run is drawn', (nth) => document.querySelectorAll('interleave-run')[nth]?.shadowRoot?.querySelector('.lanes li')?.isConnected, nth);
  }

  press(nth = 0) {
    return this.page.evaluate((nth) => document.querySelectorAll('interleave-run')[nth].shadowRoot.querySelector('header button').click(), nth);
  }

  /// What an example told the post.
  told(name, nth = 0) {
    return this.until(`the example tells of ${name}`, (name, nth) => window.told.find((it) => it.name === name && it.at === nth), name, nth);
  }

  /// The text of an example as it is before it runs.
  text(nth = 0) {
    return this.page.evaluate((nth) => document.querySelectorAll('interleave-run')[nth].shadowRoot.querySelector('.run-of').innerText, nth);
  }

  /// The frames in which a player is.
  players() {
    return this.page.frames().filter((frame) => frame.url().includes('embed.html'));
  }

  /// Until something holds in the first player, which may not be there yet.
  async inside(patience, condition, ...args) {
    const player = () => this.players()[0];
    try {
      return await until({ evaluateHandle: (...how) => player().evaluateHandle(...how) }, patience, condition, ...args);
    } catch (error) {
      const text = await player()?.evaluate(() => document.body.innerText.slice(0, 600)).catch(String);
      throw new Error(`Waited ${patience / 1000} s in vain in ${player()?.url()} (${error.message}), which shows: ${text}; ${this.complaints.join(' | ')}`);
    }
  }

  /// Presses Run in the first player as it is before it runs.
  pressInside() {
    return this.players()[0].evaluate(() => document.querySelector('interleave-run').shadowRoot.querySelector('button').click());
  }

  async close({ quiet = true } = {}) {
    const loud = this.complaints.filter((complaint) => !this.expected.some((pattern) => pattern.test(complaint)));
    if (!this.isOwn) await this.context.close();
    if (quiet) assert.deepEqual(loud, []);
  }
}
