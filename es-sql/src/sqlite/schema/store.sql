-- One row per commit. AUTOINCREMENT: a position is never given out twice, and since SQLite has one writer at a
-- time, positions appear in ascending order.
CREATE TABLE es_commits (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    category TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    commit_id BLOB NOT NULL,
    parent BLOB,
    committed_at INTEGER NOT NULL,
    codec TEXT NOT NULL,
    events BLOB NOT NULL,
    metadata BLOB NOT NULL,
    UNIQUE (category, aggregate_id, sequence)
);

CREATE TABLE es_snapshots (
    category TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    fingerprint INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    commit_id BLOB NOT NULL,
    state BLOB NOT NULL,
    command_ids BLOB NOT NULL,
    PRIMARY KEY (category, aggregate_id, fingerprint)
);
