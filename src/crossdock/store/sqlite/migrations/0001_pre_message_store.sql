-- The tables of the message store.
--
-- Every key begins with the tenant. Where rows have an order of their own, `seq` (SQLite's rowid)
-- is their place and the UNIQUE constraint is the key. Small rows that are found by their key alone
-- live in the key's own tree (WITHOUT ROWID); rows with bodies do not.
-- Times are microseconds since 1970-01-01 UTC. A body's `body_key` names the key it is encrypted
-- with; NULL is plain.

CREATE TABLE message (
    seq            INTEGER PRIMARY KEY,
    tenant         TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    type           TEXT    NOT NULL,
    schema         INTEGER NOT NULL,
    body           BLOB    NOT NULL,
    body_key       TEXT,
    correlation_id TEXT    NOT NULL,
    causation_id   TEXT    NOT NULL,
    received_at    INTEGER NOT NULL,
    origin         TEXT    NOT NULL,
    document_id    TEXT    NOT NULL,
    bound_kind     TEXT,
    bound_id       TEXT,
    amends         TEXT    NOT NULL,
    UNIQUE (tenant, id)
) STRICT;
CREATE INDEX message_cause ON message (tenant, causation_id) WHERE causation_id <> '';

CREATE TABLE message_count (
    tenant TEXT    NOT NULL,
    type   TEXT    NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (tenant, type)
) STRICT, WITHOUT ROWID;

CREATE TABLE seen (
    tenant     TEXT NOT NULL,
    endpoint   TEXT NOT NULL,
    identity   TEXT NOT NULL,
    hash       BLOB NOT NULL,
    message_id TEXT NOT NULL,
    answer     BLOB NOT NULL,
    PRIMARY KEY (tenant, endpoint, identity)
) STRICT, WITHOUT ROWID;

-- `place`: 0 pending, 1 parked, 2 handled. Only pending rows are in the index a claim walks, so a
-- claim costs the same after millions of handled rows.
CREATE TABLE inbox (
    seq        INTEGER PRIMARY KEY,
    tenant     TEXT    NOT NULL,
    message_id TEXT    NOT NULL,
    subscriber TEXT    NOT NULL,
    key_kind   TEXT    NOT NULL,
    key_id     TEXT    NOT NULL,
    lane       INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    place      INTEGER NOT NULL,
    revision   INTEGER NOT NULL DEFAULT 0,
    handled_at INTEGER NOT NULL DEFAULT 0,
    facts      BLOB    NOT NULL DEFAULT x'',
    UNIQUE (tenant, subscriber, key_kind, key_id, message_id)
) STRICT;
CREATE INDEX inbox_pending ON inbox (seq, lane, tenant) WHERE place = 0;
CREATE INDEX inbox_parked ON inbox (tenant, subscriber, key_kind, key_id) WHERE place = 1;

CREATE TABLE parked (
    tenant     TEXT    NOT NULL,
    subscriber TEXT    NOT NULL,
    key_kind   TEXT    NOT NULL,
    key_id     TEXT    NOT NULL,
    why        TEXT    NOT NULL,
    parked_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant, subscriber, key_kind, key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE process (
    tenant     TEXT    NOT NULL,
    subscriber TEXT    NOT NULL,
    key_kind   TEXT    NOT NULL,
    key_id     TEXT    NOT NULL,
    state      BLOB    NOT NULL,
    body_key   TEXT,
    schema     INTEGER NOT NULL,
    revision   INTEGER NOT NULL,
    stage      TEXT    NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, subscriber, key_id, key_kind)
) STRICT;
CREATE INDEX process_stage ON process (tenant, subscriber, stage, key_id, key_kind, updated_at);

-- `ready_at` is when the effect may be leased: when it is due, or when the lease on it runs out.
CREATE TABLE outbox (
    seq             INTEGER PRIMARY KEY,
    tenant          TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    endpoint        TEXT    NOT NULL,
    verb            TEXT    NOT NULL,
    business_key    TEXT    NOT NULL,
    version         TEXT    NOT NULL,
    idempotency_key TEXT    NOT NULL,
    sequence_key    TEXT    NOT NULL,
    subscriber      TEXT    NOT NULL,
    key_kind        TEXT    NOT NULL,
    key_id          TEXT    NOT NULL,
    message_id      TEXT    NOT NULL,
    correlation_id  TEXT    NOT NULL,
    owner           TEXT    NOT NULL,
    request         BLOB    NOT NULL,
    body_key        TEXT,
    created_at      INTEGER NOT NULL,
    due_at          INTEGER NOT NULL,
    status          TEXT    NOT NULL,
    attempts        INTEGER NOT NULL,
    fence           INTEGER NOT NULL,
    lease_until     INTEGER,
    finished_at     INTEGER,
    document        TEXT    NOT NULL,
    said            TEXT    NOT NULL,
    ready_at        INTEGER GENERATED ALWAYS AS (
        CASE status
            WHEN 'waiting' THEN due_at
            WHEN 'unknown' THEN due_at
            WHEN 'leased' THEN lease_until
        END
    ) VIRTUAL,
    UNIQUE (tenant, id),
    UNIQUE (tenant, endpoint, idempotency_key)
) STRICT;
CREATE INDEX outbox_open ON outbox (tenant, endpoint, seq, ready_at, created_at)
    WHERE ready_at IS NOT NULL;
CREATE INDEX outbox_next ON outbox (endpoint, ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX outbox_line ON outbox (tenant, sequence_key, seq)
    WHERE sequence_key <> '' AND status NOT IN ('applied', 'waived', 'superseded');
CREATE INDEX outbox_droppable ON outbox (tenant, verb, business_key, version)
    WHERE status IN ('waiting', 'refused');
CREATE INDEX outbox_asker ON outbox (tenant, subscriber, key_kind, key_id);
CREATE INDEX outbox_count ON outbox (tenant, endpoint, verb, status);

CREATE TABLE attempt (
    tenant      TEXT    NOT NULL,
    outbox_id   TEXT    NOT NULL,
    fence       INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    purpose     TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    outcome     TEXT    NOT NULL,
    status      INTEGER NOT NULL,
    said        TEXT    NOT NULL,
    PRIMARY KEY (tenant, outbox_id, fence, number, purpose)
) STRICT, WITHOUT ROWID;

CREATE TABLE timer (
    tenant         TEXT    NOT NULL,
    subscriber     TEXT    NOT NULL,
    key_kind       TEXT    NOT NULL,
    key_id         TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    due_at         INTEGER NOT NULL,
    correlation_id TEXT    NOT NULL,
    message_id     TEXT    NOT NULL,
    PRIMARY KEY (tenant, subscriber, key_kind, key_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_due ON timer (due_at);

-- `folded` is the number with its case folded, for the search.
CREATE TABLE reference (
    tenant         TEXT    NOT NULL,
    type           TEXT    NOT NULL,
    issuer         TEXT    NOT NULL,
    value          TEXT    NOT NULL,
    key_kind       TEXT    NOT NULL,
    key_id         TEXT    NOT NULL,
    folded         TEXT    NOT NULL,
    routable       INTEGER NOT NULL,
    correlation_id TEXT    NOT NULL,
    PRIMARY KEY (tenant, type, issuer, value, key_kind, key_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reference_search ON reference (tenant, folded);
CREATE INDEX reference_key ON reference (tenant, key_kind, key_id);

CREATE TABLE exception (
    tenant         TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    subject        TEXT    NOT NULL,
    code           TEXT    NOT NULL,
    team           TEXT    NOT NULL,
    cause          TEXT    NOT NULL,
    action         TEXT    NOT NULL,
    opened_at      INTEGER NOT NULL,
    status         TEXT    NOT NULL,
    owner          TEXT    NOT NULL,
    about          TEXT    NOT NULL,
    seen           TEXT    NOT NULL,
    count          INTEGER NOT NULL,
    closed_at      INTEGER,
    closed_by      TEXT    NOT NULL,
    closed_because TEXT    NOT NULL,
    message_id     TEXT    NOT NULL,
    document_id    TEXT    NOT NULL,
    correlation_id TEXT    NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX exception_opened ON exception (tenant, opened_at, id);
CREATE INDEX exception_open ON exception (tenant, opened_at, id, team, code)
    WHERE status = 'open';
CREATE INDEX exception_subject ON exception (tenant, subject);

CREATE TABLE exception_about (
    tenant       TEXT NOT NULL,
    number       TEXT NOT NULL,
    exception_id TEXT NOT NULL,
    PRIMARY KEY (tenant, number, exception_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE raw_document (
    tenant       TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    endpoint     TEXT    NOT NULL,
    document     TEXT    NOT NULL,
    received_at  INTEGER NOT NULL,
    content_type TEXT    NOT NULL,
    sha256       TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    findings     TEXT    NOT NULL,
    parent_id    TEXT    NOT NULL,
    retention    TEXT    NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;

-- `packing` tells how the chunk is packed: `zlib` or `plain`.
CREATE TABLE raw_chunk (
    tenant      TEXT    NOT NULL,
    document_id TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    packing     TEXT    NOT NULL,
    content     BLOB    NOT NULL,
    body_key    TEXT,
    PRIMARY KEY (tenant, document_id, number)
) STRICT;

CREATE TABLE control_number (
    tenant   TEXT    NOT NULL,
    endpoint TEXT    NOT NULL,
    level    TEXT    NOT NULL,
    taken    INTEGER NOT NULL,
    PRIMARY KEY (tenant, endpoint, level)
) STRICT, WITHOUT ROWID;

CREATE TABLE expected_ack (
    tenant    TEXT    NOT NULL,
    endpoint  TEXT    NOT NULL,
    number    TEXT    NOT NULL,
    outbox_id TEXT    NOT NULL,
    due_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant, endpoint, number)
) STRICT, WITHOUT ROWID;

-- `seal` is for the sealer that chains the rows of a tenant afterwards.
CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY,
    tenant  TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    detail  TEXT    NOT NULL,
    seal    BLOB
) STRICT;
CREATE INDEX audit_newest ON audit (tenant, seq);
CREATE INDEX audit_subject ON audit (tenant, subject, seq);

CREATE TABLE projection (
    tenant     TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    body       BLOB    NOT NULL,
    body_key   TEXT,
    terms      TEXT    NOT NULL,
    updated_at INTEGER NOT NULL,
    revision   INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind, key)
) STRICT;

CREATE TABLE projection_index (
    tenant TEXT NOT NULL,
    kind   TEXT NOT NULL,
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    key    TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, name, value, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
    tenant TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE breaker (
    tenant      TEXT    NOT NULL,
    endpoint    TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    generation  INTEGER NOT NULL,
    failures    INTEGER NOT NULL,
    open_until  INTEGER,
    probe_until INTEGER,
    changed_at  INTEGER,
    PRIMARY KEY (tenant, endpoint)
) STRICT, WITHOUT ROWID;

CREATE TABLE rule_book (
    tenant  TEXT NOT NULL,
    digest  TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (tenant, digest)
) STRICT;

-- The store's own marks; they belong to the file, not to a tenant.
CREATE TABLE mark (
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;
