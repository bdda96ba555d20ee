"""The test agent that runs as root inside the guest. Its source text travels as a systemd credential.

Line protocol over one virtio-serial port: JSON objects, one per line, bytes as base64. The agent says hello with the
boot id; then each request {id, op, ...} gets one answer {id, ...}, out of order when a quick one overtakes a slow one.
Requests run in threads of their own, so that a command that waits does not block the next.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

WRITE_LOCK = threading.Lock()


def send(port: int, message: dict[str, object]) -> None:
    """Writes one line; the lock keeps answers of different threads apart."""
    data = json.dumps(message).encode() + b"\n"
    with WRITE_LOCK:
        while data:
            try:
                data = data[os.write(port, data) :]
            except OSError:  # nobody listens on the host side at the moment
                time.sleep(0.1)


def run_command(request: dict[str, object]) -> dict[str, object]:
    """Runs argv; the exit code is 124 when `timeout` seconds were not enough, as timeout(1) has it."""
    argv = request["argv"]
    environment = {**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}
    try:
        done = subprocess.run(
            argv,  # type: ignore[call-overload]
            input=base64.b64decode(str(request.get("stdin", ""))),
            capture_output=True,
            timeout=request.get("timeout"),
            env=environment,
            cwd="/",
            check=False,
        )
        code, out, err = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as error:
        code, out, err = 124, error.stdout or b"", (error.stderr or b"") + b"\n(stopped by the test agent: timeout)"
    return {"code": code, "out": base64.b64encode(out).decode(), "err": base64.b64encode(err).decode()}


def read_file(request: dict[str, object]) -> dict[str, object]:
    """The bytes of one file."""
    return {"data": base64.b64encode(pathlib.Path(str(request["path"])).read_bytes()).decode()}


def write_file(request: dict[str, object]) -> dict[str, object]:
    """Writes the bytes of one file."""
    pathlib.Path(str(request["path"])).write_bytes(base64.b64decode(str(request["data"])))
    return {}


OPERATIONS = {"run": run_command, "read": read_file, "write": write_file}


def answer(port: int, request: dict[str, object]) -> None:
    """Does one request; every failure becomes an answer, never silence."""
    try:
        result = OPERATIONS[str(request["op"])](request)
    except Exception as error:
        result = {"error": f"{type(error).__name__}: {error}"}
    send(port, {"id": request.get("id"), **result})


def open_port(name: str) -> int:
    """Opens the port of that name as soon as its driver has it, long before udev has made a link to it."""
    while True:
        for folder in pathlib.Path("/sys/class/virtio-ports").glob("*"):
            if (folder / "name").exists() and (folder / "name").read_text().strip() == name:
                return os.open(f"/dev/{folder.name}", os.O_RDWR | os.O_CLOEXEC)
        time.sleep(0.05)


def serve(name: str) -> None:
    """Serves the port until the machine stops."""
    port = open_port(name)
    boot_id = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    send(port, {"hello": boot_id})
    buffer = b""
    while True:
        data = os.read(port, 65536)
        if not data:  # the host's end is closed: it may come back
            time.sleep(0.05)
            continue
        *lines, buffer = (buffer + data).split(b"\n")
        for line in lines:
            try:
                request = json.loads(line)
            except ValueError:  # the rest of a line that began before a reboot
                continue
            threading.Thread(target=answer, args=(port, request), daemon=True).start()


if __name__ == "__main__":
    serve(sys.argv[1])
