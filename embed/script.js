// The one script of a post: <script src=".../embed.js" async></script>. With the attribute data-upgrade, which may name
// the blocks, it also makes the post's own code runnable.
import { InterleaveRun, playerAt } from "./element.js";
import { upgrade } from "./upgrade.js";

const { src, dataset } = document.currentScript;
playerAt(new URL("./", src).href);
if (!customElements.get("interleave-run")) customElements.define("interleave-run", InterleaveRun);
if ("upgrade" in dataset) {
  const begin = () => upgrade(dataset.upgrade);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin, { once: true });
  else begin();
}
