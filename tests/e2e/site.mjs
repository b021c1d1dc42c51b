// A static server for one test: with or without the headers that isolate a page, under any path, and with
// files that fail on demand.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/// What the site itself asks its host to send with every file.
export const HEADERS = Object.fromEntries(
  readFileSync(new URL('../../www/_headers', import.meta.url), 'utf8')
    .split('\n')
    .map((line) => line.trim().split(': '))
    .filter(({ length }) => length === 2),
);

/// The first of the folders that has the file.
async function content(roots, name) {
  for (const root of roots.slice(0, -1)) {
    try {
      return await readFile(join(root, name));
    } catch {
      // It is further on, or nowhere.
    }
  }
  return readFile(join(roots.at(-1), name));
}

/// Serves the files of `roots` under `base`. Each site has a port, and so an origin and a service worker, of its own.
export async function serve({ roots, headers = true, base = '/' }) {
  const faults = new Map();
  const asked = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    const name = path.startsWith(base) ? path.slice(base.length) || 'index.html' : null;
    asked.push(name ?? path);
    const fault = faults.get(name);
    if (fault === 'reset') {
      request.socket.destroy();
      return;
    }
    const answer = (status, type, body) => {
      response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-cache', ...(headers ? HEADERS : {}) });
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
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${server.address().port}${base}`,
    /// Every file that was asked for, in order.
    asked,
    /// From now on `name` answers with a status, or with 'reset' not at all.
    refuse: (name, how) => faults.set(name, how),
    allow: (name) => faults.delete(name),
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
