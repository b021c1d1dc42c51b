// <interleave-run>: a run within a post. Until somebody presses Run it is text and a drawing in the post's own fonts and
// colours; then a frame with the player comes in its place. Nothing of the post gets into the frame but what its
// attributes say.
import { pack, unpack } from "../src/program.js";
import { element, origin, output, picture, recordingOf } from "./recording.js";
import { STYLE } from "./style.js";
import { addressee, heard, say } from "./talk.js";

const ATTRIBUTES = ["lesson", "language", "lang", "preset", "model", "workers", "gil", "seed", "show", "title", "height", "program", "recorded", "player"];
const LANGUAGES = ["python", "rust"];
// What the player's link has under the same name.
const PASSED = ["lesson", "model", "workers", "gil", "seed", "program", "show", "title"];
const SHOWN = "code,timeline,output";
// How long the player may take to speak; and once its document is there, or the browser's own about an error.
const [PATIENCE_MS, LATE_MS] = [20_000, 3000];

let base;
// Where the player is: the folder that this script came from, unless an author says otherwise.
export function playerAt(address) {
  base = new URL(address, document.baseURI).href;
}

// The one that has workers. Another that is to run takes its turn.
let playing;

// Made when it is wanted: a bundler may load this where there is no document.
let sheet;
function styles() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  return sheet;
}

// Recorded runs come as scripts, since a post may not read files of another site.
const arrived = new Map();
globalThis.interleaveRecorded = (name, run) => arrived.get(name)?.(run);
const shipped = new Map();
function shippedRun(folder, name) {
  const address = `${folder}recorded/${name}.js`;
  if (!shipped.has(address)) {
    shipped.set(address, new Promise((go) => {
      const script = element("script", { src: address });
      arrived.set(name, go);
      script.async = true;
      script.onload = script.onerror = () => {
        script.remove();
        go(undefined);
      };
      document.head.append(script);
    }));
  }
  return shipped.get(address);
}

// A program as it stands in a post, without the indentation of the markup around it.
export function outdent(text) {
  const lines = text.replace(/^\s*\n/, "").trimEnd().split("\n");
  const indents = lines.filter((line) => line.trim()).map((line) => /^[ \t]*/.exec(line)[0].length);
  const least = Math.min(...indents);
  return indents.length === 0 ? "" : `${lines.map((line) => line.slice(least)).join("\n")}\n`;
}

// Whether a text of this colour stands on a dark ground.
function isLight(colour) {
  const [r, g, b] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b > 140;
}

export class InterleaveRun extends (globalThis.HTMLElement ?? Object) {
  static observedAttributes = ATTRIBUTES;

  // The program, where the post has one; of a lesson its source, once that has come.
  #code = "";
  #run;
  #measured = "Recorded";
  // What the player showed last, as links say it.
  #written;
  #frame;
  #port;
  #root = this.attachShadow({ mode: "open" });
  #all = element("div", { class: "all" });
  #said = "";
  #near;
  #ready = false;
  // Where the player's own document runs it, in place of a frame: see player.js.
  here;

  connectedCallback() {
    this.#root.adoptedStyleSheets = [styles()];
    this.#root.append(this.#all);
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => this.#begin(), { once: true });
    else this.#begin();
  }

  disconnectedCallback() {
    this.#near?.disconnect();
    this.rest();
  }

  attributeChangedCallback(name, before, now) {
    if (name === "lang") return this.#tellApart(now);
    if (!this.#ready || before === now) return;
    this.#written = undefined;
    if (["lesson", "language", "program", "recorded", "player"].includes(name)) this.#begin();
    else this.#draw();
  }

  // To a browser `lang` is the language of a text, and a screen reader has no voice for "python". What names a programming
  // language moves to an attribute of our own; what names another stays.
  #tellApart(lang) {
    if (!LANGUAGES.includes(lang)) return;
    this.removeAttribute("lang");
    this.setAttribute("language", lang);
  }

  // Loads the player and runs; by itself only when somebody asked for it.
  async run() {
    if (this.#port) return this.#say({ do: "run" });
    let query = this.#written;
    try {
      query ??= await this.#query();
    } catch {
      return this.refuse("This browser cannot pack a program, so it is too old to run one.");
    }
    if (this.here) return this.here(query);
    this.#play(query);
  }

  stop() {
    this.#say({ do: "stop" });
  }

  // Gives the workers back and shows what the last run left.
  rest() {
    if (playing === this) playing = undefined;
    if (!this.#frame) return;
    const hadFocus = document.activeElement === this;
    removeEventListener("message", this.#listen);
    document.removeEventListener("securitypolicyviolation", this.#refused);
    clearTimeout(this.#frame.patience);
    this.#frame.remove();
    this.#frame = this.#port = undefined;
    this.classList.remove("runs");
    this.#draw();
    if (hadFocus) this.#root.querySelector("button")?.focus();
  }

  get #base() {
    const own = this.getAttribute("player");
    return own ? new URL(own.replace(/\/?$/, "/"), document.baseURI).href : base;
  }

  get #language() {
    return this.getAttribute("language") ?? (this.hasAttribute("lesson") || this.hasAttribute("preset") ? "rust" : "python");
  }

  async #begin() {
    this.#ready = true;
    this.#run = undefined;
    const inside = this.querySelector("script, pre, template");
    const text = inside?.content?.textContent ?? (inside ?? this).textContent;
    this.#code = this.hasAttribute("lesson") ? "" : outdent(text);
    const packed = this.getAttribute("program");
    if (packed) this.#code = await unpack(packed).catch(() => "");
    this.#draw();
    this.#near?.disconnect();
    this.#near = new IntersectionObserver(([{ isIntersecting }]) => {
      if (!isIntersecting) return;
      this.#near.disconnect();
      this.#fetch();
    }, { rootMargin: "300px" });
    this.#near.observe(this);
  }

  // The recorded run: the one that the author names, or the site's own of a lesson.
  async #fetch() {
    const [named, lesson] = [this.getAttribute("recorded"), this.getAttribute("lesson")];
    let run;
    if (named) {
      run = await fetch(new URL(named, document.baseURI)).then((response) => response.json()).catch(() => undefined);
      // Of another text it would be another program's.
      if (typeof run?.code === "string" && this.#code.trim() !== run.code.trim()) run = undefined;
    } else if (lesson && /^[\w-]+$/.test(lesson)) {
      run = await shippedRun(this.#base, this.#language === "python" ? `${lesson}.py` : lesson);
      if (!this.#code && typeof run?.code === "string") this.#code = run.code;
    }
    if (this.#run) return;
    this.#run = recordingOf(run);
    this.#draw();
  }

  // What the player is to show, as links say it.
  async #query() {
    const params = new URLSearchParams(this.getAttribute("preset") ?? "");
    for (const name of PASSED) {
      const value = this.getAttribute(name);
      if (value !== null) params.set(name, value);
    }
    const isOwn = !this.hasAttribute("lesson") && !this.hasAttribute("preset");
    if (isOwn || this.#language === "python") {
      params.set("workload", "python");
      params.set("view", "program");
    }
    if (isOwn && this.#code) params.set("program", await pack(this.#code));
    return params.toString();
  }

  #draw() {
    const show = (this.getAttribute("show") ?? SHOWN).split(",").map((part) => part.trim());
    const title = this.getAttribute("title") ?? this.getAttribute("lesson") ?? "Python";
    const height = this.getAttribute("height");
    this.style.height = /^\d+$/.test(height ?? "") ? `${height}px` : "";
    if (!this.#frame) this.style.minHeight = this.style.height ? "" : "20em";
    const parts = [];
    if (show.includes("code") && this.#code) {
      parts.push(element("pre", { tabindex: 0, "aria-label": "Program" }, element("code", {}, this.#code)));
    }
    if (this.#run && show.includes("timeline")) {
      const drawn = element("section", { "aria-label": "Recorded run" }, element("p", { class: "origin" }, origin(this.#run, this.#measured)), ...picture(this.#run));
      parts.push(drawn);
    }
    if (this.#run && show.includes("output")) parts.push(...output(this.#run));
    const said = element("p", { class: "said", role: "status" }, this.#said);
    if (this.#said) parts.unshift(said);
    const button = element("button", { type: "button" }, this.#frame ? "Loading …" : "Run");
    // It keeps the focus, which is the player's when that has come.
    if (this.#frame) button.setAttribute("aria-disabled", "true");
    else button.onclick = () => this.run();
    const open = element("a", { target: "_blank", rel: "noopener", href: this.#base }, "Open in Interleave");
    this.#query().then((query) => {
      const params = new URLSearchParams(this.#written ?? query);
      ["show", "title"].forEach((name) => params.delete(name));
      open.href = `${this.#base}?${params}`;
      // Where a program cannot be packed the link leads to the page alone.
    }, () => {});
    const mode = this.#run ? ["recorded", "What you see was recorded earlier; Run measures it on this machine."] : ["not run yet", "Run measures it on this machine."];
    const view = element(
      "div",
      { class: `run-of${isLight(getComputedStyle(this).color) ? " dark" : ""}`, role: "group", "aria-label": `Example: ${title}` },
      element("header", {}, element("span", { class: "title" }, title), button),
      element("div", { class: "parts" }, ...parts),
      element("footer", {}, element("span", { class: "mode", title: mode[1] }, element("strong", {}, mode[0]), element("span", { class: "unseen" }, `: ${mode[1]}`)), open),
    );
    const old = this.#root.querySelector(".run-of");
    const hadFocus = old?.contains(this.#root.activeElement) && this.#root.activeElement.localName === "button";
    if (old) old.replaceWith(view);
    else this.#all.append(view);
    if (hadFocus) button.focus();
  }

  #play(query) {
    playing?.rest();
    playing = this;
    this.#said = "";
    const style = getComputedStyle(this);
    const params = new URLSearchParams(query);
    params.set("theme", isLight(style.color) ? "dark" : "light");
    params.set("play", "1");
    this.#frame = element("iframe", {
      class: "live",
      title: this.getAttribute("title") ?? this.getAttribute("lesson") ?? "Python",
      allow: "cross-origin-isolated; clipboard-write",
      src: `${this.#base}embed.html#${params}`,
    });
    this.#frame.look = { do: "look", size: Number.parseFloat(style.fontSize), rtl: style.direction === "rtl" };
    this.#wait(PATIENCE_MS);
    this.#frame.onload = () => this.#wait(LATE_MS);
    addEventListener("message", this.#listen);
    document.addEventListener("securitypolicyviolation", this.#refused);
    this.#draw();
    this.#all.append(this.#frame);
  }

  #wait(patience) {
    if (this.#port !== undefined) return;
    clearTimeout(this.#frame.patience);
    this.#frame.patience = setTimeout(() => this.refuse("The player did not answer: its host cannot be reached, or is not allowed here."), patience);
  }

  // The post's policy lets no frame of the player's host in.
  #refused = ({ effectiveDirective, blockedURI }) => {
    if (!["frame-src", "child-src", "default-src"].includes(effectiveDirective) || !this.#frame || this.#port) return;
    if (blockedURI.startsWith(new URL(this.#base).origin)) {
      this.refuse("This page's policy keeps the player out, so nothing can run here.");
    }
  };

  // Says why nothing can run, beside what was recorded.
  refuse(sentence) {
    this.#said = `${sentence} “Open in Interleave” shows it in a page of its own.`;
    this.rest();
    this.#draw();
    this.#tell("error", { message: sentence });
  }

  #listen = (event) => {
    const words = this.#frame && heard(event, this.#frame.contentWindow, this.#port);
    // A frame in a sandbox is nobody's: what counts is that it is this one.
    if (!words || (event.origin !== "null" && event.origin !== new URL(this.#base).origin)) return;
    let hadFocus;
    switch (words.is) {
      case "here":
        clearTimeout(this.#frame.patience);
        document.removeEventListener("securitypolicyviolation", this.#refused);
        this.#port = event.origin;
        this.#say(this.#frame.look);
        break;
      case "ready":
        hadFocus = this.#root.activeElement !== null;
        this.classList.add("runs");
        if (hadFocus) this.#frame.focus();
        this.#tell("ready", { mode: String(words.mode) });
        break;
      case "run":
        this.#tell("run");
        break;
      case "finished":
        this.#run = recordingOf(words.run) ?? this.#run;
        this.#measured = "Recorded here,";
        this.#draw();
        this.#tell("finished", words.run);
        break;
      case "refused":
        this.refuse(String(words.sentence).slice(0, 300));
        break;
      case "written":
        if (typeof words.query === "string") this.#take(words.query);
        break;
      case "height":
        if (!this.style.height && words.px > 0 && words.px < 10_000) this.style.minHeight = `${Math.ceil(words.px)}px`;
        break;
      case "resting":
        this.rest();
    }
  };

  // What the reader made of it: the program that is drawn is that of the run beside it.
  async #take(query) {
    this.#written = query;
    const packed = new URLSearchParams(query).get("program");
    const text = packed && (await unpack(packed).catch(() => ""));
    if (!text || text === this.#code) return;
    this.#code = text;
    this.#draw();
  }

  #say(words) {
    this.#frame?.contentWindow?.postMessage(say(words), addressee(this.#port));
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
