// Starts the page's program. A file of its own, since the page's policy allows no script within the document.
import init from "./interleave.js";

await init({ module_or_path: "./interleave_bg.wasm" });
