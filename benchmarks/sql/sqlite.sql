-- Sessions, {of_each} of each user, and those after the first {live} over for an hour.
PRAGMA cache_size = -2000000;
PRAGMA foreign_keys = OFF;
PRAGMA synchronous = OFF;
BEGIN;
INSERT INTO users
    (id, username, username_folded, email, password_hash, role, created_at, password_changed_at)
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {users})
    SELECT n, 'user-' || n, 'user-' || n, 'user-' || n || '@example.org', '{password_hash}',
        iif(n = 1, 'admin', 'viewer'), {now}, {now} FROM numbers;
INSERT INTO platform_connections
    (id, user_id, name, platform_type, instance_url, username, is_default, created_at)
    SELECT 2 * id - 1, id, 'Photographs', 'pixelfed', 'https://pixels.example.org', username, 1, {now}
    FROM users;
INSERT INTO platform_connections
    (id, user_id, name, platform_type, instance_url, username, is_default, created_at)
    SELECT 2 * id, id, 'Films', 'pixelfed', 'https://films.example.org', username, 0, {now}
    FROM users;
INSERT INTO user_sessions (id, handle, user_id, active_platform_id, created_at, updated_at,
    last_activity, authenticated_at, expires_at, remembered, session_fingerprint, user_agent,
    ip_address)
    WITH RECURSIVE
        numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {sessions}),
        owned (n, owner, ends) AS (
            SELECT n, (n - 1) / {of_each} + 1, {now} + iif(n > {live}, -1, 300) * 3600000000
            FROM numbers
        )
    SELECT n, substr(sha256('handle ' || n), 1, 16), owner, 2 * owner - 1, {now}, {now}, {now}, {now},
        ends, 0, x'{fingerprint}', '{agent}', '127.0.0.1' FROM owned;
INSERT INTO session_tokens (token_hash, session_id, issued_at, first_used_at)
    SELECT sha256(sha256('token ' || id)) AS hash, id, {now}, {now} FROM user_sessions ORDER BY hash;
-- None is made until it is asked for.
UPDATE clean_up SET succeeded_at = {now};
COMMIT;
PRAGMA wal_checkpoint(TRUNCATE);
