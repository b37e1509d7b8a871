//! Just enough HTML to read forms. Values are escaped, so a tag ends at the next `>`.

/// A form of a page.
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) method: String,
    /// What a browser would send if nothing were typed.
    pub(crate) fields: Vec<(String, String)>,
}

/// Every tag of a page, without its angle brackets.
pub(crate) fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()).collect()
}

/// The value of a tag's attribute; empty when it stands by itself.
pub(crate) fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag.split_once(char::is_whitespace)?.1.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (found, after) = rest.split_at(end);
        let value;
        (value, rest) = match after.strip_prefix("=\"") {
            Some(quoted) => quoted.split_once('"').unwrap(),
            None => ("", after),
        };
        if found == name {
            return Some(unescape(value));
        }
        rest = rest.trim_start();
    }
    None
}

/// The forms of a page that are not hidden.
pub(crate) fn forms(html: &str) -> Vec<Form> {
    html.split("<form").skip(1).filter_map(form).collect()
}

fn form(text: &str) -> Option<Form> {
    let text = format!("<form{}", text.split("</form>").next().unwrap());
    let tags = tags(&text);
    if attribute(tags[0], "hidden").is_some() {
        return None;
    }
    let sent = |tag: &&&str| {
        let is = |kind: &str| attribute(tag, "type").as_deref() == Some(kind);
        tag.starts_with("input") && (!is("checkbox") || attribute(tag, "checked").is_some())
    };
    Some(Form {
        action: attribute(tags[0], "action").unwrap(),
        method: attribute(tags[0], "method").unwrap(),
        fields: tags
            .iter()
            .filter(sent)
            .map(|tag| {
                (attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap_or_default())
            })
            .collect(),
    })
}

fn unescape(text: &str) -> String {
    text.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
}

#[test]
fn attributes_are_read_as_a_browser_does() {
    let tag = r#"input name="a b" hidden value="&#60;x y=z&#62;" checked"#;
    assert_eq!(attribute(tag, "name").unwrap(), "a b");
    assert_eq!(attribute(tag, "value").unwrap(), "<x y=z>");
    assert_eq!(attribute(tag, "checked").unwrap(), "");
    assert_eq!(attribute(tag, "y"), None);
}
