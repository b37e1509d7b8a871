-- Sessions, {of_each} of each user, and those after the first {live} over for an hour.
SET synchronous_commit = off;
ALTER TABLE session_tokens DROP CONSTRAINT session_tokens_session_id_fkey;
INSERT INTO users
    (id, username, username_folded, email, password_hash, role, created_at, password_changed_at)
    SELECT n, 'user-' || n, 'user-' || n, 'user-' || n || '@example.org', '{password_hash}',
        CASE n WHEN 1 THEN 'admin' ELSE 'viewer' END, {now}, {now}
    FROM generate_series(1, {users}) n;
INSERT INTO platform_connections
    (id, user_id, name, platform_type, instance_url, username, is_default, created_at)
    SELECT 2 * id - 1, id, 'Photographs', 'pixelfed', 'https://pixels.example.org', username, true,
        {now} FROM users;
INSERT INTO platform_connections
    (id, user_id, name, platform_type, instance_url, username, is_default, created_at)
    SELECT 2 * id, id, 'Films', 'pixelfed', 'https://films.example.org', username, false, {now}
    FROM users;
INSERT INTO user_sessions (handle, user_id, active_platform_id, created_at, updated_at,
    last_activity, authenticated_at, expires_at, remembered, session_fingerprint, user_agent,
    ip_address)
    SELECT substr(sha256(('handle ' || n)::bytea), 1, 16), owner, 2 * owner - 1, {now}, {now}, {now},
        {now}, {now} + CASE WHEN n > {live} THEN -1 ELSE 300 END * 3600000000, false,
        '\x{fingerprint}', '{agent}', '127.0.0.1'
    FROM generate_series(1, {sessions}) n, LATERAL (SELECT (n - 1) / {of_each} + 1 AS owner) user_of;
INSERT INTO session_tokens (token_hash, session_id, issued_at, first_used_at)
    SELECT sha256(sha256(('token ' || id)::bytea)) AS hash, id, {now}, {now}
    FROM user_sessions ORDER BY hash;
ALTER TABLE session_tokens
    ADD FOREIGN KEY (session_id) REFERENCES user_sessions (id) ON DELETE CASCADE;
-- None is made until it is asked for.
UPDATE clean_up SET succeeded_at = {now};
VACUUM ANALYZE;
CHECKPOINT;
