// For sites that are put together by a bundler: the element, defined by whoever wants it.
import { InterleaveRun, playerAt } from "./element.js";
import { upgrade } from "./upgrade.js";

export { InterleaveRun, upgrade };

export function define({ player, name = "interleave-run" }) {
  playerAt(player.replace(/\/?$/, "/"));
  if (!customElements.get(name)) customElements.define(name, InterleaveRun);
}
