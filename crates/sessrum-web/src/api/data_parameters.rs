//! What the routes of the session's data take, for their OpenAPI descriptions.

use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

/// The longest key, in characters.
pub(super) const LONGEST_KEY: usize = 200;

/// The key, in the path.
pub(super) struct DataKey;

/// `If-Match`.
pub(super) struct IfMatch;

/// `If-None-Match`.
pub(super) struct IfNoneMatch;

impl IntoParams for DataKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = text("^[^\\u0000-\\u001f\\u007f-\\u009f]+$").max_length(Some(LONGEST_KEY));
        vec![
            ParameterBuilder::new()
                .name("key")
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(schema.min_length(Some(1))))
                .build(),
        ]
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = OneOfBuilder::new().item(star()).item(text("^\"[1-9][0-9]{0,17}\"$"));
        vec![header("If-Match", "The key's revision in quotes, or *", schema)]
    }
}

impl IntoParams for IfNoneMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![header("If-None-Match", "*, without If-Match", star())]
    }
}

fn header(name: &str, description: &str, schema: impl Into<Schema>) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema.into()))
        .build()
}

fn star() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["*"]))
}

fn text(pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern))
}
