use sessrum_postgres::Examination;

use crate::cli::doctor::Check;

const NAME: &str = "durability";

/// What is committed outlives a crash of the server's machine. That each commit waits for the disk
/// (`synchronous_commit`) the program asks for itself.
pub(super) fn check(found: &Examination) -> Check {
    if !found.syncs {
        Check::failed(
            NAME,
            "`fsync` is off: when the server's machine stops, sign-outs that were answered are \
             undone, or the whole database is lost. Set `fsync = on` in its postgresql.conf.",
        )
    } else if !found.writes_full_pages {
        Check::warning(
            NAME,
            "`full_page_writes` is off: when the server's machine stops, pages that were half \
             written are lost, unless its file system writes them whole. Set `full_page_writes = on` \
             in its postgresql.conf.",
        )
    } else {
        Check::ok(NAME, "What is committed is on the server's disk.")
    }
}
