use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use sessrum_web::{Code, PathText, Problem, SESSION_SYNC};
use sha2::{Digest as _, Sha256};

/// A file that pages load.
pub(super) struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: &'static str,
}

/// How every page looks.
pub(super) static STYLESHEET: Asset = Asset {
    name: "sessrum.css",
    media_type: "text/css; charset=utf-8",
    content: include_str!("../../assets/sessrum.css"),
};

/// The mark in the browser's tab.
pub(super) static FAVICON: Asset = Asset {
    name: "favicon.svg",
    media_type: "image/svg+xml",
    content: include_str!("../../assets/favicon.svg"),
};

/// What keeps an open page in step with its session.
pub(super) static SCRIPT: Asset = Asset {
    name: "session-page.js",
    media_type: SCRIPT_TYPE,
    content: include_str!("../../assets/session-page.js"),
};

/// What the script imports.
static IMPORTED: Asset =
    Asset { name: "session-sync.js", media_type: SCRIPT_TYPE, content: SESSION_SYNC };

const SCRIPT_TYPE: &str = "text/javascript; charset=utf-8";

static ASSETS: [&Asset; 4] = [&STYLESHEET, &FAVICON, &SCRIPT, &IMPORTED];

/// Names this set of files, as part of their addresses: browsers keep them for good.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for asset in ASSETS {
        hash.update(asset.content);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let hash = digest.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
    format!("{hash:016x}")
});

impl Asset {
    /// Where it is served. Scripts import each other by their names.
    pub(super) fn address(&self) -> String {
        format!("/assets/{}", self.path())
    }

    fn path(&self) -> String {
        format!("{}/{}", *VERSION, self.name)
    }
}

pub(super) async fn show(PathText(path): PathText) -> Result<Response, Problem> {
    let asset = ASSETS.into_iter().find(|asset| asset.path() == path);
    let asset = asset.ok_or_else(|| Problem::new(Code::NotFound))?;
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, asset.content).into_response())
}
