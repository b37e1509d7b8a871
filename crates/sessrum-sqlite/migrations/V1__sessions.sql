-- Times are microseconds since 1970 in UTC.

CREATE TABLE users (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    username            TEXT NOT NULL UNIQUE,
    -- The name in lower case: two that differ in that alone could be taken for each other.
    username_folded     TEXT NOT NULL UNIQUE,
    email               TEXT NOT NULL COLLATE NOCASE UNIQUE,
    password_hash       TEXT,
    role                TEXT NOT NULL CHECK (role IN ('viewer', 'reviewer', 'moderator', 'admin')),
    is_active           INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    created_at          INTEGER NOT NULL,
    password_changed_at INTEGER NOT NULL,
    role_changed_at     INTEGER
) STRICT;

CREATE INDEX users_active_by_role ON users (role) WHERE is_active;

CREATE TABLE platform_connections (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id            INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name               TEXT NOT NULL,
    platform_type      TEXT NOT NULL,
    instance_url       TEXT NOT NULL,
    username           TEXT NOT NULL,
    credentials        BLOB,
    credentials_key_id TEXT,
    is_active          INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    is_default         INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    created_at         INTEGER NOT NULL,
    last_used          INTEGER,
    UNIQUE (user_id, name),
    UNIQUE (user_id, instance_url, username),
    CHECK ((credentials IS NULL) = (credentials_key_id IS NULL)),
    CHECK (is_active OR NOT is_default)
) STRICT;

CREATE UNIQUE INDEX platform_connections_default ON platform_connections (user_id) WHERE is_default;

-- Keys of users and platforms may come from another directory, as numbers or as texts: ANY keeps
-- them as they are, and nothing refers to the tables above.
CREATE TABLE user_sessions (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    handle              BLOB NOT NULL UNIQUE CHECK (length(handle) = 16),
    user_id             ANY NOT NULL CHECK (typeof(user_id) IN ('integer', 'text')),
    active_platform_id  ANY CHECK (typeof(active_platform_id) IN ('integer', 'text', 'null')),
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    last_activity       INTEGER NOT NULL,
    authenticated_at    INTEGER NOT NULL,
    expires_at          INTEGER NOT NULL,
    remembered          INTEGER NOT NULL CHECK (remembered IN (0, 1)),
    ended_at            INTEGER,
    end_reason          TEXT,
    revision            INTEGER NOT NULL DEFAULT 1,
    -- The last revision that an entry of session_data was given, so that none is given twice.
    data_revision       INTEGER NOT NULL DEFAULT 0,
    session_fingerprint BLOB CHECK (length(session_fingerprint) = 40),
    user_agent          TEXT,
    ip_address          TEXT,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) STRICT;

CREATE INDEX user_sessions_by_user ON user_sessions (user_id);
CREATE INDEX user_sessions_live ON user_sessions (id) WHERE ended_at IS NULL;
CREATE INDEX user_sessions_live_by_user ON user_sessions (user_id, last_activity)
    WHERE ended_at IS NULL;
CREATE INDEX user_sessions_live_by_expiry ON user_sessions (expires_at) WHERE ended_at IS NULL;
CREATE INDEX user_sessions_live_by_activity ON user_sessions (remembered, last_activity)
    WHERE ended_at IS NULL;
CREATE INDEX user_sessions_ended ON user_sessions (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE session_tokens (
    token_hash    BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
    session_id    INTEGER NOT NULL REFERENCES user_sessions (id) ON DELETE CASCADE,
    issued_at     INTEGER NOT NULL,
    first_used_at INTEGER,
    retired_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX session_tokens_by_session ON session_tokens (session_id, retired_at);

CREATE TABLE session_data (
    session_id INTEGER NOT NULL REFERENCES user_sessions (id) ON DELETE CASCADE,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (session_id, key)
) STRICT;

-- Append-only, and outlives the sessions it tells of. Each row is sealed after the last one of the
-- same user.
CREATE TABLE session_events (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    at             INTEGER NOT NULL,
    kind           TEXT NOT NULL,
    user_id        ANY CHECK (typeof(user_id) IN ('integer', 'text', 'null')),
    session_handle BLOB CHECK (length(session_handle) = 16),
    actor          TEXT NOT NULL,
    ip_address     TEXT,
    user_agent     TEXT,
    device         TEXT,
    detail         TEXT NOT NULL,
    seal_key_id    TEXT NOT NULL,
    previous_id    INTEGER,
    client_digest  BLOB CHECK (length(client_digest) = 32),
    client_salt    BLOB CHECK (length(client_salt) = 16),
    short_digest   BLOB CHECK (length(short_digest) = 32),
    short_salt     BLOB CHECK (length(short_salt) = 16),
    mac            BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;

CREATE INDEX session_events_by_user ON session_events (user_id);
CREATE INDEX session_events_by_time ON session_events (at);
CREATE INDEX session_events_by_kind ON session_events (kind);
CREATE INDEX session_events_sign_ins ON session_events (user_id, device) WHERE kind = 'signed_in';
CREATE INDEX session_events_with_client ON session_events (at) WHERE client_salt IS NOT NULL;
CREATE INDEX session_events_by_actor ON session_events (actor) WHERE client_salt IS NOT NULL;

-- Failures to sign in: of an account at a place, of an account at all places (place of zeros), and
-- of an address over all accounts (account of zeros). Both are keyed hashes.
CREATE TABLE sign_in_counters (
    account      BLOB NOT NULL CHECK (length(account) = 16),
    place        BLOB NOT NULL CHECK (length(place) = 16),
    failures     INTEGER NOT NULL,
    slowing      INTEGER NOT NULL,
    counted_at   INTEGER NOT NULL,
    succeeded_at INTEGER,
    forget_at    INTEGER NOT NULL,
    PRIMARY KEY (account, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_in_counters_by_end ON sign_in_counters (forget_at);

-- Users were forgotten and the file has not been written anew since: it may still hold traces of them.
-- A row for each, whose number is never given again.
CREATE TABLE due_compactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT
) STRICT;

-- The row that is written to learn whether writing works.
CREATE TABLE checks (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    made INTEGER NOT NULL
) STRICT;

INSERT INTO checks (id, made) VALUES (1, 0);

-- When a clean-up last succeeded; null before the first.
CREATE TABLE clean_up (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    succeeded_at INTEGER
) STRICT;

INSERT INTO clean_up (id) VALUES (1);
