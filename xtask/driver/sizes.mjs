// Prints how large each named file is, raw and as brotli would send it, as JSON.
import { readFileSync } from 'node:fs';

import { brotliSize } from './brotli.mjs';

const sizes = [];
for (const file of process.argv.slice(2)) {
  const bytes = readFileSync(file);
  sizes.push({ file, raw: bytes.length, brotli: await brotliSize(bytes) });
}
console.log(JSON.stringify(sizes));
