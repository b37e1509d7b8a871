-- Partitions user_sessions by the hash of id and session_data by the hash of session_id, with all that
-- is in them:
--
--     psql --set ON_ERROR_STOP=1 --file partitions.sql "$DATABASE_URL"
--
-- once, after `sessrum migrate`, while no instance runs, and as the role that owns the tables. What other
-- roles were granted on them is to be granted again. It needs free room for another copy of both tables
-- until it has committed.

BEGIN;

LOCK TABLE user_sessions, session_tokens, session_data;

-- All of them as they are, but that none is unique: PostgreSQL would want the key in it. The one that
-- was is of handles, which are 128 random bits; one that is taken is refused before it is written.
CREATE TEMPORARY TABLE other_indexes ON COMMIT DROP AS
    SELECT replace(pg_get_indexdef(indexrelid), 'CREATE UNIQUE', 'CREATE') AS definition
    FROM pg_index WHERE NOT indisprimary
    AND indrelid IN ('user_sessions'::regclass, 'session_data'::regclass);

ALTER TABLE session_tokens DROP CONSTRAINT session_tokens_session_id_fkey;
ALTER TABLE session_data RENAME TO whole_session_data;
ALTER TABLE user_sessions RENAME TO whole_user_sessions;
ALTER SEQUENCE user_sessions_id_seq RENAME TO whole_user_sessions_id_seq;

CREATE TABLE user_sessions (LIKE whole_user_sessions INCLUDING ALL EXCLUDING INDEXES)
    PARTITION BY HASH (id);
CREATE TABLE session_data (LIKE whole_session_data INCLUDING ALL EXCLUDING INDEXES)
    PARTITION BY HASH (session_id);

DO $$
DECLARE
    -- As many as there are to be.
    partitions CONSTANT integer := 16;
BEGIN
    FOR number IN 0 .. partitions - 1 LOOP
        EXECUTE format('CREATE TABLE user_sessions_%s PARTITION OF user_sessions '
            'FOR VALUES WITH (MODULUS %s, REMAINDER %s)', number, partitions, number);
        EXECUTE format('CREATE TABLE session_data_%s PARTITION OF session_data '
            'FOR VALUES WITH (MODULUS %s, REMAINDER %s)', number, partitions, number);
    END LOOP;
END
$$;

INSERT INTO user_sessions SELECT * FROM whole_user_sessions;
INSERT INTO session_data SELECT * FROM whole_session_data;
-- No key is given twice.
SELECT setval('user_sessions_id_seq', last_value, is_called) FROM whole_user_sessions_id_seq;

DROP TABLE whole_session_data, whole_user_sessions;

ALTER TABLE user_sessions ADD PRIMARY KEY (id);
ALTER TABLE session_data ADD PRIMARY KEY (session_id, key);

DO $$
DECLARE
    index record;
BEGIN
    FOR index IN SELECT definition FROM other_indexes LOOP
        EXECUTE index.definition;
    END LOOP;
END
$$;

ALTER TABLE session_tokens
    ADD FOREIGN KEY (session_id) REFERENCES user_sessions (id) ON DELETE CASCADE;
ALTER TABLE session_data
    ADD FOREIGN KEY (session_id) REFERENCES user_sessions (id) ON DELETE CASCADE;

COMMIT;

ANALYZE user_sessions, session_data;
