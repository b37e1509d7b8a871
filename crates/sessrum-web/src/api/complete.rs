//! What every route of the document has, put into it in one place.

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi, Response};

use super::documented::words;

const SESSION: &str = "session";
const CSRF_TOKEN: &str = "csrf_token";

/// Adds names, security and headers.
pub(super) fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let cookie = "__Host-session_id over https, session_id over plain http";
    let cookie = ApiKeyValue::with_description("session_id", cookie);
    components.add_security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    let token = ApiKeyValue::with_description("X-CSRF-Token", "Of unsafe requests");
    components.add_security_scheme(CSRF_TOKEN, SecurityScheme::ApiKey(ApiKey::Header(token)));

    for item in document.paths.paths.values_mut() {
        let safe = item.get.iter_mut().map(|operation| (operation, true));
        let changing = [&mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        let changing = changing.into_iter().flatten().map(|operation| (operation, false));
        for (operation, is_safe) in safe.chain(changing) {
            name(operation);
            operation.security.get_or_insert_with(|| vec![needs(is_safe)]);
            for (status, response) in &mut operation.responses.responses {
                if let utoipa::openapi::RefOr::T(response) = response {
                    describe(status, response);
                }
            }
        }
    }
}

/// A handler's name is its resource's alone: `platforms_list`, `sessions_list`.
fn name(operation: &mut Operation) {
    let tag = operation.tags.as_ref().and_then(|tags| tags.first());
    if let (Some(tag), Some(id)) = (tag, &operation.operation_id) {
        operation.operation_id = Some(format!("{tag}_{id}"));
    }
}

fn needs(is_safe: bool) -> SecurityRequirement {
    let session = SecurityRequirement::new::<_, [&str; 0], &str>(SESSION, []);
    if is_safe { session } else { session.add::<_, [&str; 0], &str>(CSRF_TOKEN, []) }
}

fn describe(status: &str, response: &mut Response) {
    if response.description.is_empty() {
        words(status).clone_into(&mut response.description);
    }
    let mut add = |name: &str, header: Header| {
        response.headers.insert(name.to_owned(), header.into());
    };
    add("X-Request-Id", header("Names the request in the server's log.", request_id()));
    add("Cache-Control", header("Nothing of a session is kept.", constant("no-store")));
    if status == "503" {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).build();
        add("Retry-After", header("Seconds after which to try again.", seconds));
    }
}

fn header(description: &str, schema: Object) -> Header {
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}

fn request_id() -> Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9a-f]{16}$")).build()
}

fn constant(value: &str) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some([value])).build()
}
