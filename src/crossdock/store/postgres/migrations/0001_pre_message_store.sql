-- The tables of the message store, as in SQLite; docs/why tells what differs.
--
-- Every key begins with the tenant. Where rows have an order of their own, `seq` is their place: it
-- rises, and it may have gaps. Times are microseconds since 1970-01-01 UTC. Texts sort by code point
-- in every database (COLLATE "C"). A body's `body_key` names the key it is encrypted with; NULL is
-- plain.

CREATE TABLE message (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    tenant text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    schema bigint NOT NULL,
    body bytea NOT NULL,
    body_key text COLLATE "C",
    correlation_id text COLLATE "C" NOT NULL,
    causation_id text COLLATE "C" NOT NULL,
    received_at bigint NOT NULL,
    origin text COLLATE "C" NOT NULL,
    document_id text COLLATE "C" NOT NULL,
    bound_kind text COLLATE "C",
    bound_id text COLLATE "C",
    amends text COLLATE "C" NOT NULL,
    UNIQUE (tenant, id)
);
CREATE INDEX message_cause ON message (tenant, causation_id) WHERE causation_id <> '';

-- Each writer counts in rows of its own, so that none waits for another; who asks adds them up.
CREATE TABLE message_count (
    tenant text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    writer bigint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (tenant, type, writer)
) WITH (fillfactor = 50);

CREATE TABLE seen (
    tenant text COLLATE "C" NOT NULL,
    endpoint text COLLATE "C" NOT NULL,
    identity text COLLATE "C" NOT NULL,
    hash bytea NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    answer bytea NOT NULL,
    PRIMARY KEY (tenant, endpoint, identity)
);

-- Every step there ever was. What changes when it is handled is in no index, so that the row is
-- written anew beside itself and no index grows.
CREATE TABLE inbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text COLLATE "C" NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    subscriber text COLLATE "C" NOT NULL,
    key_kind text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    lane bigint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    attempts bigint NOT NULL,
    revision bigint,
    handled_at bigint,
    facts bytea,
    UNIQUE (tenant, subscriber, key_kind, key_id, message_id)
) WITH (fillfactor = 75);

-- The steps of the inbox that wait: `place` 0, or 1 for those of a parked key. A small table of its
-- own is cleared of dead rows in no time, so a claim costs the same after millions of steps.
CREATE TABLE pending (
    lane bigint NOT NULL,
    place bigint NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (lane, place, seq)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE TABLE parked (
    tenant text COLLATE "C" NOT NULL,
    subscriber text COLLATE "C" NOT NULL,
    key_kind text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    why text COLLATE "C" NOT NULL,
    parked_at bigint NOT NULL,
    PRIMARY KEY (tenant, subscriber, key_kind, key_id)
);

CREATE TABLE process (
    tenant text COLLATE "C" NOT NULL,
    subscriber text COLLATE "C" NOT NULL,
    key_kind text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    state bytea NOT NULL,
    body_key text COLLATE "C",
    schema bigint NOT NULL,
    revision bigint NOT NULL,
    stage text COLLATE "C" NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (tenant, subscriber, key_id, key_kind)
);
CREATE INDEX process_stage ON process (tenant, subscriber, stage, key_id, key_kind);

-- `ready_at` is when the effect may be leased: when it is due, or when the lease on it runs out.
CREATE TABLE outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    endpoint text COLLATE "C" NOT NULL,
    verb text COLLATE "C" NOT NULL,
    business_key text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    idempotency_key text COLLATE "C" NOT NULL,
    sequence_key text COLLATE "C" NOT NULL,
    subscriber text COLLATE "C" NOT NULL,
    key_kind text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    correlation_id text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    request bytea NOT NULL,
    body_key text COLLATE "C",
    created_at bigint NOT NULL,
    due_at bigint NOT NULL,
    status text COLLATE "C" NOT NULL,
    attempts bigint NOT NULL,
    fence bigint NOT NULL,
    lease_until bigint,
    finished_at bigint,
    document text COLLATE "C" NOT NULL,
    said text COLLATE "C" NOT NULL,
    ready_at bigint GENERATED ALWAYS AS (
        CASE status
            WHEN 'waiting' THEN due_at
            WHEN 'unknown' THEN due_at
            WHEN 'leased' THEN lease_until
        END
    ) STORED,
    UNIQUE (tenant, id),
    UNIQUE (tenant, endpoint, idempotency_key)
);
CREATE INDEX outbox_open ON outbox (tenant, endpoint, seq)
    WHERE ready_at IS NOT NULL;
CREATE INDEX outbox_next ON outbox (endpoint, ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX outbox_line ON outbox (tenant, sequence_key, seq)
    WHERE sequence_key <> '' AND status NOT IN ('applied', 'waived', 'superseded');
CREATE INDEX outbox_droppable ON outbox (tenant, verb, business_key, version)
    WHERE status IN ('waiting', 'refused');
CREATE INDEX outbox_asker ON outbox (tenant, subscriber, key_kind, key_id);
CREATE INDEX outbox_count ON outbox (tenant, endpoint, verb, status);

CREATE TABLE attempt (
    tenant text COLLATE "C" NOT NULL,
    outbox_id text COLLATE "C" NOT NULL,
    fence bigint NOT NULL,
    number bigint NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    started_at bigint NOT NULL,
    finished_at bigint,
    outcome text COLLATE "C" NOT NULL,
    status bigint NOT NULL,
    said text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, outbox_id, fence, number, purpose)
);

CREATE TABLE timer (
    tenant text COLLATE "C" NOT NULL,
    subscriber text COLLATE "C" NOT NULL,
    key_kind text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    due_at bigint NOT NULL,
    correlation_id text COLLATE "C" NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, subscriber, key_kind, key_id, name)
);
CREATE INDEX timer_due ON timer (due_at);

-- `folded` is the number with its case folded, for the search.
CREATE TABLE reference (
    tenant text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    issuer text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    key_kind text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    folded text COLLATE "C" NOT NULL,
    routable bigint NOT NULL,
    correlation_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, type, issuer, value, key_kind, key_id)
);
CREATE INDEX reference_search ON reference (tenant, folded);
CREATE INDEX reference_key ON reference (tenant, key_kind, key_id);

CREATE TABLE exception (
    tenant text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    code text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    cause text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    opened_at bigint NOT NULL,
    status text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    about text COLLATE "C" NOT NULL,
    seen text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    closed_at bigint,
    closed_by text COLLATE "C" NOT NULL,
    closed_because text COLLATE "C" NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    document_id text COLLATE "C" NOT NULL,
    correlation_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX exception_opened ON exception (tenant, opened_at, id);
CREATE INDEX exception_open ON exception (tenant, opened_at, id, team, code)
    WHERE status = 'open';
CREATE INDEX exception_subject ON exception (tenant, subject);

CREATE TABLE exception_about (
    tenant text COLLATE "C" NOT NULL,
    number text COLLATE "C" NOT NULL,
    exception_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, number, exception_id)
);
CREATE INDEX exception_about_of ON exception_about (tenant, exception_id);

CREATE TABLE raw_document (
    tenant text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    endpoint text COLLATE "C" NOT NULL,
    document text COLLATE "C" NOT NULL,
    received_at bigint NOT NULL,
    content_type text COLLATE "C" NOT NULL,
    sha256 text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    findings text COLLATE "C" NOT NULL,
    parent_id text COLLATE "C" NOT NULL,
    retention text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE INDEX raw_document_heard ON raw_document (tenant, endpoint, received_at);

-- `packing` tells how the chunk is packed: `zlib` or `plain`.
CREATE TABLE raw_chunk (
    tenant text COLLATE "C" NOT NULL,
    document_id text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    packing text COLLATE "C" NOT NULL,
    content bytea NOT NULL,
    body_key text COLLATE "C",
    PRIMARY KEY (tenant, document_id, number)
);

CREATE TABLE control_number (
    tenant text COLLATE "C" NOT NULL,
    endpoint text COLLATE "C" NOT NULL,
    level text COLLATE "C" NOT NULL,
    taken bigint NOT NULL,
    PRIMARY KEY (tenant, endpoint, level)
);

CREATE TABLE expected_ack (
    tenant text COLLATE "C" NOT NULL,
    endpoint text COLLATE "C" NOT NULL,
    number text COLLATE "C" NOT NULL,
    outbox_id text COLLATE "C" NOT NULL,
    due_at bigint NOT NULL,
    PRIMARY KEY (tenant, endpoint, number)
);

-- `seal` is for the sealer that chains the rows of a tenant afterwards.
CREATE TABLE audit (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    tenant text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    detail text COLLATE "C" NOT NULL,
    seal bytea
);
CREATE INDEX audit_newest ON audit (tenant, seq);
CREATE INDEX audit_subject ON audit (tenant, subject, seq);

CREATE TABLE projection (
    tenant text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    body_key text COLLATE "C",
    terms text COLLATE "C" NOT NULL,
    updated_at bigint NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (tenant, kind, key)
);

CREATE TABLE projection_index (
    tenant text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, kind, name, value, key)
);

CREATE TABLE counter (
    tenant text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    writer bigint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (tenant, name, writer)
) WITH (fillfactor = 50);

CREATE TABLE breaker (
    tenant text COLLATE "C" NOT NULL,
    endpoint text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    generation bigint NOT NULL,
    failures bigint NOT NULL,
    open_until bigint,
    probe_until bigint,
    changed_at bigint,
    PRIMARY KEY (tenant, endpoint)
);

CREATE TABLE rule_book (
    tenant text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (tenant, digest)
);

-- The store's own marks; they belong to the database, not to a tenant.
CREATE TABLE mark (
    name text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    PRIMARY KEY (name)
);
