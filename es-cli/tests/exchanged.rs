//! Two events of one shape: their names may not be exchanged, and their structs may be renamed.

use super::shop::{Shop, USES};

fn event(name: &str, ident: &str) -> String {
    format!(
        "#[derive(Event, Serialize, Deserialize)]\n#[event(\"{name}\")]\npub struct {ident} {{ pub amount: u64 }}\n"
    )
}

#[test]
fn names_of_two_events_that_are_exchanged() {
    let shop = Shop::new("exchanged");
    let lib = |events: [(&str, &str); 2]| {
        let events = events.map(|(name, ident)| event(name, ident));
        shop.write("src/lib.rs", &format!("{USES}{}", events.concat()));
    };
    lib([("account.deposited", "Deposited"), ("account.withdrawn", "Withdrawn")]);
    shop.es(&["schema", "lock"], true);
    let lock = shop.read("events.lock");

    // The compiler and CI say so.
    lib([("account.withdrawn", "Deposited"), ("account.deposited", "Withdrawn")]);
    let refused = shop.cargo_check(false);
    for told in [
        "`account.withdrawn` is locked with the struct `crate::Withdrawn`, and `Deposited` is locked as `account.deposited`",
        "`account.deposited` is locked with the struct `crate::Deposited`, and `Withdrawn` is locked as `account.withdrawn`",
    ] {
        assert!(refused.contains(told), "{refused}");
    }
    let refused = shop.es(&["schema", "check"], false);
    let told = "`account.deposited` version 1 is locked with `crate::Deposited`, and is `crate::Withdrawn` now, which is \
                locked as `account.withdrawn`";
    assert!(refused.contains(told) && refused.contains("src/lib.rs:7"), "{refused}");

    // If the structs were renamed, this is the way out, and says what it did.
    let moved = shop.es(&["schema", "lock"], true);
    for told in [
        "moved `account.deposited` version 1 from `crate::Deposited` to `crate::Withdrawn`, which was locked as `account.withdrawn`",
        "moved `account.withdrawn` version 1 from `crate::Withdrawn` to `crate::Deposited`, which was locked as `account.deposited`",
    ] {
        assert!(moved.contains(told), "{moved}");
    }
    assert_ne!(shop.read("events.lock"), lock);
    shop.es(&["schema", "check"], true);
    shop.cargo_check(true);

    // A name that is not locked with anything else is free.
    lib([("account.withdrawn", "Taken"), ("account.deposited", "Withdrawn")]);
    shop.cargo_check(true);
    let noted = shop.es(&["schema", "check"], true);
    assert!(noted.starts_with("note: `account.withdrawn` version 1 is `crate::Taken` now"), "{noted}");
    let moved = shop.es(&["schema", "lock"], true);
    assert!(
        moved.contains("moved `account.withdrawn` version 1 from `crate::Deposited` to `crate::Taken`\n"),
        "{moved}"
    );
    let quiet = shop.es(&["schema", "check"], true);
    assert_eq!(quiet, "2 event versions are as locked\n");
}
