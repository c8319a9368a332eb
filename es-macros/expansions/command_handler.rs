#[command_handler(creates = Account)]
fn open(cmd: &Open) -> Result<Opened, AccountError> {
    Ok(Opened { owner: cmd.owner.clone() })
}

#[command_handler]
async fn exchange(
    account: &Account,
    cmd: &Exchange,
    fx: &FxRates,
    mail: &dyn Mailer,
    cx: &CommandContext<Account>,
) -> Result<Vec<AccountEvent>, AccountError> {
    Ok(Vec::new())
}
