// Makes code blocks that a post has already runnable. A block stays as it is, with a button over its corner that takes no
// room; Run puts the player in its place.
import { element } from "./recording.js";
import { STYLE } from "./style.js";

const BLOCKS = "pre > code.language-python, pre > code.language-py, pre > code.lang-python";

const OVER = `${STYLE}
:host(.over) { position: absolute; height: auto; }
@media print { :host(.over) { display: none; } }`;

export function upgrade(blocks) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(OVER);
  for (const code of document.querySelectorAll(blocks || BLOCKS)) {
    const block = code.closest("pre") ?? code;
    if (block.nextElementSibling?.matches("interleave-button")) continue;
    offer(block, code.textContent, sheet);
  }
}

function offer(block, text, sheet) {
  const host = element("interleave-button", { class: "over" });
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  const button = element("button", { type: "button", "aria-label": "Run this program" }, "Run");
  root.append(element("div", { class: "run-of" }, button));
  const place = () => {
    host.style.insetBlockStart = `${block.offsetTop + 6}px`;
    host.style.left = `${block.offsetLeft + block.offsetWidth - host.offsetWidth - 6}px`;
  };
  button.onclick = () => {
    const run = element("interleave-run", { language: "python", title: block.title || "Python" });
    run.append(element("pre", {}, text));
    host.hidden = true;
    block.hidden = true;
    block.after(run);
    run.run();
  };
  block.after(host);
  new ResizeObserver(place).observe(block);
  addEventListener("load", place);
  place();
}
