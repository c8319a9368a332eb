CREATE TABLE IF NOT EXISTS es_settings (
    name text COLLATE "C" PRIMARY KEY,
    value text NOT NULL
);

INSERT INTO es_settings (name, value) VALUES ('views', '1');

CREATE TABLE es_views (
    projection text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    -- NULL only inside the transaction that makes the row.
    view json
) WITH (fillfactor = 80);

CREATE TABLE es_checkpoints (
    projection text COLLATE "C" NOT NULL,
    category text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    applied bigint NOT NULL,
    commit_id uuid,
    parked_sequence bigint,
    parked_error text,
    -- Milliseconds since 1970.
    parked_at bigint
) WITH (fillfactor = 80);

CREATE INDEX es_parked ON es_checkpoints (projection) WHERE parked_sequence IS NOT NULL;

CREATE TABLE es_offsets (
    projection text COLLATE "C" NOT NULL,
    partition text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (projection, partition)
);

CREATE TABLE es_dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    projection text COLLATE "C" NOT NULL,
    partition text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    bytes bytea NOT NULL,
    reason text NOT NULL
);

-- An entry of an index has at most about 2,700 bytes, a key any number: its beginning and the digest of its end.
CREATE UNIQUE INDEX es_views_key ON es_views (projection, left(key, 400), (CASE WHEN length(key) > 400
    THEN sha256(decode(replace(substr(key, 401), '\', '\\'), 'escape')) ELSE '' END));

CREATE UNIQUE INDEX es_checkpoints_key ON es_checkpoints (projection, category, left(aggregate_id, 400),
    (CASE WHEN length(aggregate_id) > 400
    THEN sha256(decode(replace(substr(aggregate_id, 401), '\', '\\'), 'escape')) ELSE '' END));

CREATE UNIQUE INDEX es_dead_letters_key ON es_dead_letters (projection, position, left(partition, 400),
    (CASE WHEN length(partition) > 400
    THEN sha256(decode(replace(substr(partition, 401), '\', '\\'), 'escape')) ELSE '' END));

-- What belongs to generation n > 0 of a projection has the name `projection@n` in the tables above. No row here: it has
-- only ever had generation 0.
CREATE TABLE es_generations (
    projection text COLLATE "C" PRIMARY KEY,
    serving bigint NOT NULL,
    filling bigint,
    before bigint,
    last bigint NOT NULL
);
