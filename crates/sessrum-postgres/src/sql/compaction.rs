use super::{Statement, statements};

/// A table and its partitions.
macro_rules! parts {
    () => {
        "FROM (SELECT $1::text::regclass AS oid \
         UNION SELECT relid FROM pg_partition_tree($1::text::regclass)) part \
         JOIN pg_class c ON c.oid = part.oid "
    };
}

statements! {
    ASK_FOR() = "INSERT INTO due_compactions DEFAULT VALUES";

    /// The last one that was asked for; null when none is due.
    LAST_DUE() = "SELECT max(id) FROM due_compactions";

    DONE_UP_TO(INT8) = "DELETE FROM due_compactions WHERE id <= $1";

    /// The number of the next transaction: whatever is committed has a lower one.
    NEXT_TRANSACTION() = "SELECT pg_snapshot_xmax(pg_current_snapshot())::xid::text";

    /// Whether a table, with its partitions and long values, was vacuumed and frozen up to a transaction.
    IS_VACUUMED(TEXT, TEXT) =
        "SELECT bool_and(age(v.relfrozenxid) <= age($2::text::xid)) ",
        parts!(),
        "JOIN pg_class v ON v.oid IN (c.oid, c.reltoastrelid) AND v.relkind IN ('r', 't')";

    /// Whether this role may vacuum a table: `VACUUM` itself only warns.
    MAY_VACUUM(TEXT) =
        "SELECT bool_and(pg_has_role(c.relowner, 'USAGE') \
         OR (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database \
         WHERE datname = current_database()) \
         OR CASE WHEN current_setting('server_version_num')::int >= 170000 \
         THEN has_table_privilege(c.oid, 'MAINTAIN') ELSE false END) ",
        parts!();
}
