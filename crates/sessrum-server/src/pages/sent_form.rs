use askama::Template;
use axum::response::{IntoResponse as _, Response};
use sessrum_web::{Problem, SentForm};

use super::layout::{Frame, page};

#[derive(Template)]
#[template(path = "sent_form.html")]
struct SentFormPage<'a> {
    frame: Frame,
    action: &'a str,
    fields: &'a [(String, String)],
    /// What a person typed, with the names of the fields as people read them.
    typed: Vec<(String, &'a str)>,
    secrets: Vec<Secret<'a>>,
    back: &'a str,
}

/// A field to be typed again.
struct Secret<'a> {
    id: String,
    name: &'a str,
    label: String,
    autocomplete: &'static str,
}

impl<'a> Secret<'a> {
    fn named(name: &'a str) -> Self {
        let autocomplete = match name {
            "password" | "current_password" => "current-password",
            name if name.contains("password") => "new-password",
            _ => "off",
        };
        Self { id: format!("again-{name}"), name, label: label(name), autocomplete }
    }
}

/// Whether somebody typed something. Other forms are a button: it is pressed again on its own page.
pub(super) fn is_worth_showing(form: &SentForm) -> bool {
    !form.secrets.is_empty() || form.fields.iter().any(is_typed)
}

fn is_typed((name, value): &(String, String)) -> bool {
    !value.is_empty() && !OURS.contains(&name.as_str())
}

/// What the site fills in by itself.
const OURS: [&str; 4] = ["next", "revision", "platform_id", "handle"];

/// The page that shows what was sent with a token of an earlier session, and sends it again.
pub(super) fn sent_form_page(
    problem: &Problem,
    form: &SentForm,
    here: Option<&str>,
    frame: Frame,
) -> Response {
    let typed = form.fields.iter().filter(|field| is_typed(field));
    let template = SentFormPage {
        frame,
        action: &form.action,
        fields: &form.fields,
        typed: typed.map(|(name, value)| (label(name), shown(value))).collect(),
        secrets: form.secrets.iter().map(|name| Secret::named(name)).collect(),
        back: here.unwrap_or("/"),
    };
    page(problem.status(), &template.frame, &template)
        .unwrap_or_else(|_| problem.clone().into_response())
}

/// A box that is ticked says "on".
fn shown(value: &str) -> &str {
    if value == "on" { "yes" } else { value }
}

/// What the pages call a field.
fn label(name: &str) -> String {
    let known = match name {
        "instance_url" => "Address of the site",
        "platform_type" => "Type",
        "username" => "Username",
        "is_default" => "Make it the default",
        _ => {
            let words = name.replace('_', " ");
            let mut letters = words.chars();
            let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
            return first + letters.as_str();
        }
    };
    known.to_owned()
}
