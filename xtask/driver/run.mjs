// Opens the page, presses Run and prints the report, as one line of JSON.
import { launch } from './launch.mjs';
import { openPage, until } from './page.mjs';

const request = JSON.parse(process.argv[2]);
const timeout = request.timeoutSeconds * 1000;
const browser = await launch(request);
try {
  const page = await openPage(browser);
  await page.evaluateOnNewDocument(() => {
    const seen = {};
    window.__interleaveSeen = seen;
    for (const name of ['ready', 'finished']) {
      window.addEventListener(`interleave:${name}`, (event) => {
        seen[name] = event.detail ?? true;
      });
    }
  });
  await page.goto(request.url, { timeout });
  await happened(page, 'ready');
  const button = await page.waitForSelector('::-p-aria([name="Run"][role="button"])', { timeout });
  if (await button.evaluate((element) => element.disabled)) {
    const said = await page.$$eval('[role=alert]', (elements) => elements.map((element) => element.innerText).join(' '));
    throw new Error(`the page offers no Run for this: ${said.trim() || 'it does not say why'}`);
  }
  await button.click();
  const report = await happened(page, 'finished');
  console.log(typeof report === 'string' ? report.replaceAll('\n', ' ') : JSON.stringify(report));
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}

async function happened(page, name) {
  try {
    return await until(page, timeout, (event) => window.__interleaveSeen?.[event], name);
  } catch (error) {
    throw new Error(`the page sent no interleave:${name} within ${request.timeoutSeconds} s (${error.message})`);
  }
}
