// What scripts and tests that drive the page have in common.

const POLLING_MS = 20;

/// A new page, whose errors are told.
export async function openPage(browser) {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') console.error(`console error: ${message.text()}`);
  });
  return page;
}

/// Waits until `condition` gives something true in the page, and gives that. The driver's own way to wait builds functions
/// from text in the page, which the page's policy forbids.
export async function until(page, timeout, condition, ...args) {
  return (await handleUntil(page, timeout, condition, ...args)).jsonValue();
}

/// As `until`, and gives a handle.
export async function handleUntil(page, timeout, condition, ...args) {
  const end = performance.now() + timeout;
  let last;
  for (;;) {
    try {
      const handle = await page.evaluateHandle(condition, ...args);
      if (await handle.evaluate((value) => Boolean(value))) return handle;
      await handle.dispose();
      last = undefined;
    } catch (error) {
      // The page may be just loading another document.
      last = error;
    }
    if (performance.now() > end) throw last ?? new Error(`waited ${timeout} ms`);
    await new Promise((go) => setTimeout(go, POLLING_MS));
  }
}

/// Runs in a page: whether it has kept the image of a memory in which Python is ready.
export async function isImageKept() {
  const root = await navigator.storage.getDirectory();
  const place = await root.getDirectoryHandle('interleave-python');
  // Its name says how long it will be.
  for await (const file of place.values()) return (await file.getFile()).size === Number(file.name.split('.').at(-1));
}

/// Runs in a page before its scripts: keeps what it saves in `saved`.
export function keepSaved() {
  window.saved = [];
  const makeUrl = URL.createObjectURL;
  URL.createObjectURL = (blob) => {
    window.saved.push(blob);
    return makeUrl.call(URL, blob);
  };
}

/// The bytes of what the page saved, counted from zero.
export async function savedBytes(page, at) {
  const text = await page.evaluate(async (at) => {
    const bytes = new Uint8Array(await window.saved[at].arrayBuffer());
    let text = '';
    for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    return btoa(text);
  }, at);
  return new Uint8Array(Buffer.from(text, 'base64'));
}
