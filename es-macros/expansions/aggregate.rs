#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate("account", id = String, events(Opened, events::Deposited), snapshot(every = 100))]
pub struct Account {
    open: bool,
    balance: u64,
}

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate("door", id = u32, events(Opened), snapshot(every = 10, version = 2))]
struct Door {
    open: bool,
}
