use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Open files that are not for streams: other connections, and the database.
const OTHERS: u64 = 512;

/// Lets this process have as many open files as the system allows it: each connection is one, and
/// what most systems begin with is 1024. Answers how many there may be; `None`: any number.
pub(crate) fn raise_limit() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(error) => {
            tracing::warn!(?current, "the limit of open files stays as it is: {error}");
            current
        }
    }
}

/// The `wanted` streams, or as many as leave files for whoever has none open: half of them at least.
pub(crate) fn most_streams(wanted: usize, open_files: Option<u64>) -> usize {
    let Some(limit) = open_files else { return wanted };
    let most = limit.saturating_sub(OTHERS).max(limit / 2);
    wanted.min(usize::try_from(most).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_leave_files_for_others() {
        assert_eq!(most_streams(10_000, None), 10_000);
        assert_eq!(most_streams(10_000, Some(1_000_000)), 10_000);
        assert_eq!(most_streams(10_000, Some(4_096)), 3_584);
        assert_eq!(most_streams(10_000, Some(256)), 128);
    }
}
