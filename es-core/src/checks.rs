//! Compile-time checks that generated code makes. Not part of the public interface.

/// Whether two texts are the same.
pub const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Whether no name occurs twice. Compares hashes first: 200 names stay far below the const-eval lint.
pub const fn unique<const N: usize>(names: [&str; N]) -> bool {
    let mut hashes = [0u64; N];
    let mut i = 0;
    while i < N {
        hashes[i] = crate::aggregate::fingerprint(names[i]);
        let mut j = 0;
        while j < i {
            if hashes[i] == hashes[j] && same(names[i], names[j]) {
                return false;
            }
            j += 1;
        }
        i += 1;
    }
    true
}

/// Whether `name` is an event of `category`.
pub const fn in_category(name: &str, category: &str) -> bool {
    let (n, c) = (name.as_bytes(), category.as_bytes());
    if n.len() <= c.len() || n[c.len()] != b'.' {
        return false;
    }
    let mut i = 0;
    while i < c.len() {
        if n[i] != c[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Whether two events are of one category.
pub const fn same_category(a: &str, b: &str) -> bool {
    let b = b.as_bytes();
    let mut dot = 0;
    while dot < b.len() && b[dot] != b'.' {
        dot += 1;
    }
    let (category, _) = b.split_at(dot);
    match std::str::from_utf8(category) {
        Ok(category) => in_category(a, category),
        Err(_) => false,
    }
}
