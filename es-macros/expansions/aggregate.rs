#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate("account", id = String, events(Opened, events::Deposited), snapshot(every = 100))]
pub struct Account {
    open: bool,
    balance: u64,
}
