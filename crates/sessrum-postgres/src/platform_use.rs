use sessrum_core::{PlatformId, Timestamp, UserId};

use crate::error::Result;
use crate::rows;
use crate::sql::platforms as sql;
use crate::values::Sql;
use crate::writer::Writing;

/// A session that went into a platform.
pub(crate) struct PlatformUse<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) platform: &'a PlatformId,
    pub(crate) at: Timestamp,
}

/// Notes which platforms are used, of those that are bundled and of that user.
pub(crate) async fn note_uses(writing: &Writing, uses: &[PlatformUse<'_>]) -> Result<()> {
    let (mut platforms, mut owners, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for PlatformUse { user, platform, at } in uses {
        if let (Some(user), Some(platform)) = (rows::bundled(&user.0), rows::bundled(&platform.0)) {
            platforms.push(platform);
            owners.push(user);
            times.push(Sql(*at));
        }
    }
    if !platforms.is_empty() {
        writing.query(sql::USE, &[&platforms, &owners, &times]).await?;
    }
    Ok(())
}
