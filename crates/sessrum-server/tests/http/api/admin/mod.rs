//! `/api/admin`, a file a resource.

mod audit;
