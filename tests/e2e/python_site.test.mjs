// What a Python program reaches from the page: files of its own site, and nothing else.
import assert from 'node:assert/strict';

import { check, inEachBrowser, roots } from './harness.mjs';
import { PATIENTLY, link, written } from './python.mjs';
import { HEADERS, serve } from './site.mjs';

const READS = `
import asyncio
import time
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import interleave

with urlopen("files/00.txt") as response:
    first = response.read()
print(response.status, response.headers.get_content_type(), len(first) > 0)

async def fetch_all():
    responses = await asyncio.gather(*(interleave.fetch(f"files/{n:02}.txt") for n in range(3)))
    return [response.read() for response in responses]

fetched = asyncio.run(fetch_all())
print(fetched[0] == first, len(fetched))
try:
    urlopen("files/missing.txt")
except HTTPError as error:
    print(error)
`;

/// With the tools of its own library, which a program may import too.
const ESCAPES = `
import _interleave_site
from urllib.error import URLError
from urllib.request import urlopen

def attempt(what, *args):
    try:
        what(*args)
    except (URLError, OSError, ImportError) as error:
        print(type(error).__name__, *str(error).split(":")[:1])
    else:
        print("reached", args)

attempt(urlopen, "https://elsewhere.test/")
attempt(_interleave_site.request, "GET", "https://elsewhere.test/", "", None, None)
attempt(_interleave_site.request, "GET", "data:text/plain,hello", "", None, None)
attempt(__import__, "js")
attempt(__import__, "pyodide")
`;

inEachBrowser((here) => {
  for (const isolated of [true, false]) {
    const where = isolated ? '' : ', where memory cannot be shared too';
    check(here, `files of the site are read and fetched, and the wait for each is on the timeline${where}`, async (open) => {
      const visit = await open({ isolated, link: link(READS), expect: [/404/] });
      await visit.runWell();
      assert.deepEqual(await written(visit), ['200 text/plain True', 'True 3', 'HTTP Error 404: Not Found']);
      const { lanes } = await visit.trace();
      const waits = lanes.flatMap((lane) => lane.spans.filter((span) => span.state === 'io').map((span) => [lane.name, span.name]));
      const by = (lane) => waits.filter(([name]) => lane.test(name)).map(([, file]) => file.split('/').at(-1)).sort();
      assert.deepEqual(by(/^MainThread$/), ['00.txt', 'missing.txt']);
      // In threads of the loop's executor, or where there are none in the tasks themselves.
      assert.deepEqual(by(isolated ? /^asyncio_/ : /^Task-/), ['00.txt', '01.txt', '02.txt']);
    }, PATIENTLY);
  }

  const { 'Content-Security-Policy': _, ...isolating } = HEADERS;
  for (const [headers, where] of [[HEADERS, ''], [isolating, ', where the host isolates the page and has no policy too']]) {
    check(here, `no other site is reached, whatever a program imports: the policy refuses it${where}`, async (open) => {
      const site = await serve({ roots, headers });
      try {
        const visit = await open({ site, link: link(ESCAPES), expect: [/Content.Security.Policy/i, /elsewhere\.test|data:/] });
        await visit.runWell();
        const lines = await written(visit);
        assert.equal(lines[0], 'URLError <urlopen error a page reaches only its own site, and https');
        assert.match(lines[1], /^OSError /);
        assert.match(lines[2], /^OSError /);
        assert.deepEqual(lines.slice(3), ["ModuleNotFoundError No module named 'js'", "ModuleNotFoundError No module named 'pyodide'"]);
      } finally {
        await site.close();
      }
    }, PATIENTLY);
  }
});
