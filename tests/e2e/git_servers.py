"""Git servers on loopback, and the reading child (`holdfast read`) as its parent drives it."""
import base64
import glob
import json
import os
import resource
import socket
import socketserver
import struct
import subprocess
import threading
import time

from support import HOLDFAST, SECONDS, SLOWER, clean_environment

# libssh2 1.10 leaks a few bytes for each ECDSA key; the stack that says so has frames without frame pointers
SANITIZERS = {"LSAN_OPTIONS": "suppressions=" + os.path.join(os.path.dirname(os.path.realpath(__file__)), "lsan.supp") +
                              ":print_suppressions=0:fast_unwind_on_malloc=0"}
BACKEND = "/usr/lib/git-core/git-http-backend"
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {0}}}\ndata: {{a: '{1}'}}\n"


def manifest(name, value=""):
    return MANIFEST.format(name, value)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, child):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        assert child.poll() is None, child.stderr.read().decode() if child.stderr else f"ended with {child.returncode}"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"nothing listens on port {port}")


class Fields:
    """The fields of one record (sync/record.h)."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, form):
        value, = struct.unpack_from("=" + form, self.data, self.at)
        self.at += struct.calcsize("=" + form)
        return value

    def bytes(self):
        length = self.number("I")
        if length == 0xffffffff:
            return None
        self.at += length
        return self.data[self.at - length:self.at]

    def text(self):
        value = self.bytes()
        return None if value is None else value.rstrip(b"\0").decode()


class Read:
    """One run of the reading child: .objects by name, .problems, .revision, or .error; .unchanged."""

    def __init__(self, request, home, seconds=60, memory=None):
        self.objects, self.problems, self.revision, self.error, self.kind, self.unchanged = {}, [], None, None, None, False
        begun = time.monotonic()
        # of ssh alone: with these the sanitizers take minutes over the certificates of https
        sanitizers = {} if request["url"].startswith("http") else SANITIZERS
        done = subprocess.run([HOLDFAST, "read"], input=json.dumps(request).encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=seconds * SLOWER, check=False,
                              env=clean_environment(home, **sanitizers),
                              preexec_fn=memory and (lambda: resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))))
        self.seconds = time.monotonic() - begun
        self.stderr = done.stderr.decode(errors="replace")
        assert done.returncode == 0, f"ended with {done.returncode}: {self.stderr}"
        self.raw, at, last = done.stdout, 0, None
        while at < len(self.raw):
            length, = struct.unpack_from("=I", self.raw, at)
            last = chr(self.raw[at + 4])
            self.take(last, Fields(self.raw[at + 5:at + 5 + length]))
            at += 5 + length
        assert last in ("E", "F", "U"), f"the last record is {last}: {self.stderr}"

    def take(self, kind, fields):
        if kind == "O":
            _, _, _, name, _ = (fields.text() for _ in range(5))
            fields.number("I"), fields.number("I"), fields.bytes()
            self.objects[name] = json.loads(fields.bytes())
        elif kind == "P":
            fields.number("I")
            fields.text()
            file = fields.text()
            fields.number("I"), fields.number("I"), fields.text()
            self.problems.append(f"{file}: {fields.text()}")
        elif kind == "F":
            self.kind, self.error = fields.number("I"), fields.text()
        elif kind in "EU":
            self.revision, self.unchanged = fields.text(), kind == "U"

    def values(self):
        return {name: body["data"]["a"] for name, body in self.objects.items()}


def reader(folder, url, **common):
    """A function that reads `url` with one state folder; words are members of the request."""
    state = os.path.join(folder, "state")
    os.makedirs(state, 0o700, exist_ok=True)

    def read(seconds=60, memory=None, **more):
        return Read({"url": url, "ref": "main", "stateDir": state, **common, **more}, folder, seconds, memory)
    read.state = state
    return read


def mirror_of(state):
    """The one mirror of a state folder."""
    found, = glob.glob(state + "/git/*[0-9a-f]")
    return found


def packs(state):
    """Files in the packs of all mirrors of a state folder."""
    found = []
    for folder, _, files in os.walk(os.path.join(state, "git")):
        found += [os.path.join(folder, f) for f in files if "/objects/pack" in folder]
    return found


def make_certificates(folder):
    """A CA and a certificate for localhost and 127.0.0.1: ca.pem, server.pem (with its key); other.pem is another CA."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for name in ("ca", "other"):
        openssl("req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN=test {name}", "-days", "2")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    with open(os.path.join(folder, "ext"), "w", encoding="ascii") as f:
        f.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "ext", "-out", "server.crt")
    with open(os.path.join(folder, "server.pem"), "w", encoding="ascii") as out:
        for name in ("server.key", "server.crt"):
            with open(os.path.join(folder, name), encoding="ascii") as f:
                out.write(f.read())


LIGHTTPD = """
server.modules = ("mod_access", "mod_auth", "mod_authn_file", "mod_redirect", "mod_alias", "mod_setenv", "mod_cgi"{openssl})
server.document-root = "{folder}"
server.bind = "127.0.0.1"
server.port = {port}
server.pid-file = "{folder}/lighttpd.pid"
server.errorlog = "{folder}/error.log"
{tls}
auth.backend = "htpasswd"
auth.backend.htpasswd.userfile = "{folder}/htpasswd"
alias.url = ("/git/" => "{folder}/backend/", "/private/" => "{folder}/backend/", "/forbidden/" => "{folder}/backend/")
$HTTP["url"] =~ "^/(git|private)/" {{
    cgi.assign = ("" => "")
    setenv.set-environment = ("GIT_PROJECT_ROOT" => "{root}", "GIT_HTTP_EXPORT_ALL" => "1", "HOME" => "{folder}",
                              "GIT_CONFIG_NOSYSTEM" => "1")
}}
$HTTP["url"] =~ "^/private/" {{
    auth.require = ("" => ("method" => "basic", "realm" => "git", "require" => "valid-user"))
}}
$HTTP["url"] =~ "^/forbidden/" {{ url.access-deny = ("") }}
url.redirect = ({redirects})
mimetype.assign = (".html" => "text/html")
"""


class WebServer:
    """lighttpd with git-http-backend: /git/NAME.git for all, /private/NAME.git with user `reader`."""

    def __init__(self, folder, root, tls=False, redirects=None):
        self.folder, self.port = str(folder), free_port()
        os.makedirs(self.folder, exist_ok=True)
        self.password("secret-token-1")
        with open(os.path.join(self.folder, "index.html"), "w", encoding="ascii") as f:
            f.write("<html>no repository</html>\n" * 3000)
        with open(os.path.join(self.folder, "backend"), "w", encoding="ascii") as f:
            f.write(f'#!/bin/sh\necho "$REQUEST_METHOD $REQUEST_URI" >>{self.folder}/requests\nexec {BACKEND}\n')
        os.chmod(f.name, 0o755)
        where = "".join(f'"{old}" => "{new.format(port=self.port)}", ' for old, new in (redirects or {}).items())
        if tls:
            make_certificates(self.folder)
        config = LIGHTTPD.format(
            folder=self.folder, port=self.port, root=root, redirects=where,
            openssl=', "mod_openssl"' if tls else "",
            tls=f'ssl.engine = "enable"\nssl.pemfile = "{self.folder}/server.pem"' if tls else "")
        with open(os.path.join(self.folder, "lighttpd.conf"), "w", encoding="ascii") as f:
            f.write(config)
        self.child = subprocess.Popen(["/usr/sbin/lighttpd", "-D", "-f", os.path.join(self.folder, "lighttpd.conf")],
                                      stderr=subprocess.PIPE, env=clean_environment(self.folder))
        wait_for_port(self.port, self.child)
        self.url = f"http{'s' if tls else ''}://localhost:{self.port}"

    def password(self, text):
        done = subprocess.run(["openssl", "passwd", "-apr1", text], stdout=subprocess.PIPE, check=True)
        with open(os.path.join(self.folder, "htpasswd"), "w", encoding="ascii") as f:
            f.write("reader:" + done.stdout.decode())

    def requests(self):
        """What git-http-backend was asked: "GET /git/..."."""
        path = os.path.join(self.folder, "requests")
        if not os.path.exists(path):
            return []
        with open(path, encoding="ascii") as f:
            return f.read().splitlines()

    def close(self):
        self.child.terminate()
        self.child.wait(SECONDS)
        self.child.stderr.close()


class Bare:
    """The bare repository that a server shows, pushed to from a support.Repository."""

    def __init__(self, repository, folder):
        self.repository, self.folder = repository, str(folder)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.folder], check=True)
        repository.git("remote", "add", "server", self.folder)

    def push(self, *words):
        self.repository.git("push", "-q", "--force", "server", *(words or ("main",)))

    def git(self, *words):
        return subprocess.run(["git", "-C", self.folder, *words], check=True, stdout=subprocess.PIPE).stdout.decode().strip()


class Raw:
    """A server that answers each connection by a function of (connection, request head); records the heads."""

    def __init__(self, answer, eager=False):
        """`eager`: answers before a request is there."""
        self.heads, self.stop = [], threading.Event()
        raw = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                head = b""
                try:
                    while not eager and b"\r\n\r\n" not in head:
                        data = self.request.recv(65536)
                        if not data:
                            return
                        head += data
                    raw.heads.append(head.decode(errors="replace"))
                    answer(self.request, head)
                except OSError:
                    pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self):
        self.stop.set()
        self.server.shutdown()
        self.server.server_close()


def proxy_answer(allowed=None):
    """A CONNECT proxy for Raw; `allowed` is "user:password", or None for all."""
    want = "Proxy-Authorization: Basic " + base64.b64encode((allowed or "").encode()).decode()

    def pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def answer(connection, head):
        text = head.decode()
        if allowed and want not in text:
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\n"
                               b"Content-Length: 0\r\nConnection: close\r\n\r\n")
            return
        host, port = text.split()[1].rsplit(":", 1)
        with socket.create_connection((host, int(port)), 10) as there:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(there, connection), daemon=True)
            back.start()
            pump(connection, there)
            back.join(SECONDS)
    return answer


