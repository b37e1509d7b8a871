"""Flask-Session on SQLAlchemy and SQLite, for gunicorn."""

import os

from flask import Flask, abort, session
from flask_session import Session
from flask_sqlalchemy import SQLAlchemy

application = Flask(__name__)
application.config.update(
    SQLALCHEMY_DATABASE_URI="sqlite:///" + os.environ["DATABASE"],
    SESSION_TYPE="sqlalchemy",
)
database = SQLAlchemy(application)
application.config["SESSION_SQLALCHEMY"] = database
Session(application)
with application.app_context():
    database.create_all()


@application.get("/state")
def state():
    if "state" not in session:
        abort(401)
    return session["state"]


@application.get("/sign-in/<int:number>")
def sign_in(number):
    time = "2026-01-01T12:00:00.000000Z"
    user, username = number // 10, f"user-{number // 10}"
    session["state"] = {
        "authenticated": True,
        "server_time": time,
        "session": {
            "handle": f"{number:032x}",
            "created_at": time,
            "last_activity": time,
            "authenticated_at": time,
            "expires_at": time,
            "idle_expires_at": time,
            "expiring_at": time,
            "revision": 1,
        },
        "user": {
            "id": user,
            "username": username,
            "email": f"{username}@example.org",
            "role": "viewer",
        },
        "platform": {
            "id": user,
            "name": "Photographs",
            "platform_type": "pixelfed",
            "instance_url": "https://pixels.example.org",
            "username": username,
            "is_default": True,
        },
    }
    return {}
