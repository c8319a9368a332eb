CREATE TABLE es_views (
    projection TEXT NOT NULL,
    key TEXT NOT NULL,
    view TEXT NOT NULL,
    PRIMARY KEY (projection, key)
) WITHOUT ROWID;

CREATE TABLE es_checkpoints (
    projection TEXT NOT NULL,
    category TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    applied INTEGER NOT NULL,
    commit_id BLOB,
    parked_sequence INTEGER,
    parked_error TEXT,
    parked_at INTEGER,
    PRIMARY KEY (projection, category, aggregate_id)
) WITHOUT ROWID;

CREATE INDEX es_parked ON es_checkpoints (projection, category, aggregate_id) WHERE parked_sequence IS NOT NULL;

CREATE TABLE es_offsets (
    projection TEXT NOT NULL,
    partition TEXT NOT NULL,
    offset INTEGER NOT NULL,
    PRIMARY KEY (projection, partition)
) WITHOUT ROWID;

CREATE TABLE es_dead_letters (
    id INTEGER PRIMARY KEY,
    projection TEXT NOT NULL,
    partition TEXT NOT NULL,
    offset INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    reason TEXT NOT NULL,
    UNIQUE (projection, partition, offset)
);

-- What belongs to generation n > 0 of a projection has the name `projection@n` in the tables above. No row here: it has
-- only ever had generation 0.
CREATE TABLE es_generations (
    projection TEXT PRIMARY KEY NOT NULL,
    serving INTEGER NOT NULL,
    filling INTEGER,
    before INTEGER,
    last INTEGER NOT NULL
) WITHOUT ROWID;
