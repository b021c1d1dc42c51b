// Asks the service worker to isolate the page where the host does not, at the cost of one reload, and to delay
// downloads where a visitor wants that. The promise tells the page when it is known whether it stays. A published page
// that is ready has its files kept, see sw.js.
globalThis.interleaveIsolation = (async () => {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  const wanted = new URLSearchParams(location.search).get("isolation") !== "off";
  const byWorker = workers.controller?.scriptURL.endsWith("?isolate");
  const script = crossOriginIsolated && !byWorker ? "sw.js" : "sw.js?isolate";
  const embedded = window.top !== window;
  try {
    const registered = workers.register(script).then(() => keepFiles(workers));
    // What has one already need not wait until the browser has looked for another, which may take seconds.
    if (workers.controller) {
      registered.catch(sayWhyNot);
    } else {
      await registered;
      const claimed = new Promise((resolve) => workers.addEventListener("controllerchange", resolve, { once: true }));
      // One that became active just before this page was there, or that a forced reload passed by, claims nobody by itself.
      workers.ready.then(({ active }) => active.postMessage({ claim: true }));
      const patience = new Promise((resolve) => setTimeout(resolve, 3000));
      await Promise.race([claimed, patience]);
      if (wanted && !crossOriginIsolated && !embedded && workers.controller) {
        location.reload();
        await new Promise(() => {});
      }
    }
  } catch (error) {
    sayWhyNot(error);
  }
})();

// Without a service worker the page works as its host serves it, and says what that costs.
function sayWhyNot(error) {
  console.info(`Interleave works without a service worker: ${error}`);
}

function keepFiles(workers) {
  const keep = document.querySelector("meta[name=interleave-files]")?.content;
  if (!keep) return;
  const tell = async () => (await workers.ready).active.postMessage({ keep });
  const begin = () => {
    tell();
    workers.addEventListener("controllerchange", tell);
  };
  if (document.documentElement.dataset.ready) begin();
  else addEventListener("interleave:ready", begin, { once: true });
}
