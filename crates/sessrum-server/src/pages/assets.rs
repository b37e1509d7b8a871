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
pub(super) static SCRIPT: Asset =
    Asset::script("session-page.js", include_str!("../../assets/session-page.js"));

/// Everything that pages load. The scripts import each other by these names.
static ASSETS: [&Asset; 12] = [
    &STYLESHEET,
    &FAVICON,
    &SCRIPT,
    &Asset::script("session-sync.js", SESSION_SYNC),
    &Asset::script("page/expiry.js", include_str!("../../assets/page/expiry.js")),
    &Asset::script("page/forms.js", include_str!("../../assets/page/forms.js")),
    &Asset::script("page/kept.js", include_str!("../../assets/page/kept.js")),
    &Asset::script("page/notice.js", include_str!("../../assets/page/notice.js")),
    &Asset::script("page/platform.js", include_str!("../../assets/page/platform.js")),
    &Asset::script("page/storage.js", include_str!("../../assets/page/storage.js")),
    &Asset::script("page/times.js", include_str!("../../assets/page/times.js")),
    &Asset::script("page/typed.js", include_str!("../../assets/page/typed.js")),
];

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
    const fn script(name: &'static str, content: &'static str) -> Self {
        Self { name, media_type: "text/javascript; charset=utf-8", content }
    }

    /// Where it is served.
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
