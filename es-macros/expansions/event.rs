#[derive(PastEvent, Serialize, Deserialize)]
#[event("account.deposited", version = 1)]
pub struct DepositedV1 {
    pub amount: u32,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account.deposited", version = 2, from = DepositedV1)]
pub struct Deposited {
    pub amount: u64,
}
