// What the page says where its program cannot start: without WebAssembly, or when it did not load in a long time.
(() => {
  const say = (text) => {
    const line = document.querySelector(".before p");
    if (line) line.textContent = text;
  };
  const failed = "The page's program did not load. Check the connection and reload.";
  if (typeof WebAssembly !== "object") {
    say("This browser has no WebAssembly, which Interleave runs its workloads in. A current Chrome, Edge, Firefox or Safari has it.");
    return;
  }
  addEventListener("unhandledrejection", () => say(failed), { once: true });
  addEventListener("error", () => say(failed), { capture: true, once: true });
  setTimeout(() => say(failed), 20000);
})();
