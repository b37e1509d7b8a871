//! Tags: `/// Security: 7.2.4, abuse 31` as the last line of a test's documentation.

const TAG: &str = "/// Security: ";

/// A test and the ids of the requirements that it shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TaggedTest {
    pub(crate) ids: Vec<String>,
    pub(crate) name: String,
    pub(crate) file: String,
}

/// The macros that make a test of each behaviour they name.
pub(crate) struct Suites {
    pub(crate) store: String,
    pub(crate) manager: String,
    pub(crate) tampering: String,
}

impl Suites {
    /// Whether the behaviour `name` of a file is one that every store's tests run.
    fn run(&self, file: &str, name: &str) -> bool {
        let Some(inner) = file.strip_prefix("crates/sessrum-conformance/src/") else {
            return false;
        };
        let theme = |file: &str| format!(" {} {{", file.trim_end_matches(".rs"));
        let (suite, begins) = match (inner, inner.strip_prefix("manager/")) {
            ("database/tampering.rs", _) => (&self.tampering, " $factory;".to_owned()),
            (_, Some(file)) => (&self.manager, theme(file)),
            (file, None) => (&self.store, theme(file)),
        };
        let listed = suite.split_once(&begins).map_or("", |(_, rest)| rest);
        let listed = listed.split('}').next().unwrap_or_default();
        listed.split(',').any(|behaviour| behaviour.trim() == name)
    }
}

/// The tagged tests of a file, or what is wrong with its tags.
pub(crate) fn tagged_in(
    file: &str,
    source: &str,
    suites: &Suites,
) -> Result<Vec<TaggedTest>, Vec<String>> {
    let (mut tests, mut faults) = (Vec::new(), Vec::new());
    let mut lines = source.lines().map(str::trim).enumerate();
    while let Some((number, line)) = lines.next() {
        let read = if let Some(ids) = line.strip_prefix(TAG) {
            read_test(ids, lines.clone().map(|(_, line)| line))
        } else if looks_like_a_tag(line) {
            Err(format!("a tag is a line of its own that begins with `{TAG}`"))
        } else {
            continue;
        };
        match read {
            Ok((_, name, false)) if !suites.run(file, name) => {
                faults.push(format!("{file}:{}: {name} is no test", number + 1));
            }
            Ok((ids, name, _)) => {
                tests.push(TaggedTest { ids, name: name.to_owned(), file: file.to_owned() });
            }
            Err(fault) => faults.push(format!("{file}:{}: {fault}", number + 1)),
        }
    }
    if faults.is_empty() { Ok(tests) } else { Err(faults) }
}

/// Whether somebody meant a tag, however it is written.
fn looks_like_a_tag(line: &str) -> bool {
    let Some(start) = line.find("//").or_else(|| line.find("/*")) else { return false };
    let comment = line[start..].trim_start_matches(['/', '*', '!', ' ']).to_lowercase();
    let rest = comment.strip_prefix("security").map(str::trim_start);
    rest.is_some_and(|rest| rest.starts_with(|c: char| c == ':' || c.is_ascii_digit()))
}

/// The ids, the name of the function below, and whether an attribute makes it a test.
fn read_test<'a>(
    ids: &str,
    mut below: impl Iterator<Item = &'a str>,
) -> Result<(Vec<String>, &'a str, bool), String> {
    let ids = ids.split(", ").map(str::to_owned).collect();
    let mut is_test = false;
    let function = loop {
        match below.next() {
            Some(line) if line.starts_with("#[") => {
                is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
                let mut last = line;
                while !last.ends_with(']') {
                    last = below.next().unwrap_or("]");
                }
            }
            other => break other.unwrap_or_default(),
        }
    };
    let declared = function.strip_prefix("pub ").unwrap_or(function);
    let declared = declared.strip_prefix("async ").unwrap_or(declared);
    let name = declared.strip_prefix("fn ").and_then(|rest| rest.split(['(', '<']).next());
    match name {
        Some(name) => Ok((ids, name, is_test)),
        None => Err("a tag stands directly above a test and its attributes".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "crates/sessrum-conformance/src/ending.rs";

    fn read(file: &str, source: &str) -> Result<Vec<TaggedTest>, Vec<String>> {
        let suites = Suites {
            store: "a {\n b,\n }\n ending {\n ends,\n stays,\n }".to_owned(),
            manager: "x {\n }\n ending {\n manages,\n }".to_owned(),
            tampering: "{\n $factory;\n finds,\n }".to_owned(),
        };
        tagged_in(file, source, &suites)
    }

    #[track_caller]
    fn finds(file: &str, source: &str, ids: &[&str], name: &str) {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        let test = TaggedTest { ids, name: name.to_owned(), file: file.to_owned() };
        assert_eq!(read(file, source), Ok(vec![test]));
    }

    #[track_caller]
    fn refuses(source: &str, fault: &str) {
        let faults = read("a.rs", source).unwrap_err();
        assert!(faults.len() == 1 && faults[0].contains(fault), "{source}: {faults:?}");
    }

    #[test]
    fn tests_are_found_by_their_attributes() {
        let ids = ["7.2.4", "N5.1", "abuse 31", "WSTG-SESS-03"];
        for attributes in [
            "#[test]",
            "#[tokio::test]",
            "#[tokio::test(flavor = \"multi_thread\")]",
            "#[cfg(unix)]\n#[test]",
            "#[tokio::test]\n#[expect(\n    clippy::panic,\n    reason = \"so\"\n)]",
        ] {
            for function in ["fn it_holds() {", "async fn it_holds() {", "pub async fn it_holds("] {
                let source = format!(
                    "/// It holds.\n///\n    /// Security: 7.2.4, N5.1, abuse 31, WSTG-SESS-03\n    \
                     {attributes}\n    {function}"
                );
                finds("a.rs", &source, &ids, "it_holds");
            }
        }
    }

    #[test]
    fn behaviours_are_found_in_their_suite() {
        let tagged = |name: &str| format!("/// Security: 7.4.1\npub async fn {name}(it: It) {{");
        finds(FILE, &tagged("stays"), &["7.4.1"], "stays");
        finds(
            "crates/sessrum-conformance/src/manager/ending.rs",
            &tagged("manages"),
            &["7.4.1"],
            "manages",
        );
        let tampering = "crates/sessrum-conformance/src/database/tampering.rs";
        finds(tampering, &tagged("finds<T: Tables>"), &["7.4.1"], "finds");
        for (file, name) in [
            (FILE, "b"),
            (FILE, "manages"),
            (tampering, "stays"),
            (FILE, "stay"),
            ("crates/sessrum-conformance/src/manager/ending.rs", "stays"),
            ("crates/sessrum-core/src/ending.rs", "stays"),
        ] {
            let faults = read(file, &tagged(name)).unwrap_err();
            assert_eq!(faults, [format!("{file}:1: {name} is no test")]);
        }
    }

    #[test]
    fn what_was_meant_as_a_tag_is_not_passed_over() {
        for line in [
            "// Security: 7.2.4",
            "//! Security: 7.2.4",
            "///Security: 7.2.4",
            "///  Security: 7.2.4",
            "/// security: 7.2.4",
            "/// SECURITY : 7.2.4",
            "/// Security:7.2.4",
            "/// Security 7.2.4",
            "/* Security: 7.2.4 */",
            "#[test] // Security: 7.2.4",
        ] {
            refuses(&format!("{line}\n#[test]\nfn it() {{}}"), "a tag is a line of its own");
        }
        for line in ["/// Security headers.", "use security::it;", "let security: u8 = 1;"] {
            assert_eq!(read("a.rs", line), Ok(vec![]), "{line}");
        }
    }

    /// What is not separated by a comma and a space is one id, and an unknown one.
    #[test]
    fn ids_are_taken_as_they_stand() {
        for id in ["7.2.4,7.2.3", "7.2.4; 7.2.3", "7.2.4 ,", "7.2.4."] {
            finds("a.rs", &format!("/// Security: {id}\n#[test]\nfn it() {{}}"), &[id], "it");
        }
    }

    #[test]
    fn a_tag_stands_directly_above_a_test() {
        for below in ["\n#[test]\nfn it() {}", "/// More.\n#[test]\nfn it() {}", "struct It;", ""] {
            refuses(&format!("/// Security: 7.2.4\n{below}"), "a tag stands directly above");
        }
        refuses("/// Security: 7.2.4\nfn it() {}", "it is no test");
        refuses("/// Security: 7.2.4\n#[inline]\nfn it() {}", "it is no test");
    }
}
