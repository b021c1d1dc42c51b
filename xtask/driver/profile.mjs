// Runs programs in a Python that counts what it does, and writes the sum as a raw profile of LLVM's.
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { launch } from './launch.mjs';
import { handleUntil, openPage, until } from './page.mjs';

const RUN_MS = 300_000;
// compiler-rt's InstrProfData.inc: the header of a raw profile is sixteen words, of which these say what it is.
const MAGIC_OF_32_BITS = 0xff6c70726f665281n;
const VERSION = 10n;
const BY_THE_COMPILER = 1n << 56n;
const LAST_KIND_OF_VALUE = 2n;
const RECORD_BYTES = 48;
const COUNT_BYTES = 8;

const request = JSON.parse(process.argv[2]);
const browser = await launch(request);

/// Runs a program in a page of its own; gives what each worker's instance has counted.
async function countsOf(path) {
  const page = await openPage(browser);
  await page.evaluateOnNewDocument(() => {
    // A worker is still to be asked when its run is over. So no program here may have threads: a run is over only once
    // their workers are.
    window.kept = [];
    const Original = window.Worker;
    window.Worker = class extends Original {
      constructor(...how) {
        super(...how);
        window.kept.push(this);
      }

      terminate() {}
    };
    addEventListener('interleave:finished', ({ detail }) => {
      const { outcome, error, digest, output } = detail;
      window.finished = { outcome, error, digest, output: output.map(({ text }) => text).join('') };
    });
  });
  const program = deflateRawSync(await readFile(path)).toString('base64url');
  await page.goto(`${request.url}?workload=python&program=${program}`);
  const run = await handleUntil(page, 120_000, () => document.querySelector('#run:not(:disabled)'));
  await run.click();
  await until(page, RUN_MS, () => window.finished);
  const { outcome, error, digest, output } = await page.evaluate(() => window.finished);
  if (outcome !== 'finished' || Number.parseInt(digest, 16) !== 0) {
    throw new Error(`${basename(path)} ended as ${outcome}: ${error ?? output}`);
  }
  const counted = [];
  for (const worker of page.workers()) {
    const sections = await worker.evaluate(() => {
      if (!self.counting) return null;
      const { interleave_counts: place, memory } = self.counting;
      return [0, 2, 4].map((which) => {
        const [from, to] = [place(which), place(which + 1)];
        const bytes = new Uint8Array(memory.buffer, from, to - from).slice();
        const texts = [];
        for (let at = 0; at < bytes.length; at += 30_000) {
          texts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 30_000))));
        }
        return { from, texts };
      });
    });
    if (!sections) continue;
    const read = ({ from, texts }) => ({ from, bytes: Buffer.concat(texts.map((text) => Buffer.from(text, 'base64'))) });
    counted.push(sections.map(read));
  }
  if (counted.length === 0) throw new Error(`No worker of ${basename(path)} has counted anything.`);
  await page.close();
  return counted;
}

const words = (bytes) => new BigUint64Array(new Uint8Array(bytes).buffer);

try {
  let profile;
  for (const path of request.programs) {
    for (const [records, counts, names] of await countsOf(path)) {
      profile ??= { records, from: counts.from, counts: new BigUint64Array(counts.bytes.length / COUNT_BYTES), names };
      words(counts.bytes).forEach((count, at) => {
        profile.counts[at] += count;
      });
    }
    console.error(`${basename(path)} is counted.`);
  }
  const { records, from, counts, names } = profile;
  const header = [
    MAGIC_OF_32_BITS,
    VERSION | BY_THE_COMPILER,
    0,
    records.bytes.length / RECORD_BYTES,
    0,
    counts.length,
    0,
    0,
    0,
    names.bytes.length,
    // From a record of the first function to its counts, in 32 bits.
    (from - records.from) >>> 0,
    0,
    names.from,
    0,
    0,
    LAST_KIND_OF_VALUE,
  ];
  const padding = Buffer.alloc(-names.bytes.length & 7);
  const parts = [new BigUint64Array(header.map(BigInt)), records.bytes, counts, names.bytes, padding];
  await writeFile(request.out, Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))));
  console.log(JSON.stringify({ functions: records.bytes.length / RECORD_BYTES }));
} finally {
  await browser.close();
}
