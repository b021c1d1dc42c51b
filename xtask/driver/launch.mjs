// Starts a headless browser, the same way for every script and test.
import { pathToFileURL } from 'node:url';

/// `puppeteer` is the path of puppeteer-core's module, `browser` is "chromium" or "firefox",
/// `executable` is its program, `settings` are more of the driver's own.
export async function launch({ puppeteer, browser, executable, args = [], settings = {} }) {
  const { default: driver } = await import(pathToFileURL(puppeteer).href);
  const isRoot = process.getuid?.() === 0;
  return driver.launch({
    browser: browser === 'firefox' ? 'firefox' : 'chrome',
    executablePath: executable,
    headless: true,
    ...settings,
    args: [
      // Chromium's sandbox refuses to start as root, and containers have a small /dev/shm.
      ...(browser === 'firefox' || !isRoot ? [] : ['--no-sandbox']),
      ...(browser === 'firefox' ? [] : ['--disable-dev-shm-usage']),
      ...args,
    ],
  });
}
