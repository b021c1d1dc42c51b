//! Rust source as lines of coloured pieces, light enough to be done while somebody looks.
//!
//! It knows comments, strings, numbers, keywords and types, which is what makes a listing easy on the eye; it is no
//! parser, and what it takes for something else is still there to be read.

/// What a piece of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Names, signs and spaces.
    Plain,
    /// From `//` to the end of the line.
    Comment,
    /// Between quotation marks.
    Text,
    /// A word of the language.
    Keyword,
    /// A name that begins with a capital.
    Type,
    /// Digits.
    Number,
}

impl Piece {
    /// Its class in the style sheet.
    pub const fn class(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Comment => Some("c"),
            Self::Text => Some("s"),
            Self::Keyword => Some("k"),
            Self::Type => Some("t"),
            Self::Number => Some("n"),
        }
    }
}

const KEYWORDS: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "crate", "else", "enum", "false", "fn", "for", "if", "impl",
    "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static", "struct", "super",
    "trait", "true", "type", "unsafe", "use", "where", "while",
];

/// The pieces of a line, which together are the line.
pub fn pieces(line: &str) -> Vec<(Piece, &str)> {
    let mut pieces: Vec<(Piece, &str)> = Vec::new();
    let mut rest = line;
    let mut plain = 0;
    while let Some(first) = rest[plain..].chars().next() {
        let tail = &rest[plain..];
        let (piece, length) = if tail.starts_with("//") {
            (Piece::Comment, tail.len())
        } else if first == '"' {
            (Piece::Text, string(tail))
        } else if first == '\'' {
            match character(tail) {
                Some(length) => (Piece::Text, length),
                None => (Piece::Plain, 1),
            }
        } else if first.is_ascii_digit() {
            (Piece::Number, word(tail))
        } else if first.is_alphabetic() || first == '_' {
            let length = word(tail);
            let piece = match &tail[..length] {
                keyword if KEYWORDS.contains(&keyword) => Piece::Keyword,
                _ if first.is_uppercase() => Piece::Type,
                _ => Piece::Plain,
            };
            (piece, length)
        } else {
            (Piece::Plain, first.len_utf8())
        };
        if piece == Piece::Plain {
            plain += length;
            continue;
        }
        if plain > 0 {
            pieces.push((Piece::Plain, &rest[..plain]));
        }
        pieces.push((piece, &tail[..length]));
        rest = &tail[length..];
        plain = 0;
    }
    if !rest.is_empty() {
        pieces.push((Piece::Plain, rest));
    }
    pieces
}

/// The length of a word, in bytes.
fn word(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
}

/// The length of a string with its quotation marks, or up to the end of the line.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character with its marks; nothing if it is a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        chars.next()?;
    }
    chars.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(line: &str) -> String {
        let piece =
            |(piece, text): (Piece, &str)| piece.class().map_or(text.to_owned(), |class| format!("<{class}:{text}>"));
        pieces(line).into_iter().map(piece).collect()
    }

    #[test]
    fn a_line_is_told_in_its_pieces() {
        for (line, wants) in [
            ("    let x = 12; // why", "    <k:let> x = <n:12>; <c:// why>"),
            ("fn f<'a>(t: &'a str) -> Vec<u8> {", "<k:fn> f<'a>(t: &'a str) -> <t:Vec><u8> {"),
            (r#"say("a \" b", 'c', '\n')"#, r#"say(<s:"a \" b">, <s:'c'>, <s:'\n'>)"#),
            (r#"multi = "line"#, r#"multi = <s:"line>"#),
            ("self.forks[left]", "<k:self>.forks[left]"),
        ] {
            assert_eq!(told(line), wants);
        }
    }

    proptest! {
        #[test]
        fn pieces_are_the_line(line in ".{0,80}") {
            let whole: String = pieces(&line).into_iter().map(|(_, text)| text).collect();
            prop_assert_eq!(whole, line);
        }
    }
}
