use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sessrum_core::store::{User, UserChange, UserOutcome};
use sessrum_core::{Accounts, Role, Timestamp, UnifiedSessionManager, UserAdded, UserId, UserRule};
use utoipa::{IntoParams, ToSchema};
use zeroize::Zeroizing;

use super::{FreshAdmin, no_such_user, refused};
use crate::api::documented::{Listing, Sending};
use crate::api::paging;
use crate::api::state::{self, Key};
use crate::extract::PathText;
use crate::guard::{Admin, RequireRole};
use crate::json::JsonBody;
use crate::problem::{Code, Problem};
use crate::query::QueryInput;
use crate::request_session::RequestSession;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UserQuery {
    /// The `next_cursor` of the page before.
    #[param(pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// A user, without the password.
#[derive(Serialize, ToSchema)]
pub(super) struct UserRow {
    #[schema(value_type = Key)]
    id: UserId,
    username: String,
    email: String,
    #[schema(value_type = state::Role)]
    role: Role,
    /// Whether the user may sign in and keep sessions.
    is_active: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    password_changed_at: Timestamp,
}

impl From<User> for UserRow {
    fn from(user: User) -> Self {
        let User { info, is_active, created_at, password_changed_at } = user;
        Self {
            id: info.id,
            username: info.username,
            email: info.email,
            role: info.role,
            is_active,
            created_at,
            password_changed_at,
        }
    }
}

/// A page of users.
#[derive(Serialize, ToSchema)]
pub(super) struct UserRows {
    users: Vec<UserRow>,
    /// For the page after this; null on the last.
    next_cursor: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUserInput {
    /// The name that signs in.
    #[schema(min_length = 1, max_length = 200)]
    username: String,
    #[schema(max_length = 200)]
    email: String,
    /// `viewer` unless said otherwise.
    #[schema(value_type = Option<state::Role>)]
    role: Option<Role>,
    /// 8 to 256 characters.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256)]
    password: Zeroizing<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserInput {
    /// Counts with the user's next request.
    #[schema(value_type = Option<state::Role>)]
    role: Option<Role>,
    /// False ends the user's sessions; true revives none.
    is_active: Option<bool>,
}

/// The users, oldest first.
#[utoipa::path(get, path = "/api/admin/users", tag = "admin", params(UserQuery), responses(
    (status = 200, body = UserRows),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    Listing,
))]
pub(super) async fn list(
    _: RequireRole<Admin>,
    session: RequestSession,
    QueryInput(query): QueryInput<UserQuery>,
) -> Result<JsonBody<UserRows>, Problem> {
    let manager = session.manager();
    are_bundled(manager)?;
    let rows = paging::rows(query.limit)?;
    let after = paging::number(query.cursor.as_deref())?;
    let mut found = manager.store().users(after, rows + 1).await?;
    let next_cursor = paging::cut(&mut found, rows, |user| user.info.id.to_string());
    Ok(JsonBody(UserRows { users: found.into_iter().map(UserRow::from).collect(), next_cursor }))
}

/// Adds a user. Needs a fresh authentication.
#[utoipa::path(post, path = "/api/admin/users", tag = "admin", request_body = NewUserInput,
responses(
    (status = 201, body = UserRow),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    Sending,
))]
pub(super) async fn add(
    (admin, _): FreshAdmin,
    session: RequestSession,
    State(accounts): State<Arc<Accounts>>,
    JsonBody(input): JsonBody<NewUserInput>,
) -> Result<(StatusCode, JsonBody<UserRow>), Problem> {
    let manager = session.manager();
    are_bundled(manager)?;
    let NewUserInput { username, email, role, password } = input;
    let role = role.unwrap_or(Role::Viewer);
    let change = manager.change_by(&admin, session.client());
    let unfit = |field: &str, why: String| Err(Problem::field(field, why));
    match accounts.add_user(username.clone(), email, role, &password, &change).await? {
        UserAdded::Added(_) => {}
        UserAdded::UsernameTaken => return Err(refused("username", "is another user's")),
        UserAdded::EmailTaken => return Err(refused("email", "is another user's")),
        UserAdded::UserUnfit(why @ UserRule::Username) => {
            return unfit("username", why.to_string());
        }
        UserAdded::UserUnfit(why @ UserRule::Email) => return unfit("email", why.to_string()),
        UserAdded::PasswordUnfit(why) => return unfit("password", why.to_string()),
    }
    let user = manager.store().user_by_name(&username).await?.ok_or_else(no_such_user)?;
    Ok((StatusCode::CREATED, JsonBody(user.into())))
}

/// Changes a user, all of it or nothing; what is left out stays. Nobody demotes or disables
/// themselves, and the last active administrator stays one. Needs a fresh authentication.
#[utoipa::path(patch, path = "/api/admin/users/{id}", tag = "admin",
params(("id" = i64, Path)), request_body = UserInput, responses(
    (status = 200, body = UserRow),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    Sending,
))]
pub(super) async fn change(
    (admin, _): FreshAdmin,
    session: RequestSession,
    PathText(id): PathText,
    JsonBody(input): JsonBody<UserInput>,
) -> Result<JsonBody<UserRow>, Problem> {
    let manager = session.manager();
    are_bundled(manager)?;
    let user = UserId::from(id.parse::<i64>().map_err(|_| no_such_user())?);
    let UserInput { role, is_active } = input;
    if user == admin.user.id {
        if role.is_some_and(|role| role < Role::Admin) {
            return Err(refused("role", "is your own: let another administrator change it"));
        }
        if is_active == Some(false) {
            let message = "would lock yourself out: let another administrator do it";
            return Err(refused("is_active", message));
        }
    }
    let what = UserChange { role, is_active, spares_last_admin: true };
    let change = manager.change_by(&admin, session.client());
    match manager.store().change_user(&user, what, &change).await? {
        UserOutcome::Changed { user, .. } => Ok(JsonBody((*user).into())),
        UserOutcome::NotFound => Err(no_such_user()),
        UserOutcome::LastAdmin => {
            let field = if is_active == Some(false) { "is_active" } else { "role" };
            Err(refused(field, "would leave no active administrator"))
        }
    }
}

/// An application with users of its own manages them itself.
fn are_bundled(manager: &UnifiedSessionManager) -> Result<(), Problem> {
    if manager.has_own_directory() {
        let detail = "Users are managed by the application itself.";
        return Err(Problem::new(Code::NotFound).with_detail(detail));
    }
    Ok(())
}
