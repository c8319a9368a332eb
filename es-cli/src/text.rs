//! Lines for people.

/// `rows` under their `heads`, in columns; numbers end at the same place.
pub(crate) fn table<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = heads.map(|head| head.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let is_number = |column: usize| {
        let is_one = |cell: &String| cell == "-" || cell.bytes().all(|byte| byte.is_ascii_digit());
        !rows.is_empty() && rows.iter().all(|row| is_one(&row[column]))
    };
    let numbers: [bool; N] = std::array::from_fn(is_number);
    let mut text = String::new();
    for row in std::iter::once(heads.map(str::to_owned)).chain(rows.iter().cloned()) {
        let mut line = String::new();
        for ((cell, width), is_number) in row.iter().zip(widths).zip(numbers) {
            let cell = if is_number { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
            line.push_str(&cell);
            line.push_str("  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The same text in one line, with nothing in it that a terminal would obey.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

/// So many of something, `one`.
pub(crate) fn count(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_whatever_is_in_them() {
        let row = |name: &str, number: &str, rest: &str| [name, number, rest].map(str::to_owned);
        let rows = [row("é", "1", "a b"), row("balances", "-", ""), row("x", "1000000", "c")];
        let text = table(["NAME", "COUNT", "REST"], &rows);
        let expected =
            "NAME        COUNT  REST\né               1  a b\nbalances        -\nx         1000000  c\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_line_stays_one() {
        assert_eq!(one_line("a\nb\u{1b}[2Jé"), "a\\nb\\u{1b}[2Jé");
    }
}
