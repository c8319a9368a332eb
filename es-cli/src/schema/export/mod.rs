//! What is locked, in the words of others.

mod json_schema;

use serde_json::{Map, Value, json};

use super::SchemaError;
use es_core::schema::lock::{LockFile, LockedEvent};

/// JSON Schema (2020-12): a definition for each version of each event.
pub(super) fn json_schema(locked: &LockFile) -> Result<Value, SchemaError> {
    let definitions = definitions(locked, "#/$defs/")?;
    let all: Vec<Value> = definitions.keys().map(|key| json!({ "$ref": format!("#/$defs/{key}") })).collect();
    Ok(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": definitions,
        "anyOf": all,
    }))
}

/// AsyncAPI 3.0: a channel for each category's topic, whose messages are its events.
pub(super) fn asyncapi(locked: &LockFile, title: &str, topic: &str) -> Result<Value, SchemaError> {
    let schemas = definitions(locked, "#/components/schemas/")?;
    let (mut channels, mut messages) = (Map::new(), Map::new());
    for event in locked.events() {
        let (key, category) = (key(event), event.category());
        messages.insert(
            key.clone(),
            json!({
                "name": event.name,
                "title": format!("{} version {}", event.name, event.version),
                "payload": { "$ref": format!("#/components/schemas/{key}") },
            }),
        );
        let channel = channels
            .entry(category)
            .or_insert_with(|| json!({ "address": topic.replace("{category}", category), "messages": {} }));
        channel["messages"][&key] = json!({ "$ref": format!("#/components/messages/{key}") });
    }
    Ok(json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": title,
            "version": "1.0.0",
            "description": "The events inside the records of the topics. A record is one commit, with one or more events.",
        },
        "channels": channels,
        "components": { "messages": messages, "schemas": schemas },
    }))
}

fn definitions(locked: &LockFile, at: &str) -> Result<Map<String, Value>, SchemaError> {
    let mut definitions = Map::new();
    for event in locked.events() {
        let shape = event.parse().map_err(|error| SchemaError::Shape {
            name: event.name.clone(),
            version: event.version,
            error,
        })?;
        let key = key(event);
        let mut schema = json_schema::of(&shape, &format!("{at}{key}"));
        schema["title"] = json!(format!("{} version {}", event.name, event.version));
        definitions.insert(key, schema);
    }
    Ok(definitions)
}

fn key(event: &LockedEvent) -> String {
    format!("{}.v{}", event.name, event.version)
}
