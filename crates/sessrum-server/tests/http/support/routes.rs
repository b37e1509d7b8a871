//! Every route of the server, so that tests of all of them cover new ones.

use serde_json::Value;

use super::site::Site;

/// Where pages have their routes.
const PAGES: &str = include_str!("../../../src/pages/mod.rs");

/// A route that changes something.
#[derive(Clone, Debug)]
pub(crate) struct Mutation {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Whether it takes forms. The others take JSON.
    pub(crate) is_page: bool,
    /// The safe methods that the same address takes for something else.
    pub(crate) safe: &'static [&'static str],
}

impl Mutation {
    /// Signing in is what one does without a session.
    pub(crate) fn needs_session(&self) -> bool {
        !matches!(self.path.as_str(), "/login" | "/api/login")
    }
}

/// Those of the OpenAPI document and those of the pages.
pub(crate) fn mutations(site: &Site) -> Vec<Mutation> {
    let mut found = of_document(site.document().unwrap());
    assert!(found.len() >= 17, "{found:?}");
    let pages = of_pages();
    assert!(pages.len() >= 12, "{pages:?}");
    found.extend(pages);
    found
}

/// The addresses that show a session something by GET: those of the API, and the pages.
pub(crate) fn reading(site: &Site) -> (Vec<String>, Vec<String>) {
    let of_session = |item: &Value| item.pointer("/get/security/0/session").is_some();
    let paths = site.document().unwrap()["paths"].as_object().unwrap().iter();
    let api: Vec<_> = paths.filter(|(_, item)| of_session(item)).map(|it| given(it.0)).collect();
    assert!(api.len() >= 11, "{api:?}");
    let routes = PAGES.split(".route(\"").skip(1).filter(|route| route.contains("get("));
    let paths = routes.map(|route| route.split('"').next().unwrap().to_owned());
    let is_page = |path: &String| !path.starts_with("/assets/") && !path.contains('{');
    let pages: Vec<_> = paths.filter(|path| path != "/login" && is_page(path)).collect();
    assert!(pages.len() >= 5, "{pages:?}");
    (api, pages)
}

const GET: &[&str] = &["GET", "HEAD"];

fn of_document(document: &Value) -> Vec<Mutation> {
    let mut found = Vec::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        let safe = if item.get("get").is_some() { GET } else { &[] };
        for method in item.as_object().unwrap().keys().filter(|method| *method != "get") {
            let (method, path) = (method.to_uppercase(), given(template));
            found.push(Mutation { method, path, is_page: false, safe });
        }
    }
    found
}

fn of_pages() -> Vec<Mutation> {
    let routes = PAGES.split(".route(\"").skip(1);
    let changing = routes.filter(|route| route.contains("post("));
    let mutation = |route: &str| Mutation {
        method: "POST".to_owned(),
        path: given(route.split('"').next().unwrap()),
        is_page: true,
        // The address of a form shows its page or leads to it.
        safe: GET,
    };
    // A method of its own would not be found here.
    assert!(!["put(", "patch(", "delete(", "any("].iter().any(|other| PAGES.contains(other)));
    changing.map(mutation).collect()
}

/// A path as a template has it.
pub(crate) fn given(template: &str) -> String {
    template.replace("{id}", "1").replace("{key}", "k").replace("{handle}", "h")
}
