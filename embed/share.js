// The dialog that Share opens: the link, and the three ways to have this run in a post, each as text to copy.
import { element } from "./recording.js";

const PARTS = { code: "Code", timeline: "Timeline", output: "Output", report: "Report", controls: "Settings" };
const SHOWN = ["code", "timeline", "output"];

// Where the site is for others: as its publisher says, or else where it is now.
const folder = () => document.querySelector("link[rel=canonical]")?.href ?? new URL("./", location.href.split(/[?#]/)[0]).href;

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const attribute = (name, value) => (value ? ` ${name}="${escaped(value).replaceAll('"', "&quot;")}"` : "");

// What a post says in each of the ways. `what` is as src/components/run_bar.rs gives it.
export function snippets({ query, lesson, lang, program, preset, title }, show, site) {
  const own = show.join() === SHOWN.join() ? "" : show.join(",");
  const script = (more = "") => `<script src="${site}embed.js"${more} async></script>`;
  const start = `<interleave-run${attribute("lesson", program ? "" : lesson)}${attribute("lang", lang)}${attribute("preset", preset)}${attribute("show", own)}${attribute("title", title)} height="480" style="display: block; height: 480px">`;
  const content = program ? `<pre>\n${escaped(program.trimEnd())}\n</pre>` : "";
  const params = new URLSearchParams(query);
  ["theme", "view"].forEach((name) => params.delete(name));
  if (lang === "python") params.set("view", "program");
  if (own) params.set("show", own);
  if (title) params.set("title", title);
  return {
    component: `${script()}\n${start}${content}</interleave-run>`,
    frame: `<iframe src="${escaped(`${site}embed.html#${params}`)}"${attribute("title", title)} width="100%" height="480" style="border: 0" loading="lazy" allow="cross-origin-isolated"></iframe>`,
    upgrade: script(" data-upgrade"),
  };
}

export function open(what) {
  const site = folder();
  const said = element("p", { role: "status", class: "quiet-text" });
  const copied = async (text, name) => {
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = `${name}: copied.`;
    } catch {
      said.textContent = `${name}: the browser did not let the page copy it; select the text and copy it yourself.`;
    }
  };
  const way = (name, about) => {
    const text = element("textarea", { readonly: "", rows: 3, "aria-label": name, spellcheck: "false" });
    text.onfocus = () => text.select();
    const copy = element("button", { type: "button", "aria-label": `Copy: ${name}` }, "Copy");
    copy.onclick = () => copied(text.value, name);
    const part = element("section", {}, element("h3", {}, name), element("p", {}, about), element("div", { class: "share-text" }, text, copy));
    return { part, text };
  };
  const link = way("Link", "Shows these settings and starts nothing by itself.");
  link.text.rows = 1;
  link.text.value = `${site}?${what.query}`;
  const component = way("In a post, as a component", "Light until somebody presses Run: your program and a recorded run, in your fonts and colours.");
  const frame = way("In a post, as a plain frame", "Where scripts of others are not allowed.");
  const upgrade = way("On code that a post has already", "Puts Run on every block of Python. They stay as they are until somebody presses it.");
  upgrade.text.rows = 1;
  const boxes = Object.entries(PARTS).map(([part, name]) => {
    const box = element("input", { type: "checkbox", value: part });
    box.checked = SHOWN.includes(part);
    box.onchange = write;
    return element("label", { class: "check" }, box, name);
  });
  function write() {
    const show = boxes.map((label) => label.firstChild).filter((box) => box.checked).map((box) => box.value);
    const texts = snippets(what, show, site);
    component.text.value = texts.component;
    frame.text.value = texts.frame;
    upgrade.text.value = texts.upgrade;
  }
  write();
  const run = globalThis.interleaveLast;
  const save = element("button", { type: "button" }, "Save the last run for a post");
  save.disabled = !run;
  save.onclick = () => {
    const { sketch, error } = run;
    const file = new Blob([JSON.stringify({ code: what.program, sketch, error })], { type: "application/json" });
    const anchor = element("a", { href: URL.createObjectURL(file), download: "recorded.json" });
    anchor.click();
    URL.revokeObjectURL(anchor.href);
    said.textContent = "Saved as recorded.json. Put it beside the post and add recorded=\"recorded.json\" to the component: it is what readers see before they press Run.";
  };
  const close = element("form", { method: "dialog" }, element("button", { class: "primary" }, "Close"));
  const dialog = element(
    "dialog",
    { class: "share", "aria-labelledby": "share-title" },
    element("h2", { id: "share-title" }, "Share"),
    link.part,
    element("fieldset", {}, element("legend", {}, "Parts that a post shows"), ...boxes),
    component.part,
    frame.part,
    upgrade.part,
    element("p", {}, save),
    said,
    close,
  );
  dialog.onclose = () => dialog.remove();
  document.body.append(dialog);
  dialog.showModal();
}
