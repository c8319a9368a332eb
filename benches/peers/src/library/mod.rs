//! The same account in each library, as its guide writes it.

mod cqrs;
mod disintegrate;
mod eventcore;
mod evento;
mod ours;

use crate::{
    Error,
    load::{Library, Taken},
    options::Options,
    storage::{File, Schema},
};

pub(crate) async fn run(options: &Options) -> Result<Taken, Error> {
    match (&*options.library, &*options.storage) {
        ("event-sourcing-rs", "memory") => measure(options, ours::memory().await?).await,
        ("eventcore", "memory") => measure(options, eventcore::memory()).await,
        (library, "sqlite") => {
            let file = File::within(&options.folder)?;
            let path = file.path();
            match library {
                "event-sourcing-rs" => measure(options, ours::sqlite(&path).await?).await,
                "cqrs-es" => measure(options, cqrs::sqlite(&path, cqrs::Mode::Replay).await?).await,
                "cqrs-es-aggregate" => {
                    measure(options, cqrs::sqlite(&path, cqrs::Mode::Aggregate).await?).await
                }
                "evento" => measure(options, evento::sqlite(&path).await?).await,
                "eventcore" => measure(options, eventcore::sqlite(&path, false).await?).await,
                "eventcore-snapshots" => measure(options, eventcore::sqlite(&path, true).await?).await,
                _ => Err(unknown(options)),
            }
        }
        (library, "postgres") => {
            let schema = Schema::new(options).await?;
            let measured = match library {
                "cqrs-es" => measure(options, cqrs::postgres(&schema, cqrs::Mode::Replay).await?).await,
                "cqrs-es-aggregate" => {
                    measure(options, cqrs::postgres(&schema, cqrs::Mode::Aggregate).await?).await
                }
                "evento" => measure(options, evento::postgres(&schema).await?).await,
                "eventcore" => measure(options, eventcore::postgres(&schema, false).await?).await,
                "eventcore-snapshots" => measure(options, eventcore::postgres(&schema, true).await?).await,
                "disintegrate" => measure(options, disintegrate::postgres(&schema).await?).await,
                "disintegrate-snapshots" => {
                    measure(options, disintegrate::with_snapshots(&schema).await?).await
                }
                _ => Err(unknown(options)),
            };
            schema.drop().await.and(measured)
        }
        _ => Err(unknown(options)),
    }
}

async fn measure(options: &Options, library: impl Library) -> Result<Taken, Error> {
    options.load.run(library, options.commands).await
}

fn unknown(options: &Options) -> Error {
    format!("`{}` is not measured on `{}`", options.library, options.storage).into()
}
