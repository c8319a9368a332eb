//! What brings commits to views.

use event_sourcing::config::Config;

use super::Findings;

const PART: &str = "feed";

pub(super) async fn look(config: &Config, findings: &mut Findings) {
    match (config.get("feed.kind").as_deref(), config.get("store.kind").as_deref()) {
        (Some("kafka"), _) => kafka(config, findings).await,
        (_, Some("cassandra")) => findings.warn(
            PART,
            "the store's own: of commits of other processes views hear only when they are compared with the store; \
             with several processes, set `feed.kind` to `kafka`",
        ),
        _ => findings.fine(PART, "the store's own"),
    }
}

#[cfg(not(feature = "kafka"))]
async fn kafka(_: &Config, findings: &mut Findings) {
    findings.lacks(PART, "feed.kind = \"kafka\"", "kafka");
}

#[cfg(feature = "kafka")]
async fn kafka(config: &Config, findings: &mut Findings) {
    let feed = match config.kafka_feed() {
        Ok(Some(feed)) => feed,
        Ok(None) => return,
        Err(error) => return findings.unusable(PART, error),
    };
    let brokers = config.get("feed.kafka.brokers").unwrap_or_default();
    let categories = config.get("store.cassandra.categories").unwrap_or_default();
    let categories = categories.split(',').filter(|category| !category.is_empty());
    match feed.topics(categories, super::PATIENCE).await {
        Ok(topics) => {
            findings.fine(PART, format!("kafka, {brokers}: answers"));
            for topic in topics {
                let name = &topic.name;
                match topic.partitions {
                    Some(count) => {
                        let count = crate::text::count(count as u64, "partition");
                        findings.fine(PART, format!("topic {name}: {count}"));
                    }
                    None => findings.wrong(
                        PART,
                        format!("topic {name} is not there: create it, with as many partitions as listeners may share it"),
                    ),
                }
            }
        }
        Err(error) => findings.wrong(PART, format!("kafka, {error}")),
    }
}
