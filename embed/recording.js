// A recorded run: whether something that came from elsewhere is one, and how it is drawn. Its lanes are what
// crates/timeline/src/sketch.rs makes of a trace.

export const STATES = ["starting", "running", "ready", "waiting", "sleeping", "io"];
const TITLES = { io: "I/O" };
const COLUMNS = 600;
const MOST_LANES = 16;
const MOST_LINES = 40;
const LONGEST_TEXT = 300;

const isText = (it) => typeof it === "string";
const isCount = (it) => Number.isFinite(it) && it >= 0;
const short = (it) => it.slice(0, LONGEST_TEXT);

// What can be drawn of `it`, and nothing else of it; nothing if it is no recorded run.
export function recordingOf(it) {
  const sketch = it?.sketch;
  if (!isCount(sketch?.shown_ns) || !Array.isArray(sketch.lanes) || !isCount(sketch.cores)) return undefined;
  const lanes = sketch.lanes.slice(0, MOST_LANES).map(laneOf);
  if (lanes.includes(undefined)) return undefined;
  const lines = Array.isArray(sketch.lines) ? sketch.lines.slice(-MOST_LINES) : [];
  return {
    sketch: {
      shown_ns: sketch.shown_ns,
      wall_ns: isCount(sketch.wall_ns) ? sketch.wall_ns : undefined,
      outcome: isText(sketch.outcome) ? short(sketch.outcome) : "",
      cores: sketch.cores,
      date: isText(sketch.date) ? sketch.date.slice(0, 10) : "",
      browser: isText(sketch.browser) ? browserOf(sketch.browser) : "",
      lanes,
      more: isCount(sketch.more_lanes) ? sketch.more_lanes : 0,
    },
    lines: lines.filter((line) => isText(line?.[0]) && isText(line[1])).map(([lane, text]) => ({ lane: short(lane), text: short(text) })),
    earlier: isCount(sketch.earlier_lines) ? sketch.earlier_lines : 0,
    error: isText(it.error) ? short(it.error) : "",
  };
}

function laneOf(lane) {
  if (!isText(lane?.name) || !Array.isArray(lane.states)) return undefined;
  const states = lane.states.slice(0, COLUMNS).filter((entry) => Array.isArray(entry) && isText(entry[0]) && isCount(entry[1]));
  const wait = lane.longest_wait;
  return {
    name: short(lane.name),
    depth: Math.min(isCount(lane.depth) ? lane.depth : 0, 3),
    states,
    wait: isText(wait?.for) && isCount(wait.ns) ? { for: short(wait.for), ns: wait.ns } : undefined,
  };
}

// A browser as people call it: its name and its version.
function browserOf(agent) {
  const [, name, version] = /(Edg|OPR|Firefox|Chrome|Version)\/(\d+)/.exec(agent.replace(/Chrome\/(?=.*(Edg|OPR)\/)/, "")) ?? [];
  const names = { Edg: "Edge", OPR: "Opera", Version: "Safari", Chrome: "Chromium" };
  return name ? `${names[name] ?? name} ${version}` : "";
}

export function duration(ns) {
  const [unit, size] = [["s", 1e9], ["ms", 1e6], ["µs", 1e3]].find(([, size]) => ns >= size) ?? ["ns", 1];
  return `${Number((ns / size).toPrecision(3))} ${unit}`;
}

const count = (number, one) => `${number} ${one}${number === 1 ? "" : "s"}`;

// Where and when it was measured, and how it went.
export function origin({ sketch }, where) {
  const { wall_ns, outcome, cores, date, browser } = sketch;
  const how = outcome === "completed" || outcome === "" ? "" : `, ${outcome}`;
  const took = wall_ns === undefined ? "" : `: ${duration(wall_ns)}`;
  return `${where} ${[date, browser && `in ${browser}`].filter(Boolean).join(" ")} on ${count(cores, "core")}${took}${how}`;
}

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";
function shape(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// The lanes, each with its name and a bar; those who do not see it are told who waited longest.
export function picture({ sketch }) {
  const rows = sketch.lanes.map((lane) => {
    const said = lane.wait ? `; waited longest for ${lane.wait.for}, ${duration(lane.wait.ns)}` : "";
    let at = 0;
    const parts = lane.states.map(([state, columns]) => {
      const x = at;
      at += columns;
      return STATES.includes(state) ? shape("rect", { class: state, x, width: columns, height: 10 }) : "";
    });
    const bar = shape("svg", { viewBox: `0 0 ${COLUMNS} 10`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...parts);
    return element("li", { class: `depth-${lane.depth}`, title: `${lane.name}${said}` }, element("span", { class: "name" }, lane.name), bar, element("span", { class: "unseen" }, said));
  });
  const seen = STATES.filter((state) => sketch.lanes.some((lane) => lane.states.some(([its]) => its === state)));
  const legend = seen.map((state) => element("span", { class: "state" }, shape("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, shape("rect", { class: state, width: 10, height: 10 })), TITLES[state] ?? state));
  const more = sketch.more > 0 ? [element("li", { class: "more" }, `and ${count(sketch.more, "more lane")}`)] : [];
  return [
    element("ul", { class: "lanes", "aria-label": "Lanes" }, ...rows, ...more),
    element("p", { class: "legend", "aria-hidden": "true" }, ...legend, element("span", { class: "span" }, `${duration(sketch.shown_ns)} in all`)),
  ];
}

// What lanes said.
export function output({ lines, earlier, error }) {
  const items = lines.map(({ lane, text }) => element("li", {}, element("span", { class: "lane" }, lane), element("span", {}, text)));
  if (earlier > 0) items.unshift(element("li", {}, `${count(earlier, "earlier line")}`));
  if (error) items.push(element("li", { class: "error" }, error));
  return items.length > 0 ? [element("ol", { class: "output", "aria-label": "Output" }, ...items)] : [];
}
