// A static server for one test: with or without the headers that isolate a page, under any path, and with
// files that fail on demand.
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const rules = readFileSync(new URL('../../www/_headers', import.meta.url), 'utf8').split(/^(?=\/)/m);
const headersOf = (path) => Object.fromEntries(
  rules.find((rule) => rule.startsWith(`${path}\n`))
    .split('\n')
    .map((line) => line.trim().split(': '))
    .filter(({ length }) => length === 2),
);

/// What the site itself asks its host to send with every file, and with the player's document.
export const HEADERS = headersOf('/*');
const PLAYER = headersOf('/embed.html');

/// A file's name without the hash that it is published under: as tests call it.
const plain = (name) => name.replace(/^(site|python)-[0-9a-f]{16}\//, '').replace(/^worker-[0-9a-f]{16}\.js$/, 'worker.js');

/// The first of the folders that has the file; all but the last hold what only tests load.
async function content(roots, name) {
  for (const root of roots.slice(0, -1)) {
    try {
      return await readFile(join(root, plain(name)));
    } catch {
      // It is further on, or nowhere.
    }
  }
  return readFile(join(roots.at(-1), name));
}

/// Serves the files of `roots` under `base`, with the site's headers, none, or those that are given. Each site has a port,
/// and so an origin and a service worker, of its own.
export async function serve({ roots, headers = true, base = '/' }) {
  const faults = new Map();
  const asked = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    const name = path.startsWith(base) ? path.slice(base.length) || 'index.html' : null;
    asked.push(name === null ? path : plain(name));
    const fault = await faults.get(name === null ? path : plain(name));
    if (fault === 'reset') {
      request.socket.destroy();
      return;
    }
    const answer = (status, type, body) => {
      response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-cache', ...(headers === true ? HEADERS : headers), ...(headers && name === 'embed.html' ? PLAYER : {}) });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    if (fault) {
      answer(fault, TYPES['.txt'], 'Refused by the test.\n');
      return;
    }
    try {
      if (name === null || normalize(name).startsWith('..')) throw new Error('outside');
      answer(200, TYPES[extname(name)] ?? 'application/octet-stream', await content(roots, name));
    } catch {
      answer(404, TYPES['.txt'], 'There is no such file.\n');
    }
  });
  const listen = (port) => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address();
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return {
    url: `http://localhost:${port}${base}`,
    /// Every file that was asked for, in order.
    asked,
    /// From now on `name` answers with a status, with 'reset' not at all, and with a promise of nothing once that is kept.
    refuse: (name, how) => faults.set(name, how),
    allow: (name) => faults.delete(name),
    /// From now on it serves these folders.
    switchTo: (others) => {
      roots = others;
    },
    /// Nobody is answered until it opens again.
    close,
    open: () => listen(port),
  };
}

/// A folder with the same site as if something in it had changed: all hashes are others.
export async function nextVersion(dist) {
  const folder = await mkdtemp(join(tmpdir(), 'interleave-next-'));
  await cp(dist, folder, { recursive: true });
  const hash = (await readdir(folder)).find((name) => name.startsWith('site-')).slice('site-'.length);
  const next = [...hash].reverse().join('');
  await rename(join(folder, `site-${hash}`), join(folder, `site-${next}`));
  await rename(join(folder, `worker-${hash}.js`), join(folder, `worker-${next}.js`));
  for (const name of ['index.html', 'embed.html', `site-${next}/files.json`]) {
    const text = await readFile(join(folder, name), 'utf8');
    await writeFile(join(folder, name), text.replaceAll(hash, next));
    for (const form of ['br', 'gz']) await rm(join(folder, `${name}.${form}`));
  }
  return folder;
}
