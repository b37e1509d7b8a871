use serde::Deserialize;
use sessrum_core::store::{NewPlatform, PlatformChange};
use sessrum_core::{SealError, SealedCredentials, UnifiedSessionManager, UserId};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::problem::{Code, Problem};

/// The longest name or address, in characters.
const LONGEST: usize = 200;

/// The longest credentials, in bytes.
const LONGEST_TOKEN: usize = 8192;

/// A platform to be connected.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlatformInput {
    /// The user's own name for it.
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$")]
    pub name: String,
    /// Its kind, such as `pixelfed` or `mastodon`.
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$")]
    pub platform_type: String,
    /// Where it is, as in `https://pixelfed.example`.
    #[schema(format = "uri", max_length = 200)]
    pub instance_url: String,
    /// The user's name there.
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$")]
    pub username: String,
    /// What signs in there. Kept sealed.
    #[schema(value_type = Option<String>, format = Password, max_length = 8192)]
    pub access_token: Option<Zeroizing<String>>,
    /// Whether it takes over as the default.
    #[serde(default)]
    pub is_default: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct PlatformChangeInput {
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$")]
    name: Option<String>,
    /// Whether it can be chosen. An inactive platform is no default.
    is_active: Option<bool>,
    /// Other credentials.
    #[schema(value_type = Option<String>, format = Password, max_length = 8192)]
    access_token: Option<Zeroizing<String>>,
}

/// A platform that cannot be connected.
#[derive(Debug, thiserror::Error)]
pub enum PlatformInputError {
    /// A field is wrong: its name and what it must be.
    #[error("{0} {1}")]
    Field(&'static str, String),
    /// The credentials could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl From<PlatformInputError> for Problem {
    fn from(error: PlatformInputError) -> Self {
        match error {
            PlatformInputError::Field(field, message) => Self::field(field, message),
            PlatformInputError::Seal(error) => {
                tracing::error!("{error}");
                Self::new(Code::InternalError)
            }
        }
    }
}

impl PlatformInput {
    /// Checks the input and seals its credentials for `user`.
    ///
    /// # Errors
    /// [`PlatformInputError`] names the field that is wrong.
    pub fn check(
        self,
        user: &UserId,
        manager: &UnifiedSessionManager,
    ) -> Result<NewPlatform, PlatformInputError> {
        let credentials = seal(self.access_token, user, manager)?;
        Ok(NewPlatform {
            name: text("name", &self.name)?,
            platform_type: text("platform_type", &self.platform_type)?,
            instance_url: instance("instance_url", &self.instance_url)?,
            username: text("username", &self.username)?,
            credentials,
            is_default: self.is_default,
        })
    }
}

impl PlatformChangeInput {
    /// Checks the input and seals its credentials for `user`.
    pub(super) fn check(
        self,
        user: &UserId,
        manager: &UnifiedSessionManager,
    ) -> Result<PlatformChange, PlatformInputError> {
        Ok(PlatformChange {
            name: self.name.map(|name| text("name", &name)).transpose()?,
            is_active: self.is_active,
            credentials: seal(self.access_token, user, manager)?,
            is_default: None,
        })
    }
}

fn text(field: &'static str, value: &str) -> Result<String, PlatformInputError> {
    let value = value.trim();
    let message = if value.chars().any(char::is_control) {
        "must have no control characters".to_owned()
    } else if !(1..=LONGEST).contains(&value.chars().count()) {
        format!("must have 1 to {LONGEST} characters")
    } else {
        return Ok(value.to_owned());
    };
    Err(PlatformInputError::Field(field, message))
}

/// An instance is a site: `http` or `https`, a host, no userinfo. Kept without a trailing slash.
fn instance(field: &'static str, value: &str) -> Result<String, PlatformInputError> {
    let bad = || {
        let example = "must be the address of a site, as in https://pixelfed.example";
        PlatformInputError::Field(field, example.to_owned())
    };
    let url = url::Url::parse(value.trim()).map_err(|_| bad())?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && plain && value.len() <= LONGEST
    {
        Ok(url.as_str().trim_end_matches('/').to_owned())
    } else {
        Err(bad())
    }
}

fn seal(
    access_token: Option<Zeroizing<String>>,
    user: &UserId,
    manager: &UnifiedSessionManager,
) -> Result<Option<SealedCredentials>, PlatformInputError> {
    let Some(token) = access_token.filter(|token| !token.is_empty()) else { return Ok(None) };
    if token.len() > LONGEST_TOKEN {
        let message = format!("must have {LONGEST_TOKEN} bytes at most");
        return Err(PlatformInputError::Field("access_token", message));
    }
    Ok(Some(manager.sealing_key().seal(&token, user, manager.random())?))
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        PlatformInputError::Seal(error).into()
    }
}
