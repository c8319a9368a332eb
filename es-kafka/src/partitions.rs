//! The partitions that are ours.

use std::sync::Arc;

use es_core::feed::Partition;

use crate::debezium::Table;

/// A partition of a topic, as Kafka's client calls it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) topic: String,
    pub(crate) number: i32,
}

impl Place {
    /// The name that the listener knows it by: `topic/3`.
    pub(crate) fn name(&self) -> Partition {
        format!("{}/{}", self.topic, self.number).into()
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        let (topic, number) = name.rsplit_once('/')?;
        Some(Self { topic: topic.to_owned(), number: number.parse().ok()? })
    }
}

/// A partition that is assigned here.
#[derive(Debug)]
pub(crate) struct Owned {
    pub(crate) place: Place,
    pub(crate) name: Partition,
    pub(crate) table: Arc<Table>,
}

/// All that are.
#[derive(Debug, Default)]
pub(crate) struct Partitions {
    owned: Vec<Owned>,
    /// Where the last record came from: the next one is mostly of the same.
    last: usize,
}

impl Partitions {
    pub(crate) fn add(&mut self, place: Place, table: Arc<Table>) {
        let name = place.name();
        self.owned.push(Owned { place, name, table });
    }

    pub(crate) fn remove(&mut self, places: &[Place]) {
        self.owned.retain(|owned| !places.contains(&owned.place));
    }

    pub(crate) fn has(&self, place: &Place) -> bool {
        self.owned.iter().any(|owned| owned.place == *place)
    }

    pub(crate) fn find(&mut self, topic: &str, number: i32) -> Option<&Owned> {
        let is_it = |owned: &Owned| owned.place.number == number && owned.place.topic == topic;
        if !self.owned.get(self.last).is_some_and(is_it) {
            self.last = self.owned.iter().position(is_it)?;
        }
        self.owned.get(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_places() {
        let place = Place { topic: "es.bank.account_events".to_owned(), number: 12 };
        assert_eq!(&*place.name(), "es.bank.account_events/12");
        assert_eq!(Place::of(&place.name()), Some(place));
        assert_eq!((Place::of("commits"), Place::of("a/b")), (None, None));
    }

    #[test]
    fn finds_what_is_ours_and_nothing_else() {
        let table = Arc::new(Table::new("bank", "account"));
        let place = |number| Place { topic: "t".to_owned(), number };
        let mut partitions = Partitions::default();
        (0..3).for_each(|number| partitions.add(place(number), table.clone()));
        for number in [0, 2, 2, 1] {
            assert_eq!(partitions.find("t", number).unwrap().place, place(number));
        }
        partitions.remove(&[place(2)]);
        assert!(partitions.find("t", 2).is_none() && partitions.find("u", 1).is_none());
        assert!(partitions.has(&place(1)) && !partitions.has(&place(2)));
    }
}
