use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use sessrum_web::{Code, PathText, Problem};
use sha2::{Digest as _, Sha256};

/// A file that pages load. Its name changes with its content, so browsers keep it for good.
pub(super) struct Asset {
    name: String,
    media_type: &'static str,
    content: &'static str,
}

/// How every page looks.
pub(super) static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "sessrum",
        "css",
        "text/css; charset=utf-8",
        include_str!("../../assets/sessrum.css"),
    )
});

/// The mark in the browser's tab.
pub(super) static FAVICON: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("favicon", "svg", "image/svg+xml", include_str!("../../assets/favicon.svg"))
});

impl Asset {
    fn new(stem: &str, extension: &str, media_type: &'static str, content: &'static str) -> Self {
        let digest: [u8; 32] = Sha256::digest(content).into();
        let hash = digest.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
        Self { name: format!("{stem}.{hash:016x}.{extension}"), media_type, content }
    }

    /// Where it is served.
    pub(super) fn path(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

pub(super) async fn show(PathText(name): PathText) -> Result<Response, Problem> {
    let asset = [&STYLESHEET, &FAVICON]
        .into_iter()
        .find(|asset| asset.name == name)
        .ok_or_else(|| Problem::new(Code::NotFound))?;
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, asset.content).into_response())
}
