//! Events in files that are not below the package's folder.

use std::fs;

use super::shop::{Shop, USES};

const BUILD: &str = r#"fn main() {
    println!("cargo::rerun-if-changed=made.txt");
    let to = std::path::Path::new(&std::env::var_os("OUT_DIR").unwrap()).join("made.rs");
    std::fs::copy("made.txt", to).unwrap();
}
"#;
const LIB: &str = r#"#[path = "../../elsewhere-shared/events.rs"]
pub mod shared;
pub mod made {
    include!(concat!(env!("OUT_DIR"), "/made.rs"));
}
"#;

#[test]
fn generated_and_shared_events_are_compared() {
    let shop = Shop::new("elsewhere");
    let shared = shop.folder().with_file_name("elsewhere-shared");
    fs::create_dir_all(&shared).unwrap();
    let event = |name: &str, ty: &str| {
        format!(
            "{USES}#[derive(Event, Serialize, Deserialize)]\n#[event(\"{name}\")]\npub struct Moved {{ pub by: {ty} }}\n"
        )
    };
    let write = |ty| {
        fs::write(shared.join("events.rs"), event("crate.moved", ty)).unwrap();
        shop.write("made.txt", &event("truck.moved", ty));
    };
    shop.write("build.rs", BUILD);
    shop.write("src/lib.rs", LIB);
    write("u32");
    let locked = shop.es(&["schema", "lock"], true);
    assert!(locked.contains("has 2 event versions"), "{locked}");
    shop.cargo_check(true);

    write("u64");
    let changed = shop.cargo_check(false);
    for name in ["crate.moved", "truck.moved"] {
        let told = format!("the shape of `{name}` version 1 is not the locked one");
        assert!(changed.contains(&told), "{changed}");
    }
    assert!(changed.contains("by: u32 → u64"), "{changed}");
}
