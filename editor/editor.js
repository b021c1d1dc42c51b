// The editor for Python programs. `cargo xtask` bundles it, and src/program.js opens it.
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, LanguageSupport, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, RangeSet, StateEffect, StateField } from "@codemirror/state";
import { drawSelection, EditorView, gutter, GutterMarker, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colours = HighlightStyle.define([
  { tag: tags.comment, color: "var(--muted)" },
  { tag: [tags.keyword, tags.self, tags.bool, tags.null], color: "var(--accent)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: tags.number, color: "var(--warning)" },
  { tag: [tags.definition(tags.className), tags.definition(tags.function(tags.variableName))], fontWeight: "600" },
]);

const look = EditorView.theme({
  "&": { height: "100%", background: "var(--surface)", color: "var(--text)" },
  ".cm-scroller": { font: '0.85rem/1.5 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace' },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { background: "var(--surface)", color: "var(--muted)", borderRight: "1px solid var(--rule)" },
  ".cm-activeLine": { background: "color-mix(in srgb, var(--band) 55%, transparent)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "var(--accent-pale)" },
  "&.cm-focused .cm-matchingBracket": { background: "none", outline: "1px solid var(--accent)" },
  ".cm-selectionMatch, .cm-searchMatch": { background: "var(--waiting-fill)" },
  ".cm-panels": { background: "var(--band)", color: "var(--text)" },
  ".cm-textfield, .cm-button": { background: "var(--surface)", color: "var(--text)", border: "1px solid var(--control)" },
  ".cm-marks": { width: "0.9rem" },
  ".cm-mark": { color: "var(--waiting-line)", cursor: "default" },
});

class Mark extends GutterMarker {
  constructor(now, told) {
    super();
    this.now = now;
    this.told = told;
  }

  eq(other) {
    return other.now === this.now && other.told === this.told;
  }

  toDOM() {
    const dot = document.createElement("span");
    dot.className = "cm-mark";
    dot.textContent = this.now ? "●" : "○";
    dot.title = this.now ? `${this.told}; a lane is here now` : this.told;
    return dot;
  }
}

const setMarks = StateEffect.define();
const marks = StateField.define({
  create: () => RangeSet.empty,
  update(present, { changes, effects }) {
    const set = effects.find((effect) => effect.is(setMarks));
    return set ? set.value : present.map(changes);
  },
});

/** Opens an editor in `place`, which tells `changed` each new text. */
export function open(place, text, changed) {
  const view = new EditorView({
    parent: place,
    doc: text,
    extensions: [
      lineNumbers(),
      marks,
      gutter({ class: "cm-marks", markers: (view) => view.state.field(marks) }),
      history(),
      drawSelection(),
      indentOnInput(),
      indentUnit.of("    "),
      EditorState.tabSize.of(4),
      bracketMatching(),
      closeBrackets(),
      highlightActiveLine(),
      highlightSelectionMatches(),
      new LanguageSupport(pythonLanguage),
      syntaxHighlighting(colours),
      look,
      EditorView.contentAttributes.of({ "aria-label": "Python program" }),
      // Before the default keys, which would put an empty line there: Ctrl+Enter is the page's.
      keymap.of([
        { key: "Mod-Enter", run: () => true },
        ...closeBracketsKeymap,
        ...searchKeymap,
        ...historyKeymap,
        // Whoever has only a keyboard leaves with Escape, since Tab indents.
        { key: "Escape", run: leave },
        indentWithTab,
        ...defaultKeymap,
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed(update.state.doc.toString());
      }),
    ],
  });
  for (const area of place.querySelectorAll(":scope > textarea")) area.remove();
  return {
    focus: () => view.focus(),
    write(text) {
      const present = view.state.doc;
      if (present.toString() !== text) view.dispatch({ changes: { from: 0, to: present.length, insert: text } });
    },
    choose(number) {
      const line = view.state.doc.line(Math.min(Math.max(number, 1), view.state.doc.lines));
      view.dispatch({ selection: { anchor: line.from, head: line.to }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
      view.focus();
    },
    mark(lines) {
      const ranges = lines
        .filter(([number]) => number >= 1 && number <= view.state.doc.lines)
        .map(([number, now, told]) => new Mark(now, told).range(view.state.doc.line(number).from));
      view.dispatch({ effects: setMarks.of(RangeSet.of(ranges, true)) });
    },
    close: () => view.destroy(),
  };
}

function leave(view) {
  view.contentDOM.blur();
  document.getElementById("run")?.focus();
  return true;
}
