// A static host for what is measured: it answers from memory or disk, without compression, and lets browsers keep what it
// serves as a host of a published site does.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/// Serves what `read` gives for a name. `origin` is the machine's number or its name, which are two sites.
export async function serve(origin, read, headersOf = () => ({})) {
  const asked = new Set();
  const server = createServer(async (request, response) => {
    const name = normalize(decodeURIComponent(new URL(request.url, 'http://site').pathname).slice(1).replace(/(^|\/)$/, '$1index.html'));
    try {
      if (name.startsWith('..')) throw new Error('outside');
      const body = await read(name);
      asked.add(name);
      // The same for everybody: documents and service workers are asked for again, what they name is kept.
      const cached = extname(name) === '.html' || name === 'sw.js' ? 'no-cache' : 'max-age=31536000, immutable';
      response.writeHead(200, { 'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream', 'Cache-Control': cached, ...headersOf(name) });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((go) => server.listen(0, '127.0.0.1', go));
  return {
    url: `http://${origin}:${server.address().port}/`,
    asked,
    read,
    close: () => new Promise((go) => (server.close(go), server.closeAllConnections())),
  };
}

/// The headers that a site asks its host for: those of all files, and those of one document.
function rules(text) {
  const parts = text.split(/^(?=\/)/m).map((part) => part.trim().split('\n').map((line) => line.trim()));
  return (name) => Object.fromEntries(
    parts
      .filter(([path]) => path === '/*' || path === `/${name}`)
      .flatMap(([, ...lines]) => lines.map((line) => line.split(/: (.*)/).slice(0, 2))),
  );
}

/// A published site, on a host that sends the headers that it asks for, or none.
export async function published(dist, sends = true) {
  const read = (name) => readFile(join(dist, name));
  return serve('localhost', read, sends ? rules(await readFile(join(dist, '_headers'), 'utf8')) : undefined);
}
