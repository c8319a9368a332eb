//! Rust sources as flat lists of tokens, so that comments and texts are not mistaken for code.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::File;

/// One token: a word, a literal, or one character of punctuation or bracket.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) line: usize,
    pub(crate) text: String,
}

impl File {
    /// The tokens of a Rust file. None for other files, and for one that the compiler would not get to
    /// read either (some ui cases are such).
    pub(crate) fn tokens(&self) -> Vec<Token> {
        let mut tokens = Vec::new();
        if self.has_extension("rs")
            && let Ok(stream) = self.text.parse::<TokenStream>()
        {
            flatten(stream, &mut tokens);
        }
        tokens
    }
}

fn flatten(stream: TokenStream, out: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        let TokenTree::Group(group) = tree else {
            out.push(Token { line, text: tree.to_string() });
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        out.push(Token { line, text: open.to_owned() });
        flatten(group.stream(), out);
        out.push(Token { line: group.span_close().start().line, text: close.to_owned() });
    }
}

/// Where the sequence `pattern` begins, each time.
pub(crate) fn find(tokens: &[Token], pattern: &[&str]) -> std::vec::IntoIter<usize> {
    let places = tokens.windows(pattern.len()).enumerate();
    let places = places.filter(|(_, window)| window.iter().zip(pattern).all(|(t, p)| t.text == *p));
    places.map(|(at, _)| at).collect::<Vec<_>>().into_iter()
}

/// The index after the bracket that closes the one at `open`.
pub(crate) fn after_group(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// The tokens without items that only tests compile.
pub(crate) fn without_tests(mut tokens: Vec<Token>) -> Vec<Token> {
    const TEST: &[&str] = &["#", "[", "cfg", "(", "test", ")", "]"];
    while let Some(start) = find(&tokens, TEST).next() {
        let item = start + TEST.len();
        let end = tokens[item..].iter().position(|t| t.text == "{" || t.text == ";").map(|at| item + at);
        let end = end.map_or(tokens.len(), |end| after_group(&tokens, end));
        tokens.drain(start..end);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(tokens: &[Token]) -> String {
        tokens.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn lex(text: &str) -> Vec<Token> {
        File { path: "a.rs".to_owned(), text: text.to_owned() }.tokens()
    }

    #[test]
    fn knows_lines_and_skips_comments() {
        let tokens = lex("// todo!()\nfn a() {\n  b!(\"todo!()\");\n}");
        assert_eq!(texts(&tokens), "fn a ( ) { b ! ( \"todo!()\" ) ; }");
        assert_eq!(tokens.iter().map(|t| t.line).collect::<Vec<_>>(), [2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4]);
    }

    #[test]
    fn finds_sequences() {
        let tokens = lex("a b a b c a b");
        assert_eq!(find(&tokens, &["a", "b"]).collect::<Vec<_>>(), [0, 2, 5]);
        assert_eq!(find(&tokens, &["c", "d"]).count(), 0);
        assert_eq!(find(&lex("a"), &["a", "b"]).count(), 0, "longer than the tokens");
    }

    #[test]
    fn leaves_tests_out() {
        let tokens = lex("fn a() {} #[cfg(test)] mod t { fn x() { y } } #[cfg(test)] mod u; fn b() {}");
        assert_eq!(texts(&without_tests(tokens)), "fn a ( ) { } fn b ( ) { }");
    }
}
