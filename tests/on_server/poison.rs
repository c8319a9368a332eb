//! An event that its projection cannot take.

use std::sync::atomic::Ordering;

use event_sourcing::{prelude::*, query::ReadToken, store::StreamId};

use super::world::{
    Count, Counts, JAMMED, PATIENCE, Pass, Place, broker, postgres, until, until_the_connector_knows,
};

/// It sets its aggregate aside and nothing else. A retry applies everything in order once the cause is gone; a skip
/// leaves out that event alone, and is recorded.
#[tokio::test(flavor = "multi_thread")]
async fn poison_stops_its_own_aggregate_alone() {
    let place = Place::new().await;
    let writer = App::builder(place.store().await).start().await.unwrap();
    JAMMED.store(true, Ordering::SeqCst);
    let listener = App::builder(place.store().await).change_feed(place.feed(broker()));
    let listener = listener.projection(Counts, place.views(postgres()).await).start().await.unwrap();
    until_the_connector_knows(&writer, &listener).await;

    let mut last = Vec::new();
    for people in [1, 5, 2, 3] {
        for id in ["north", "south"] {
            last.push(writer.execute(&id.to_owned(), Pass(people)).await.unwrap());
        }
        last.push(writer.execute(&"east".to_owned(), Pass(1)).await.unwrap());
    }
    // The token goes from process to process as text.
    let token =
        |n: usize| last[last.len() - n].token().to_string().parse::<ReadToken>().unwrap().within(PATIENCE);
    let views = listener.views_after::<Counts>(token(1)).await.unwrap();
    let shown = async |id: &str| views.get(id).await.unwrap().unwrap();
    assert_eq!(shown("east").await, Count { people: 4, events: 4 });
    until("both are set aside", async || listener.parked::<Counts>(10).await.unwrap().len() == 2).await;
    for parked in listener.parked::<Counts>(10).await.unwrap() {
        assert!(["north", "south"].contains(&&*parked.stream.id), "{parked:?}");
        assert!(format!("{parked:?}").contains("5 people at once"), "{parked:?}");
        assert_eq!(shown(&parked.stream.id).await, Count { people: 1, events: 1 });
    }
    // Whoever waits for one that is set aside is not kept waiting.
    listener.views_after::<Counts>(token(2)).await.unwrap();

    listener.skip_parked::<Counts>(&StreamId::new("gate", "south")).await.unwrap();
    listener.views_after::<Counts>(token(2)).await.unwrap();
    assert_eq!(shown("south").await, Count { people: 6, events: 3 });
    let skipped = listener.dead_letters::<Counts>(10).await.unwrap();
    assert!(skipped.len() == 1 && format!("{skipped:?}").contains("south"), "{skipped:?}");

    JAMMED.store(false, Ordering::SeqCst);
    listener.retry_parked::<Counts>(&StreamId::new("gate", "north")).await.unwrap();
    listener.views_after::<Counts>(token(3)).await.unwrap();
    assert_eq!(shown("north").await, Count { people: 11, events: 4 });
    assert!(listener.parked::<Counts>(10).await.unwrap().is_empty());
    listener.shutdown().await;
    place.close().await;
}
