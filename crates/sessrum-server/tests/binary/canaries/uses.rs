//! What people do with secrets, and what is listed and shown of it.

use reqwest::Method;
use serde_json::json;

use super::Campaign;
use super::search::Place;
use super::visitor::Visitor;

/// The passwords of a user who is an administrator, from the command line on.
pub(super) fn set_up(campaign: &Campaign) -> String {
    let password = campaign.secret("password from the command line");
    campaign.run(&["migrate"], "");
    let first = campaign.secret("first password");
    assert_eq!(campaign.add_user("ada", "admin", &first), Some(0));
    let set = ["user", "set-password", "ada", "--password-stdin"];
    assert_eq!(campaign.run(&set, &password), Some(0));
    assert_eq!(campaign.add_user("bob", "viewer", &campaign.secret("password of bob")), Some(0));
    // Refused: the name is taken, the password is too long, or easy to guess.
    let refused = campaign.secret("password of a user there is already");
    assert_eq!(campaign.add_user("ada", "viewer", &refused), Some(1));
    let long = campaign.secret("too long a password").repeat(9);
    assert_eq!(campaign.run(&set, &long), Some(1));
    campaign.search.borrow_mut().canary("an easy password", "qwertyuiop1", &[]);
    assert_eq!(campaign.run(&set, "qwertyuiop1"), Some(1));
    let platform = ["platform", "add", "ada", "--type", "pixelfed", "--access-token-stdin"];
    let at = |url| ["--name", "art", "--username", "ada", "--instance-url", url];
    let token = campaign.secret("access token from the command line");
    let good = [&platform[..], &at("https://pixelfed.example")].concat();
    assert_eq!(campaign.run(&good, &token), Some(0));
    assert_eq!(campaign.run(&good, &campaign.secret("access token of a second")), Some(1));
    let bad = [&platform[..], &at("nowhere")].concat();
    assert_eq!(campaign.run(&bad, &campaign.secret("access token for nowhere")), Some(1));
    password
}

/// Signs in in every way, with right and wrong passwords and with some in other fields.
pub(super) async fn sign_in(campaign: &Campaign, ada: &mut Visitor, password: &str) {
    let wrong = campaign.secret("wrong password");
    assert_eq!(ada.post("/api/login", json!({"username": "ada", "password": wrong})).await, 401);
    let login = json!({"username": "ada", "password": password});
    assert_eq!(ada.post("/api/login", login.clone()).await, 200);
    let other = json!({"username": "ada", "password": password, "platform_id": 99});
    assert_eq!(ada.post("/api/login", other).await, 404);
    ada.page("/login").await;
    let name = "password typed as a name";
    campaign.search.borrow_mut().canary(name, name, &[Place::Body]);
    ada.token = None;
    ada.page("/login").await;
    assert_eq!(ada.form("/login", &[("username", name), ("password", &wrong)]).await, 401);
    let beside = campaign.secret("password in the fields beside its own");
    for field in ["next", "remember", "csrf_token"] {
        ada.form("/login", &[("username", "ada"), ("password", &wrong), (field, &beside)]).await;
    }
    for field in ["remember", "platform_id", "username"] {
        let mut input = json!({"username": "nobody", "password": beside});
        input[field] = json!([beside]);
        assert!(ada.post("/api/login", input.clone()).await >= 400);
        input[field] = json!(beside);
        assert!(ada.post("/api/login", input).await >= 400);
    }
    ada.page("/login").await;
    assert_eq!(ada.form("/login", &[("username", "ada"), ("password", password)]).await, 303);
    assert_eq!(ada.get("/api/session/csrf-token").await, 200);
    let mut http_2 = ada.signed_out().over_http_2();
    assert_eq!(http_2.post("/api/login", login).await, 200);
    assert_eq!(http_2.page("/account/security").await, 200);
    // Too many failures.
    let statuses = [401, 401, 401, 401, 401, 429];
    for status in statuses {
        let login = json!({"username": "bob", "password": campaign.secret("bob's wrong one")});
        assert_eq!(ada.post("/api/login", login).await, status);
    }
}

fn password_fields<'a>(old: &'a str, new: &'a str, again: &'a str) -> [(&'a str, &'a str); 3] {
    [("current_password", old), ("new_password", new), ("new_password_again", again)]
}

/// Changes passwords and platforms, by the API and by the pages. Answers the last password.
pub(super) async fn change(campaign: &Campaign, ada: &mut Visitor, first: &str) -> String {
    let [second, third] = ["second password", "third password"].map(|name| campaign.secret(name));
    let wrong = campaign.secret("wrong present password");
    let path = "/api/account/password";
    let change = |old: &str, new: &str| json!({"current_password": old, "new_password": new});
    assert_eq!(ada.post(path, change(&wrong, &second)).await, 403);
    assert_eq!(ada.post(path, change(first, "qwertyuiop1")).await, 422);
    assert_eq!(ada.post(path, change(first, &second)).await, 200);
    let path = "/account/security";
    assert_eq!(ada.page(path).await, 200);
    assert_eq!(ada.form(path, &password_fields(&second, &third, &wrong)).await, 422);
    assert_eq!(ada.form(path, &password_fields(&wrong, &third, &third)).await, 403);
    assert_eq!(ada.form(path, &password_fields(&second, &third, &third)).await, 303);
    let prove = "/api/session/reauthenticate";
    assert_eq!(ada.post(prove, json!({"password": wrong})).await, 403);
    assert_eq!(ada.post(prove, json!({"password": third})).await, 200);
    assert_eq!(ada.page("/account/confirm?next=/").await, 200);
    assert_eq!(ada.form("/account/confirm", &[("password", &wrong)]).await, 403);
    assert_eq!(ada.form("/account/confirm", &[("password", &third)]).await, 303);
    let added = campaign.secret("password of a user added by the API");
    let mut user = json!({"username": "eve", "email": "eve@example.org", "password": added});
    assert_eq!(ada.post("/api/admin/users", user.clone()).await, 201);
    assert_eq!(ada.post("/api/admin/users", user.clone()).await, 409);
    user["role"] = json!(added);
    assert_eq!(ada.post("/api/admin/users", user).await, 422);

    let token = campaign.secret("access token by the API");
    let mut platform = json!({"name": "news", "platform_type": "mastodon", "username": "ada",
        "instance_url": "https://mastodon.example", "access_token": token});
    assert_eq!(ada.post("/api/platforms", platform.clone()).await, 201);
    assert_eq!(ada.post("/api/platforms", platform.clone()).await, 409);
    platform["instance_url"] = json!(format!("https://ada:{token}@mastodon.example/?{token}"));
    assert_eq!(ada.post("/api/platforms", platform.clone()).await, 422);
    platform["access_token"] = json!([token]);
    assert_eq!(ada.post("/api/platforms", platform).await, 422);
    let other = campaign.secret("another access token by the API");
    assert_eq!(
        ada.send(ada.ask(Method::PATCH, "/api/platforms/2").json(&json!({"access_token": other})))
            .await,
        200
    );
    let token = campaign.secret("access token by the page");
    let fields = |name| {
        let url = "https://page.example";
        let account = [("platform_type", "peertube"), ("instance_url", url), ("username", "ada")];
        [&account[..], &[("name", name), ("access_token", &token)]].concat()
    };
    assert_eq!(ada.form("/account/platforms", &fields("videos")).await, 303);
    assert_eq!(ada.form("/account/platforms", &fields("")).await, 422);
    // It is shown again, to be sent once more.
    assert_eq!(ada.old_form("/account/platforms", &fields("old")).await, 403);
    third
}

/// Everything that lists or shows something.
pub(super) async fn export(campaign: &Campaign, ada: &mut Visitor) {
    for path in [
        "/api/session/state",
        "/api/session/csrf-token",
        "/api/session/data",
        "/api/sessions",
        "/api/platforms",
        "/api/platforms/1",
        "/api/account/events",
        "/api/admin/users",
        "/api/admin/sessions?include_ended=true",
        "/api/admin/audit?limit=200",
        "/openapi.json",
        "/healthz",
        "/readyz",
    ] {
        assert_eq!(ada.get(path).await, 200, "{path}");
    }
    assert_eq!(ada.get("/metrics").await, 404);
    ada.first_event().await;
    for page in ["/", "/account/sessions", "/account/platforms", "/account/security"] {
        assert_eq!(ada.page(page).await, 200, "{page}");
    }
    let handle = ada.handle().await;
    for arguments in [
        &["audit", "--json"][..],
        &["audit"],
        &["session", "list", "--json"],
        &["session", "list"],
        &["session", "show", &handle, "--json"],
        &["user", "list", "--json"],
        &["platform", "list", "ada", "--json"],
        &["status", "--json"],
        &["doctor", "--json"],
        &["openapi"],
        &["config", "print"],
        &["cleanup", "--json"],
    ] {
        assert_eq!(campaign.run(arguments, ""), Some(0), "{arguments:?}");
    }
    // A key that stands in the configuration, and one that opens nothing.
    let key = std::fs::read_to_string(campaign.path().join(campaign.base.key())).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let config = file.path().to_str().unwrap();
    for (key, code) in [(key.clone(), 0), (key[4..].to_owned(), 1)] {
        let setting = campaign.base.setting();
        std::fs::write(file.path(), format!("{setting}secret_key = \"{key}\"")).unwrap();
        for command in [["config", "print"], ["config", "check"], ["doctor", "--json"]] {
            let arguments = [&["--config", config], &command[..]].concat();
            assert_eq!(campaign.run(&arguments, ""), Some(code), "{command:?}");
        }
    }
}
