// How an example looks before it runs. Fonts and colours are those of the post around it; only the states of lanes have
// their own, the ones of the timeline, in a light and a dark kind.
export const STYLE = `
:host { --rule: color-mix(in srgb, currentColor 22%, transparent); display: block; box-sizing: border-box; position: relative; }
:host([hidden]) { display: none; }
*, *::before, *::after { box-sizing: border-box; }
/* A post may style the element itself, so what is in it does not depend on how. */
.all { display: flex; flex-direction: column; height: 100%; min-height: inherit; }
.run-of {
  --band: color-mix(in srgb, currentColor 6%, transparent);
  --quiet: color-mix(in srgb, currentColor 82%, transparent);
  --running: #0072b2; --ready: #c98500; --waiting: #d55e00; --sleeping: #8b98a5; --io: #00885f; --starting: #6b7885;
  --ground: #ffffff; --press: #0b62a0; --on-press: #ffffff;
  display: flex; flex-direction: column; flex: 1 1 auto; min-height: 0; margin: 0; overflow: hidden;
  border: 1px solid var(--rule); border-radius: 0.4em; color: inherit; font: inherit; font-size: 0.9em; line-height: 1.4;
}
.run-of.dark { --running: #4ba3dc; --ready: #e6a93a; --waiting: #f08a4b; --sleeping: #7c8b99; --io: #35c79a; --starting: #93a1ae; --ground: #131a21; --press: #63b3ed; --on-press: #06131d; }
header, footer { flex: none; display: flex; flex-wrap: wrap; align-items: center; gap: 0.4em 0.8em; padding: 0.4em 0.7em; }
header { border-block-end: 1px solid var(--rule); }
footer { justify-content: space-between; border-block-start: 1px solid var(--rule); font-size: 0.85em; color: var(--quiet); }
.title { flex: 1 1 8em; min-width: 0; font-weight: 600; overflow-wrap: anywhere; }
button { font: inherit; font-weight: 600; cursor: pointer; min-height: 2.2em; padding: 0 1em; border: 1px solid transparent; border-radius: 0.35em; background: var(--press); color: var(--on-press); }
button.plain { background: none; color: inherit; border-color: var(--rule); }
button[aria-disabled] { opacity: 0.6; cursor: default; }
button:focus-visible, a:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--press); outline-offset: 2px; }
a { color: inherit; }
.parts { flex: 1 1 auto; min-height: 0; overflow: auto; display: flex; flex-direction: column; }
.parts > * { margin: 0; padding: 0.6em 0.7em; }
.parts > * + * { border-block-start: 1px solid var(--rule); }
pre { direction: ltr; text-align: left; overflow: auto; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.92em; line-height: 1.45; tab-size: 4; background: var(--band); }
pre code { font: inherit; background: none; padding: 0; }
.origin { margin: 0 0 0.4em; font-size: 0.85em; color: var(--quiet); }
ul, ol { list-style: none; margin: 0; padding: 0; }
.lanes { direction: ltr; display: grid; gap: 2px; }
.lanes li { display: grid; grid-template-columns: minmax(4em, 9em) 1fr; align-items: center; gap: 0.6em; font-size: 0.85em; }
.lanes .more { display: block; color: var(--quiet); }
.lanes .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.lanes .depth-1 .name { padding-inline-start: 0.7em; }
.lanes .depth-2 .name, .lanes .depth-3 .name { padding-inline-start: 1.4em; }
.lanes svg { display: block; width: 100%; height: 1.05em; background: var(--band); }
.legend { display: flex; flex-wrap: wrap; gap: 0 1em; margin: 0.5em 0 0; font-size: 0.8em; color: var(--quiet); }
.legend .state { display: inline-flex; align-items: center; gap: 0.35em; }
.legend svg { width: 0.8em; height: 0.8em; }
.legend .span { margin-inline-start: auto; }
.running { fill: var(--running); }
.ready { fill: color-mix(in srgb, var(--ready) 65%, var(--ground)); }
.waiting { fill: color-mix(in srgb, var(--waiting) 45%, var(--ground)); }
.sleeping { fill: color-mix(in srgb, var(--sleeping) 35%, var(--ground)); }
.io { fill: color-mix(in srgb, var(--io) 55%, var(--ground)); }
.starting { fill: color-mix(in srgb, var(--starting) 18%, var(--ground)); }
.output { direction: ltr; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.88em; }
.output li { display: grid; grid-template-columns: minmax(4em, 9em) 1fr; gap: 0.6em; white-space: pre-wrap; overflow-wrap: anywhere; }
.output .lane { color: var(--quiet); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.output .error { display: block; }
.said { color: inherit; font-weight: 600; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.live { display: none; width: 100%; border: 1px solid var(--rule); border-radius: 0.4em; color-scheme: normal; }
:host(.runs) .live { display: block; flex: 1 1 auto; }
:host(.runs) .run-of { display: none; }
@media print {
  :host { height: auto !important; }
  :host(.runs) .run-of { display: flex; }
  .all, .run-of, .parts { height: auto; overflow: visible; }
  :host(.runs) .live, .live, button { display: none; }
}
`;
