// Prints how large each named file is, raw and as brotli would send it, as JSON.
import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';

const sizes = process.argv.slice(2).map((file) => {
  const bytes = readFileSync(file);
  const brotli = brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  return { file, raw: bytes.length, brotli: brotli.length };
});
console.log(JSON.stringify(sizes));
