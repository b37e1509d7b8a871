"""Signs in for schemathesis, keeps the cookie as a browser does, and knows the one password."""

import json
import os
import time
import urllib.error
import urllib.request

import schemathesis

SITE = os.environ["SITE"]
USERNAME = os.environ["USERNAME"]
COOKIE = "session_id"


class Browser:
    """What a signed-in page holds."""

    def __init__(self):
        self.password = os.environ["PASSWORD"]
        self.token = None
        self.csrf_token = None
        self.calls = 0

    def ask(self, path, body=None, method=None):
        headers = {"Origin": SITE, "Content-Type": "application/json"}
        if self.token:
            headers["Cookie"] = f"{COOKIE}={self.token}"
        if self.csrf_token:
            headers["X-CSRF-Token"] = self.csrf_token
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(SITE + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                self.keep(answer.headers.get_all("Set-Cookie") or [])
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            if error.code != 429:
                raise
            time.sleep(int(error.headers["Retry-After"]))
            return self.ask(path, body, method)

    def keep(self, lines):
        for line in lines:
            name, _, value = line.partition(";")[0].partition("=")
            if name == COOKIE:
                self.token, self.csrf_token = value or None, None

    def be_signed_in(self):
        """A call may have ended the session: then it takes another."""
        try:
            if self.token and self.csrf_token is None:
                self.csrf_token = self.ask("/api/session/csrf-token")["csrf_token"]
            elif self.token:
                self.ask("/api/session/state")
        except urllib.error.HTTPError as error:
            if error.code != 401:
                raise
            self.token = None
        if self.token is None:
            form = {"username": USERNAME, "password": self.password}
            self.csrf_token = self.ask("/api/login", form)["csrf_token"]

    def platform(self):
        """A platform of the user's, if there is one."""
        self.be_signed_in()
        platforms = self.ask("/api/platforms")["platforms"]
        return platforms[self.calls % len(platforms)]["id"] if platforms else 1

    def session(self, path):
        """A session that may be ended, this one or another."""
        self.be_signed_in()
        sessions = self.ask(path)["sessions"]
        return sessions[self.calls % len(sessions)]["handle"]

    def key(self):
        """A key of the session's data."""
        self.be_signed_in()
        self.ask("/api/session/data/kept", self.calls, "PUT")
        return "kept"

    def user(self):
        """One of the users, the first as often as the second."""
        return self.calls // 2 % 2 + 1


browser = Browser()


@schemathesis.auth(refresh_interval=None)
class SignedIn:
    def get(self, case, context):
        browser.be_signed_in()
        return browser.token, browser.csrf_token

    def set(self, case, data, context):
        token, csrf_token = data
        case.cookies = {**(case.cookies or {}), COOKIE: token}
        case.headers = {**(case.headers or {}), "Origin": SITE, "X-CSRF-Token": csrf_token}


@schemathesis.hook
def before_call(context, case, kwargs):
    # A cookie that was made a number cannot be sent.
    case.cookies = {name: str(value) for name, value in (case.cookies or {}).items()}
    headers = case.headers or {}
    if "If-Match" in headers and headers.get("If-None-Match") == "*":
        # A schema cannot say that one excludes the other.
        del headers["If-None-Match"]
    if browser.calls % 2 and case.meta.generation.mode.is_positive:
        make_right(case)
    browser.calls += 1


def make_right(case):
    """Random passwords, keys and handles are all wrong."""
    body, path = case.body, case.path_parameters or {}
    if isinstance(body, dict):
        for field in ("password", "current_password"):
            if isinstance(body.get(field), str):
                body[field] = browser.password
        if case.path == "/api/login" and isinstance(body.get("username"), str):
            body["username"] = USERNAME
        if case.path == "/api/admin/users":
            body["username"] = f"user {browser.calls}"
            body["email"] = f"{browser.calls}@example.org"
            body["password"] = "correct horse battery staple"
        if isinstance(body.get("platform_id"), int):
            body["platform_id"] = browser.platform()
    if case.path.startswith("/api/platforms/") and "id" in path:
        path["id"] = browser.platform()
    if case.path == "/api/session/data/{key}" and case.method != "PUT":
        path["key"] = browser.key()
    if case.path.startswith("/api/admin/users/") and "id" in path:
        path["id"] = type(path["id"])(browser.user())
    if case.path == "/api/sessions/{handle}" and "handle" in path:
        path["handle"] = browser.session("/api/sessions")
    if case.path == "/api/admin/sessions/{handle}" and USERNAME == "admin":
        path["handle"] = browser.session("/api/admin/sessions")


@schemathesis.hook
def after_call(context, case, response):
    browser.keep(response.headers.get("set-cookie", []))
    if case.path == "/api/account/password" and response.status_code == 200:
        browser.password = case.body["new_password"]
