use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process have as many open files as the system allows it: each connection is one, and
/// what most systems begin with is 1024.
pub(crate) fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => tracing::debug!(?current, ?maximum, "raised the limit of open files"),
        Err(error) => tracing::warn!(?current, "the limit of open files stays as it is: {error}"),
    }
}
