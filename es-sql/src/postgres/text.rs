//! Texts as PostgreSQL takes them, and keys of any length as its indexes do.
//!
//! PostgreSQL's text holds every character but NUL. So NUL is written as two characters U+0001, and U+0001 as U+0001
//! U+0002: reversible, in the same byte order, and everything else as it is.

use std::borrow::Cow;

const NUL: char = '\0';
const MARK: char = '\u{1}';

/// `text` without NUL; in the order of bytes where `text` is.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains([NUL, MARK]) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().flat_map(|c| match c {
        NUL => [Some(MARK), Some('\u{1}')],
        MARK => [Some(MARK), Some('\u{2}')],
        other => [Some(other), None],
    });
    Cow::Owned(escaped.flatten().collect())
}

/// What was escaped.
pub(crate) fn unescape(text: String) -> String {
    if !text.contains(MARK) {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(match (c, c == MARK) {
            (_, true) if chars.next() == Some(MARK) => NUL,
            (_, true) => MARK,
            (other, false) => other,
        });
    }
    plain
}

/// SQL: the beginning of a key, as the tables' indexes have it.
macro_rules! head {
    ($key:literal) => {
        concat!("left(", $key, ", 400)")
    };
}

/// SQL: the digest of what comes after the beginning, as the tables' indexes have it.
macro_rules! tail {
    ($key:literal) => {
        concat!(
            "(CASE WHEN length(",
            $key,
            ") > 400 THEN sha256(decode(replace(substr(",
            $key,
            r", 401), '\', '\\'), 'escape')) ELSE '' END)"
        )
    };
}

/// SQL: two keys are the same, so that the index on the first is used.
macro_rules! same {
    ($indexed:literal, $key:literal) => {
        concat!(
            head!($indexed),
            " = ",
            head!($key),
            " AND ",
            tail!($indexed),
            " = ",
            tail!($key),
            " AND ",
            $indexed,
            " = ",
            $key
        )
    };
}

pub(super) use {head, same, tail};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_texts_come_back_and_keep_their_order() {
        let mut texts = vec![String::new()];
        for _ in 0..4 {
            let longer = |text: &String| ["\0", "\u{1}", "\u{2}", "é"].map(|c| format!("{text}{c}"));
            texts.extend(texts.iter().flat_map(longer).collect::<Vec<_>>());
            texts.sort();
            texts.dedup();
        }
        let escaped: Vec<_> = texts.iter().map(|text| escape(text).into_owned()).collect();
        assert!(escaped.iter().all(|text| !text.contains(NUL)));
        assert!(escaped.is_sorted_by(|a, b| a < b), "the same order, and no two alike");
        assert_eq!(escaped.into_iter().map(unescape).collect::<Vec<_>>(), texts);
    }
}
