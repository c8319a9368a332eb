//! A package from its first lock to a second version, compiled for real.

use std::{fs, process::Command};

use super::{
    printed,
    shop::{Shop, USES},
};

const LINE: &str =
    "#[derive(EventSchema, Serialize, Deserialize)]\npub struct Line { pub sku: String, pub qty: u32 }\n";
const PLACED: &str = "#[derive(Event, Serialize, Deserialize)]\n#[event(\"order.placed\")]\npub struct Placed { pub lines: Vec<Line> }\n";
const PAID: &str = "#[derive(Event, Serialize, Deserialize)]\n#[event(\"order.paid\")]\npub struct Paid { pub by: String }\n";

#[test]
fn from_the_first_lock_to_a_second_version() {
    let shop = Shop::new("shop");
    let lib = |parts: &[&str]| shop.write("src/lib.rs", &format!("{USES}{}", parts.concat()));
    lib(&[LINE, PLACED]);
    // Events of a binary belong to the package, too; those of its tests and examples do not.
    shop.write("src/bin/till.rs", &format!("{USES}{PAID}fn main() {{}}\n"));
    fs::create_dir(shop.folder().join("examples")).unwrap();
    shop.write(
        "examples/other.rs",
        &format!("{USES}{}fn main() {{}}\n", PAID.replace("by: String", "by: u8")),
    );
    shop.write(".gitignore", "target\n");

    // Without a lock everything compiles, and CI says what is missing.
    shop.cargo_check(true);
    let missing = shop.es(&["schema", "check"], false);
    assert!(missing.contains("events.lock does not exist: run `cargo es schema lock`"), "{missing}");
    let locked = shop.es(&["schema", "lock"], true);
    assert!(
        locked.contains("locked `order.placed` version 1") && locked.contains("has 2 event versions"),
        "{locked}"
    );
    let lock = shop.read("events.lock");
    let placed = "\norder.placed v1 crate::Placed\n    lines: list<struct>\n    lines[].sku: string\n    lines[].qty: u32\n";
    assert!(
        lock.contains(placed) && lock.contains("\norder.paid v1 crate::Paid\n    by: string\n"),
        "{lock}"
    );
    shop.es(&["schema", "check"], true);
    shop.cargo_check(true);
    shop.git(&["init", "--quiet"]);
    shop.git(&["add", "."]);
    shop.git(&["commit", "--quiet", "-m", "first"]);
    let mut cargo = Command::new(env!("CARGO"));
    printed(shop.prepared(cargo.args(["check", "--quiet", "--examples"])), true);

    // A nested type changes: the compiler says so at the event's name.
    lib(&[&LINE.replace("u32", "u64"), PLACED]);
    let changed = shop.cargo_check(false);
    assert!(
        changed.contains("lines[].qty: u32 → u64") && changed.contains("version = 2, from = PlacedV1"),
        "{changed}"
    );
    assert!(changed.contains("src/lib.rs:6:9"), "at the name: {changed}");
    let refused = shop.es(&["schema", "lock"], false);
    assert!(
        refused.contains("lines[].qty: u32 → u64") && refused.contains("nothing was locked"),
        "{refused}"
    );
    assert_eq!(shop.read("events.lock"), lock);

    // An edit of the lock alone makes cargo look again.
    lib(&[LINE, PLACED]);
    shop.cargo_check(true);
    shop.write("events.lock", &lock.replace("qty: u32", "qty: u16"));
    let edited = shop.cargo_check(false);
    assert!(edited.contains("lines[].qty: u16 → u32"), "{edited}");
    shop.write("events.lock", &lock);
    shop.cargo_check(true);

    // A new version, with the old one kept, compiles before it is locked.
    let line_v1 = LINE.replace("Line", "LineV1");
    let placed_v1 = PLACED.replace("Event,", "PastEvent,").replace("placed\")", "placed\", version = 1)");
    let placed_v1 = placed_v1.replace("Placed {", "PlacedV1 {").replace("Vec<Line>", "Vec<LineV1>");
    let placed_v2 = PLACED.replace("placed\")", "placed\", version = 2, from = PlacedV1)");
    let from = "impl From<PlacedV1> for Placed { fn from(past: PlacedV1) -> Self {\n\
                Self { lines: past.lines.into_iter().map(|l| Line { sku: l.sku, qty: l.qty.into() }).collect() } } }\n";
    lib(&[&line_v1, &placed_v1, &LINE.replace("u32", "u64"), &placed_v2, from]);
    shop.cargo_check(true);
    let unlocked = shop.es(&["schema", "check"], false);
    assert!(
        unlocked.contains("`order.placed` version 2 is not locked") && unlocked.contains("src/lib.rs:11"),
        "{unlocked}"
    );
    shop.es(&["schema", "lock"], true);
    shop.es(&["schema", "check"], true);
    shop.cargo_check(true);
    assert_eq!(shop.es(&["schema", "diff", "HEAD"], true), "+ order.placed v2\n");

    // An event that vanished.
    shop.write("src/bin/till.rs", "fn main() {}\n");
    let gone = shop.es(&["schema", "check"], false);
    assert!(gone.contains("`order.paid` version 1 is locked, and not in the code any more"), "{gone}");
    let forgotten = shop.es(&["schema", "lock", "--forget", "order.paid"], true);
    assert!(forgotten.contains("has 2 event versions"), "{forgotten}");
    let lost = shop.es(&["schema", "diff", "HEAD"], false);
    assert_eq!(lost, "- order.paid v1\n+ order.placed v2\n");
    let nothing = shop.es(&["schema", "lock", "--forget", "order.paid"], false);
    assert!(nothing.contains("nothing is locked under `order.paid`"), "{nothing}");
    let no_revision = shop.es(&["schema", "diff", "--", "--output=x"], false);
    assert!(no_revision.contains("git has no revision"), "{no_revision}");

    // Two structs of one name, and code that does not compile.
    lib(&[LINE, PLACED, &PLACED.replace("struct Placed", "struct Again")]);
    let twice = shop.es(&["schema", "check"], false);
    assert!(twice.contains("two structs are stored as `order.placed` version 1"), "{twice}");
    lib(&[LINE, PLACED, "fn wrong() -> u8 { \"\" }\n"]);
    let broken = shop.es(&["schema", "check"], false);
    assert!(broken.contains("does not compile") && broken.contains("mismatched types"), "{broken}");

    exported(&shop);
}

fn exported(shop: &Shop) {
    let json: serde_json::Value = serde_json::from_str(&shop.es(&["schema", "export"], true)).unwrap();
    let line = &json["$defs"]["order.placed.v2"]["properties"]["lines"]["items"]["properties"];
    assert_eq!(line["qty"], serde_json::json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}));
    let arguments = ["schema", "export", "--format", "asyncapi", "--topic", "shop.{category}"];
    let api: serde_json::Value = serde_json::from_str(&shop.es(&arguments, true)).unwrap();
    assert_eq!(api["channels"]["order"]["address"], "shop.order");
    let messages = api["channels"]["order"]["messages"].as_object().unwrap();
    assert_eq!(messages.keys().collect::<Vec<_>>(), ["order.placed.v1", "order.placed.v2"]);
    let payload = &api["components"]["messages"]["order.placed.v1"]["payload"]["$ref"];
    assert_eq!(payload, "#/components/schemas/order.placed.v1");
    assert!(api["components"]["schemas"]["order.placed.v1"].is_object());
}
