#[projection("balances", view = Balance, key = AccountId)]
impl Balances {
    fn opened(view: &mut Balance, e: &Opened, _m: &Metadata) {
        view.owner = e.owner.clone();
    }
    #[cfg(feature = "deposits")]
    fn deposited(view: &mut Balance, e: &Deposited) -> Result<(), Overflow> {
        view.add(e.amount)
    }
}

#[projection("by_owner", view = Balance, key = str, on_failure = stop, retries = 3)]
impl ByOwner {
    #[on(key = e.owner)]
    fn opened(view: &mut Balance, e: &Opened) {}
    #[on(key = m.command.header_value("owner").unwrap_or_default())]
    fn deposited(view: &mut Balance, Deposited { amount, .. }: &Deposited, m: &Metadata) {}
    #[on(aggregate_id)]
    fn closed(view: &mut Balance, _: &Closed) {}
}
