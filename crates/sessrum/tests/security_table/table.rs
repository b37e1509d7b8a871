//! The table as it stands in the document.

use std::fmt::Write as _;

use crate::requirements::{Requirement, Requirements};
use crate::tags::TaggedTest;

/// A table for each group.
pub(crate) fn render(requirements: &Requirements, tests: &[TaggedTest]) -> String {
    let mut text = String::new();
    for group in &requirements.groups {
        let title = &group.title;
        write!(
            text,
            "### {title}\n\n| id | what must hold | state | tests |\n| --- | --- | --- | --- |\n"
        )
        .unwrap();
        for requirement in &group.requirements {
            text.push_str(&row(requirement, tests));
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn row(requirement: &Requirement, tests: &[TaggedTest]) -> String {
    let Requirement { id, holds, reason } = requirement;
    let state = reason.as_deref().unwrap_or("tested");
    let links: Vec<_> = tests.iter().filter(|test| test.shows(id)).map(link).collect();
    format!("| {id} | {holds} | {state} | {} |\n", links.join("<br>"))
}

fn link(test: &TaggedTest) -> String {
    format!("[{}](../{})", test.name, test.file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_requirement_has_its_row() {
        let requirements = Requirements::read(
            "[[group]]\ntitle = \"T\"\n\
             [[group.requirement]]\nid = \"1.1.1\"\nholds = \"It holds.\"\n\
             [[group.requirement]]\nid = \"abuse 2\"\nholds = \"So.\"\nreason = \"does not apply\"\n",
        );
        let test = |name: &str| TaggedTest {
            ids: vec!["1.1.1".to_owned()],
            name: name.to_owned(),
            file: "crates/a.rs".to_owned(),
        };
        assert_eq!(
            render(&requirements, &[test("one"), test("two")]),
            "### T\n\n\
             | id | what must hold | state | tests |\n\
             | --- | --- | --- | --- |\n\
             | 1.1.1 | It holds. | tested | [one](../crates/a.rs)<br>[two](../crates/a.rs) |\n\
             | abuse 2 | So. | does not apply |  |\n"
        );
    }
}
