"""Text: splitting, joining, formatting, searching, and the modules json and re."""
import json
import re
import string

TEXT = """It was a bright cold day in the reading room, and the clocks were showing thirteen minutes past the hour.
Whoever came in shook the rain from a coat, looked for a chair, and began to read: some of them aloud, most in silence.
""" * 12


def frequencies(text):
    counts = {}
    for word in text.lower().translate(str.maketrans("", "", string.punctuation)).split():
        counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def caesar(text, shift):
    out = []
    for letter in text:
        if letter.isalpha():
            base = ord("A") if letter.isupper() else ord("a")
            out.append(chr((ord(letter) - base + shift) % 26 + base))
        else:
            out.append(letter)
    return "".join(out)


def palindromes(limit):
    return [n for n in range(limit) if str(n) == str(n)[::-1]]


def table(rows):
    lines = []
    for i in range(rows):
        lines.append(f"{i:>5} | {i * 1.5:8.3f} | {'x' * (i % 7):<8} | {i!r} | %s %d {{}}" % ("s", i))
    return "\n".join(lines)


def tokens(source):
    kinds = {"(": "open", ")": "close", "+": "plus", "*": "times"}
    result, i = [], 0
    while i < len(source):
        c = source[i]
        if c in kinds:
            result.append((kinds[c], c))
            i += 1
        elif c.isdigit():
            j = i
            while j < len(source) and source[j].isdigit():
                j += 1
            result.append(("number", int(source[i:j])))
            i = j
        else:
            i += 1
    return result


for _ in range(3):
    print(frequencies(TEXT)[:2], caesar(TEXT, 3)[:12], caesar(caesar(TEXT, 3), -3) == TEXT, len(palindromes(6000)))
    print(len(table(400)), len(tokens("(12 + 345) * 6 + 78 * (9 + 10) " * 60)), TEXT.count("the"), TEXT.find("thirteen"))
    data = json.dumps([{"id": i, "name": f"n{i}", "values": [i, i / 2, None, True]} for i in range(200)])
    print(len(data), sum(entry["id"] for entry in json.loads(data)))
    print(len(re.findall(r"\b(\w+)ing\b", TEXT)), re.sub(r"(\w+), (\w+)", r"\2 \1", TEXT)[:20])
    print(TEXT.replace("a", "b").upper().title().swapcase().strip().partition("\n")[0][:20], "é".encode(), b"abc".hex())
    line = ",".join(str(i) for i in range(2000))
    print(sum(map(int, line.split(","))), line.startswith("0,1"), line.rfind("99"), "-".join(reversed("abc")))
