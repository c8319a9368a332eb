/// A number that changes when the text of a state's declaration does (FNV-1a, 64 bits).
///
/// `const`, so that `#[derive(Aggregate)]` can put it beside the snapshot's codec.
#[doc(hidden)]
pub const fn fingerprint(declaration: &str) -> u64 {
    let bytes = declaration.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    hash
}
