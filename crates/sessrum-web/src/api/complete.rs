//! What every route of the document has, put into it in one place.

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr, Response};

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

    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            operation.operation_id = Some(name(method, path));
            leave_out(&mut operation.request_body);
            operation.security.get_or_insert_with(|| vec![needs(method == "get")]);
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response {
                    describe(status, response);
                }
            }
        }
    }
}

/// As in `patch_admin_users_id`: a handler's name is not unique.
fn name(method: &str, path: &str) -> String {
    let path = path.trim_start_matches("/api").replace(['/', '-'], "_").replace(['{', '}'], "");
    format!("{method}{path}")
}

/// A body that may be left out is never null all the same.
fn leave_out(body: &mut Option<RefOr<RequestBody>>) {
    let Some(RefOr::T(body)) = body else { return };
    for content in body.content.values_mut() {
        let RefOr::T(content) = content else { continue };
        let Some(RefOr::T(Schema::OneOf(either))) = &content.schema else { continue };
        if let [input, RefOr::T(Schema::Object(null))] = &*either.items
            && null.schema_type == Type::Null.into()
        {
            content.schema = Some(input.clone());
        }
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
