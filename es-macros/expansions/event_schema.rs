#[derive(EventSchema, Serialize, Deserialize)]
pub struct Line {
    pub sku: String,
    #[serde(rename = "qty")]
    pub quantity: u32,
    #[serde(skip)]
    pub cached: u64,
    #[serde(with = "hex")]
    #[event_schema(as = String)]
    pub hash: [u8; 32],
    pub parts: Vec<Line>,
}

#[derive(EventSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payment<T> {
    Cash,
    BankTransfer(T),
    Card { number: String },
    Split(u64, u64),
}
