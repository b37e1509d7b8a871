//! `/openapi.json`, and whether it tells the truth. That each answer of a described route is
//! described is checked of all answers of all tests, in `support/invariants.rs`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Site, given};

/// The routes of the contract that there are.
const ROUTES: &str = "
    DELETE /api/admin/sessions/{handle}
    DELETE /api/platforms/{id}
    DELETE /api/session/data/{key}
    DELETE /api/sessions/{handle}
    GET /api/account/events
    GET /api/admin/audit
    GET /api/admin/sessions
    GET /api/admin/users
    GET /api/platforms
    GET /api/platforms/{id}
    GET /api/session/csrf-token
    GET /api/session/data
    GET /api/session/data/{key}
    GET /api/session/events
    GET /api/session/state
    GET /api/sessions
    GET /healthz
    GET /readyz
    PATCH /api/admin/users/{id}
    PATCH /api/platforms/{id}
    POST /api/account/password
    POST /api/admin/cleanup
    POST /api/admin/revoke-all
    POST /api/admin/users
    POST /api/admin/users/{id}/revoke-sessions
    POST /api/login
    POST /api/logout
    POST /api/platforms
    POST /api/platforms/{id}/default
    POST /api/session/heartbeat
    POST /api/session/platform
    POST /api/session/reauthenticate
    POST /api/sessions/revoke-others
    PUT /api/session/data/{key}
";

fn described(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(|method| (method.to_ascii_uppercase(), path.clone()))
    });
    operations.collect()
}

#[tokio::test]
async fn every_route_of_the_contract_is_in_the_document() {
    let site = Site::new().await;
    let answer = site.browser().get("/openapi.json").await.is(200);
    let document = answer.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let described = described(&document);
    for line in ROUTES.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (method, path) = line.split_once(' ').unwrap();
        assert!(described.contains(&(method.to_owned(), path.to_owned())), "{line}");
    }
    assert!(site.store().asked().is_empty());
}

#[tokio::test]
async fn every_route_of_the_document_is_there() {
    let site = Site::new().await;
    for (method, path) in described(site.document().unwrap()) {
        let answer = site.browser().call(&method, &given(&path)).send().await;
        assert!(!matches!(answer.status.as_u16(), 404 | 405), "{method} {path}: {answer:?}");
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    fn check(document: &Value, part: &Value) {
        match part {
            Value::Object(map) => {
                if let Some(Value::String(target)) = map.get("$ref") {
                    let pointer = target.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{target}");
                }
                map.values().for_each(|part| check(document, part));
            }
            Value::Array(parts) => parts.iter().for_each(|part| check(document, part)),
            _ => {}
        }
    }
    let site = Site::new().await;
    let document = site.document().unwrap();
    check(document, document);
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().iter();
        operations.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
    })
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own_and_describes_its_answers() {
    let site = Site::new().await;
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations(site.document().unwrap()) {
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{method} {path}");
        for (status, answer) in operation["responses"].as_object().unwrap() {
            assert_ne!(answer["description"], "", "{method} {path} {status}");
        }
    }
}

/// Security: 3.5.1
#[tokio::test]
async fn every_operation_says_what_it_takes_to_be_let_in() {
    let site = Site::new().await;
    for (method, path, operation) in operations(site.document().unwrap()) {
        let wanted = match (method, path) {
            (_, "/healthz" | "/readyz") => Value::Null,
            (_, "/api/login") => json!([{}]),
            (_, "/api/logout") => json!([{}, {"session": [], "csrf_token": []}]),
            ("get", _) => json!([{"session": []}]),
            _ => json!([{"session": [], "csrf_token": []}]),
        };
        assert_eq!(operation["security"], wanted, "{method} {path}");
    }
}
