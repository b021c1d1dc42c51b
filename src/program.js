// What the page asks of the browser for a Python program: to pack it into a link, and a place to write it.
// The place is a plain text area until the editor has come, and stays one where it does not come.
const LONGEST = 1 << 20;

export async function pack(text) {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  const letters = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return letters.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export async function unpack(letters) {
  const bytes = Uint8Array.from(atob(letters.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (text.length > LONGEST) throw new RangeError("the program is too long");
  }
}

export class Editor {
  #area = document.createElement("textarea");
  #view;

  constructor(place, text, changed) {
    this.#area.value = text;
    this.#area.setAttribute("aria-label", "Python program");
    this.#area.spellcheck = false;
    this.#area.oninput = () => changed(this.#area.value);
    place.replaceChildren(this.#area);
    import(interleaveFile("editor.js")).then(({ open }) => {
      if (!this.#area.isConnected) return;
      const focused = document.activeElement === this.#area;
      this.#view = open(place, this.#area.value, changed);
      if (focused) this.#view.focus();
    }, () => {});
  }

  write(text) {
    if (this.#view) this.#view.write(text);
    else if (this.#area.value !== text) this.#area.value = text;
  }

  // Chooses a line, the first being 1.
  choose(line) {
    if (this.#view) return this.#view.choose(line);
    const lines = this.#area.value.split("\n");
    const from = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    this.#area.focus();
    this.#area.setSelectionRange(from, from + (lines[line - 1] ?? "").length);
  }

  // Marks lines: pairs of a line's number and what lanes do there.
  mark(lines) {
    this.#view?.mark(lines);
  }

  // Underlines what is wrong: where it begins and ends, as lines and columns from 1 on, and what it is; or nothing.
  underline(wrong) {
    this.#view?.underline(wrong);
  }

  close() {
    this.#view?.close();
    this.#area.remove();
  }
}
