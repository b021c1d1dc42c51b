// Starts the servers that docs/hosting.md has texts for, each with that very text, and one that knows nothing of it.
import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PATIENCE_MS = 20_000;
const isRoot = process.getuid?.() === 0;

/// Where Debian's packages were unpacked; see xtask/src/servers.rs.
const packages = process.env.INTERLEAVE_SERVERS;
const document = await readFile(new URL('../../docs/hosting.md', import.meta.url), 'utf8');

/// The text that the document has for a server.
export function text(kind) {
  const [, found] = document.split(`\n\`\`\`${kind}\n`);
  if (!found) throw new Error(`docs/hosting.md has no text for ${kind}`);
  return found.split('\n```\n')[0];
}

const PROGRAMS = {
  nginx: async (room, port) => {
    const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${join(room, name)};`);
    const config = `
      daemon off;
      ${isRoot ? 'user root;' : ''}
      pid ${join(room, 'nginx.pid')};
      load_module ${join(packages, 'usr/lib/nginx/modules/ngx_http_brotli_static_module.so')};
      events {}
      http {
        include ${join(packages, 'etc/nginx/mime.types')};
        access_log off;
        ${folders.join('\n')}
        ${text('nginx').replace('listen 80;', `listen 127.0.0.1:${port};`).replaceAll('/srv/www', join(room, 'www'))}
      }`;
    await writeFile(join(room, 'nginx.conf'), config);
    return [join(packages, 'usr/sbin/nginx'), ['-e', 'stderr', '-p', room, '-c', join(room, 'nginx.conf')]];
  },
  apache: async (room, port) => {
    const modules = ['mpm_event', 'authz_core', 'dir', 'mime', 'headers', 'rewrite'];
    const config = `
      ServerRoot ${room}
      ServerName localhost
      PidFile ${join(room, 'apache.pid')}
      Listen 127.0.0.1:${port}
      ${modules.map((name) => `LoadModule ${name}_module ${join(packages, `usr/lib/apache2/modules/mod_${name}.so`)}`).join('\n')}
      ${isRoot ? 'User www-data\nGroup www-data' : ''}
      ErrorLog ${join(room, 'error.log')}
      TypesConfig ${join(packages, 'etc/mime.types')}
      DocumentRoot ${join(room, 'www')}
      <Directory ${join(room, 'www')}>
        AllowOverride All
      </Directory>`;
    await writeFile(join(room, 'apache.conf'), config);
    return [join(packages, 'usr/sbin/apache2'), ['-D', 'FOREGROUND', '-f', join(room, 'apache.conf')]];
  },
  caddy: async (room, port) => {
    const site = text('caddy').replace(':80', `http://127.0.0.1:${port}, http://localhost:${port}`).replace('/srv/www', join(room, 'www'));
    await writeFile(join(room, 'Caddyfile'), `{\n\tadmin off\n}\n${site}`);
    return [join(packages, 'usr/bin/caddy'), ['run', '--config', join(room, 'Caddyfile'), '--adapter', 'caddyfile']];
  },
  'http.server': async (room, port) => ['python3', ['-m', 'http.server', String(port), '--bind', '127.0.0.1', '--directory', join(room, 'www')]],
};

/// Those that send headers, and for the whole list the one that sends none.
export const SENDING = ['nginx', 'apache', 'caddy'];

/// Why a server cannot be tried here, if it cannot.
export const why = (kind) => (SENDING.includes(kind) && !packages ? 'INTERLEAVE_SERVERS names no directory with Debian\'s servers' : false);

/// Starts a server with `dist` under /play/ of its documents, where `deploy` lays others.
export async function start(kind, dist) {
  const room = await mkdtemp(join(tmpdir(), `interleave-${kind}-`));
  // Apache gives up its rights and has to be let in.
  await chmod(room, 0o755);
  await mkdir(join(room, 'www'));
  const root = join(room, 'www/play');
  const deploy = async (folder) => {
    await cp(folder, root, { recursive: true });
    if (kind === 'apache') await writeFile(join(root, '.htaccess'), text('apache'));
  };
  await deploy(dist);
  const port = await freePort();
  const [program, options] = await PROGRAMS[kind](room, port);
  const libraries = packages && (await readdir(join(packages, 'usr/lib'))).filter((name) => name.endsWith('-gnu')).map((name) => join(packages, 'usr/lib', name));
  const server = spawn(program, options, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: room, XDG_DATA_HOME: room, XDG_CONFIG_HOME: room, ...(SENDING.includes(kind) ? { LD_LIBRARY_PATH: libraries.join(':') } : {}) },
  });
  let said = '';
  server.stderr.on('data', (data) => (said += data));
  const ended = new Promise((go) => {
    server.once('exit', go);
    server.once('error', (error) => {
      said += error;
      go();
    });
  });
  const close = async () => {
    server.kill('SIGTERM');
    await ended;
    await rm(room, { recursive: true, force: true });
  };
  try {
    await listening(port, ended, () => said);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `http://localhost:${port}/play/`, root, deploy, close };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/// Waits until somebody answers there. A server says it nowhere else in a way that all have.
async function listening(port, ended, said) {
  const end = performance.now() + PATIENCE_MS;
  let isOver = false;
  ended.then(() => (isOver = true));
  for (;;) {
    const answers = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (answers) return;
    if (isOver || performance.now() > end) throw new Error(`The server does not listen: ${said()}`);
    await new Promise((go) => setTimeout(go, 20));
  }
}
