// Runs a Python file in a page that has nothing but the interpreter. Its output becomes ours, and its exit code too.
import { readFile, writeFile } from 'node:fs/promises';
import { launch } from './launch.mjs';

const request = JSON.parse(process.argv[2]);
const browser = await launch(request);
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') console.error(`console error: ${message.text()}`);
  });
  await page.goto(request.url);
  await page.waitForFunction(() => window.runPython, { timeout: 60_000 });
  await page.exposeFunction('wrote', (error, text) => void (error ? process.stderr : process.stdout).write(text));
  const program = { file: request.file, source: await readFile(request.path, 'utf8'), gil: request.gil };
  const ran = page.evaluate((program) => window.runPython(program, window.wrote), program);
  const late = new Promise((resolve) => setTimeout(resolve, request.timeoutSeconds * 1000, null));
  const result = await Promise.race([ran, late]);
  if (result === null) {
    console.error(`Stopped after ${request.timeoutSeconds} s.`);
    process.exitCode = 124;
  } else {
    process.exitCode = result.code & 0xff;
    if (request.times) await writeFile(request.times, JSON.stringify(result.times));
  }
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
