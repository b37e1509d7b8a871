use super::{Statement, statements};

statements! {
    /// Its version; whether `fsync` and `full_page_writes` are on.
    SERVER() =
        "SELECT current_setting('server_version'), current_setting('fsync')::boolean, \
         current_setting('full_page_writes')::boolean";

    /// In microseconds since 1970.
    CLOCK() = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

    /// How many more the server, the database and the role allow.
    CONNECTIONS_LEFT() =
        "SELECT least(\
         current_setting('max_connections')::bigint \
         - current_setting('superuser_reserved_connections')::bigint \
         - coalesce(current_setting('reserved_connections', true)::bigint, 0) \
         - (SELECT sum(numbackends)::bigint FROM pg_stat_database), \
         (SELECT CASE WHEN d.datconnlimit >= 0 THEN d.datconnlimit - s.numbackends END \
         FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid \
         WHERE d.datname = current_database()), \
         (SELECT CASE WHEN rolconnlimit >= 0 THEN rolconnlimit - \
         (SELECT count(*) FROM pg_stat_activity WHERE usesysid = oid) END \
         FROM pg_roles WHERE rolname = current_user))";

    /// This user's in this database.
    CONNECTIONS_USED() =
        "SELECT count(*) FROM pg_stat_activity \
         WHERE usename = current_user AND datname = current_database()";

    INSTANCES() = "SELECT count(*) FROM instances";

    /// The server's process that runs this.
    PROCESS() = "SELECT pg_backend_pid()";

    /// Takes a lock among those of this database, if nobody has it.
    LOCK(INT4, INT4) = "SELECT pg_try_advisory_xact_lock($1, $2)";
}
