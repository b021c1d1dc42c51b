// The editor for Python programs. `cargo xtask` bundles it, and src/program.js opens it.
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, LanguageSupport, syntaxHighlighting } from "@codemirror/language";
import { lintKeymap, setDiagnostics } from "@codemirror/lint";
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
  // The package draws a picture for this, which the site's policy does not let in.
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
  ".cm-tooltip": { background: "var(--band)", color: "var(--text)", border: "1px solid var(--rule)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
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

/** Opens an editor in `parent`, which tells `changed` each new text. */
export function open(parent, text, changed) {
  const view = new EditorView({
    parent,
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
      EditorView.contentAttributes.of({ tabindex: "0", "aria-label": "Python program" }),
      // Before the default keys, which would put an empty line there: Ctrl+Enter is the page's.
      keymap.of([
        { key: "Mod-Enter", run: () => true },
        ...closeBracketsKeymap,
        ...searchKeymap,
        ...lintKeymap,
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
  for (const area of parent.querySelectorAll(":scope > textarea")) area.remove();
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
    underline(wrong) {
      view.dispatch(setDiagnostics(view.state, wrong ? [diagnostic(view.state.doc, wrong)] : []));
    },
    close: () => view.destroy(),
  };
}

// Python counts characters, the editor units of UTF-16.
function place(doc, line, column) {
  if (line > doc.lines) return doc.length;
  const { from, text } = doc.line(Math.max(line, 1));
  return from + Array.from(text).slice(0, Math.max(column - 1, 0)).join("").length;
}

function diagnostic(doc, [line, column, lastLine, lastColumn, message]) {
  const from = place(doc, line, column);
  // What is wrong may be where nothing is any more: then it is what stands before.
  const to = Math.max(place(doc, lastLine, lastColumn), Math.min(from + 1, doc.length));
  return { from: from === to ? Math.max(from - 1, 0) : from, to, severity: "error", message };
}

function leave(view) {
  view.contentDOM.blur();
  document.getElementById("run")?.focus();
  return true;
}
