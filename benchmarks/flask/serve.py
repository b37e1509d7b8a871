"""Signs so many sessions in, writes their cookies, and serves with gunicorn, two workers of it."""

import os
import socket
import sys

from sqlalchemy import event
from sqlalchemy.engine import Engine


@event.listens_for(Engine, "connect")
def hurry(connection, _):
    """While it is filled nothing needs to be durable."""
    connection.execute("PRAGMA synchronous = OFF")


from application import application  # noqa: E402

sessions, cookies = int(sys.argv[1]), sys.argv[2]
with open(cookies, "w") as file:
    for number in range(sessions):
        client = application.test_client()
        client.get(f"/sign-in/{number}")
        value = client.get_cookie("session").value
        file.write(f"user-{number // 10}\tsession={value}\n")

listener = socket.create_server(("127.0.0.1", 0))
listener.set_inheritable(True)
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
gunicorn = os.path.join(os.path.dirname(sys.executable), "gunicorn")
os.execv(gunicorn, [
    gunicorn, "--bind", f"fd://{listener.fileno()}", "--workers", "2", "--keep-alive", "30",
    "--worker-class", "gthread", "--threads", "16", "--no-control-socket", "application:application",
])
