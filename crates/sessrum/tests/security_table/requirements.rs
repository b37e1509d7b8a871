//! What must hold, as `docs/security/requirements.toml` says.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::tags::TaggedTest;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Requirements {
    #[serde(rename = "group")]
    pub(crate) groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) title: String,
    #[serde(rename = "requirement")]
    pub(crate) requirements: Vec<Requirement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Requirement {
    pub(crate) id: String,
    pub(crate) holds: String,
    /// Why no test shows it, if none does.
    pub(crate) reason: Option<String>,
}

impl Requirements {
    pub(crate) fn read(text: &str) -> Self {
        toml::from_str(text).unwrap_or_else(|error| panic!("{error}"))
    }

    fn all(&self) -> impl Iterator<Item = &Requirement> {
        self.groups.iter().flat_map(|group| &group.requirements)
    }

    /// Where the requirements and the tests do not fit each other.
    pub(crate) fn faults(&self, tests: &[TaggedTest]) -> Vec<String> {
        let mut faults = Vec::new();
        let mut ids = BTreeSet::new();
        for requirement in self.all() {
            let id = requirement.id.as_str();
            if !ids.insert(id) {
                faults.push(format!("{id} is there twice"));
            }
            let is_tested = tests.iter().any(|test| test.shows(id));
            match (is_tested, &requirement.reason) {
                (false, None) => faults.push(format!("{id} has no test, and no reason for that")),
                (true, Some(_)) => {
                    faults.push(format!("{id} has a test, and a reason to have none"));
                }
                _ => {}
            }
        }
        for test in tests {
            for id in test.ids.iter().filter(|id| !ids.contains(id.as_str())) {
                faults.push(format!("{}: {} shows {id}, which is unknown", test.file, test.name));
            }
            if test.ids.iter().collect::<BTreeSet<_>>().len() < test.ids.len() {
                faults.push(format!("{}: {} has an id twice", test.file, test.name));
            }
        }
        faults
    }
}

impl TaggedTest {
    pub(crate) fn shows(&self, id: &str) -> bool {
        self.ids.iter().any(|shown| shown == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(requirements: &str, shown: &[&str]) -> Vec<String> {
        let file = format!("[[group]]\ntitle = \"t\"\n{requirements}");
        let ids = shown.iter().map(|id| (*id).to_owned()).collect();
        let test = TaggedTest { ids, name: "it".to_owned(), file: "a.rs".to_owned() };
        Requirements::read(&file).faults(&[test])
    }

    const ONE: &str = "[[group.requirement]]\nid = \"1.1.1\"\nholds = \"h\"\n";

    #[test]
    fn a_requirement_has_a_test_or_a_reason() {
        let apart = format!("{ONE}reason = \"r\"\n");
        assert_eq!(faults(ONE, &["1.1.1"]), [""; 0]);
        assert_eq!(faults(&apart, &[]), [""; 0]);
        assert_eq!(faults(ONE, &[]), ["1.1.1 has no test, and no reason for that"]);
        assert_eq!(faults(&apart, &["1.1.1"]), ["1.1.1 has a test, and a reason to have none"]);
    }

    #[test]
    fn ids_are_known_and_there_once() {
        assert_eq!(faults(ONE, &["1.1.1", "2"]), ["a.rs: it shows 2, which is unknown"]);
        assert_eq!(faults(ONE, &["1.1.1", "1.1.1"]), ["a.rs: it has an id twice"]);
        assert_eq!(faults(&ONE.repeat(2), &["1.1.1"]), ["1.1.1 is there twice"]);
    }
}
