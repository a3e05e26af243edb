"""Git over ssh: dropbear that runs git-upload-pack, read by the reading child. Each fault has its exact line."""
import base64
import glob
import hashlib
import os
import re
import socket
import subprocess

import pytest

from git_servers import Bare, Raw, free_port, manifest, packs, reader, wait_for_port
from support import SECONDS, clean_environment

USAGE, INVALID, RETRY, AUTH, NOT_FOUND, LIMIT = 2, 3, 4, 5, 7, 8  # enum err_kind
PASSPHRASE = "pass-phrase-3"
WRAPPER, *_ = glob.glob("/usr/lib/*/libnss_wrapper.so")


def keygen(path, kind, passphrase="", *words):
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", path, *words], check=True)
    return str(path)


class Dropbear:
    """dropbear for the user `git`, whose home is a folder of the test's; it may run git-upload-pack alone."""

    def __init__(self, folder, root, host_keys=("ed25519",)):
        self.folder, self.root, self.port = str(folder), root, free_port()
        os.makedirs(f"{self.folder}/home/.ssh", 0o700)
        self.host_keys = [f"{self.folder}/host.{kind}" for kind in host_keys]
        for kind, path in zip(host_keys, self.host_keys):
            subprocess.run(["dropbearkey", "-t", kind, "-f", path], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        with open(f"{self.folder}/passwd", "w", encoding="ascii") as f:
            f.write(f"git:x:{os.getuid()}:{os.getgid()}:git:{self.folder}/home:/bin/sh\n")
        with open(f"{self.folder}/group", "w", encoding="ascii") as f:
            f.write(f"git:x:{os.getgid()}:\n")
        with open(f"{self.folder}/forced", "w", encoding="ascii") as f:
            f.write(f'#!/bin/sh\necho "$SSH_ORIGINAL_COMMAND" >>{self.folder}/commands\ncd {root}\n'
                    'exec git shell -c "$SSH_ORIGINAL_COMMAND"\n')
        os.chmod(f.name, 0o755)
        self.child = None
        self.start()

    def start(self):
        environment = clean_environment(self.folder, LD_PRELOAD=WRAPPER, NSS_WRAPPER_PASSWD=f"{self.folder}/passwd",
                                        NSS_WRAPPER_GROUP=f"{self.folder}/group", GIT_CONFIG_NOSYSTEM="1")
        with open(f"{self.folder}/log", "ab") as log:
            keys = [word for path in self.host_keys for word in ("-r", path)]
            self.child = subprocess.Popen(["dropbear", "-F", "-E", "-m", "-s", "-e", *keys, "-c", f"{self.folder}/forced", "-P",
                                           f"{self.folder}/pid", "-p", f"127.0.0.1:{self.port}"], stderr=log,
                                          env=environment)
        wait_for_port(self.port, self.child)

    def allow(self, *public):
        path = f"{self.folder}/home/.ssh/authorized_keys"
        with open(path, "w", encoding="ascii") as out:
            for name in public:
                with open(name + ".pub", encoding="ascii") as f:
                    out.write(f.read())
        os.chmod(path, 0o600)

    def host_key(self, index=0):
        """"TYPE BASE64" of a host key."""
        done = subprocess.run(["dropbearkey", "-y", "-f", self.host_keys[index]], check=True, stdout=subprocess.PIPE)
        line, = [line for line in done.stdout.decode().splitlines() if re.match("(ssh|ecdsa)-", line)]
        return " ".join(line.split()[:2])

    def fingerprint(self, index=0):
        digest = hashlib.sha256(base64.b64decode(self.host_key(index).split()[1])).digest()
        return base64.b64encode(digest).decode().rstrip("=")

    def commands(self):
        with open(f"{self.folder}/commands", encoding="utf-8") as f:
            return f.read().splitlines()

    def close(self):
        self.child.terminate()
        self.child.wait(SECONDS)


@pytest.fixture
def bare(tmp_path, repository):
    repository.commit({"a.yaml": manifest("one", "1"), "b.yaml": manifest("two", "1")})
    made = Bare(repository, tmp_path / "root" / "infra.git")
    made.push()
    return made


@pytest.fixture
def serve(tmp_path, bare):
    running = []

    def start(**words):
        running.append(Dropbear(tmp_path / f"ssh{len(running)}", str(tmp_path / "root"), **words))
        return running[-1]
    yield start
    for server in running:
        server.close()


@pytest.fixture
def raw():
    running = []

    def start(answer):
        running.append(Raw(answer, eager=True))
        return running[-1]
    yield start
    for server in running:
        server.close()


@pytest.fixture
def known(tmp_path):
    """A function: writes known_hosts for a server, or these lines."""
    def write(server, *lines, name="known_hosts"):
        path = tmp_path / name
        if server:
            lines = [f"[127.0.0.1]:{server.port} {server.host_key(i)}" for i in range(len(server.host_keys))]
        path.write_text("".join(line + "\n" for line in lines))
        return str(path)
    return write


@pytest.fixture
def sign_in(tmp_path, known):
    """A function: (url, auth members) for a server with a fresh key that it allows."""
    def make(server, kind="ed25519", passphrase="", words=()):
        key = keygen(tmp_path / f"key.{kind}{len(passphrase)}{len(words)}", kind, passphrase, *words)
        server.allow(key)
        auth = {"sshKeyFile": key, "knownHostsFile": known(server)}
        if passphrase:
            (tmp_path / "passphrase").write_text(passphrase + "\n")
            auth["passphraseFile"] = str(tmp_path / "passphrase")
        return f"ssh://git@127.0.0.1:{server.port}/infra.git", auth
    return make


def refused(read, kind, line):
    assert read.error == line
    assert read.kind == kind
    assert read.objects == {} and read.revision is None
    assert PASSPHRASE.encode() not in read.raw and PASSPHRASE not in read.stderr


# ---- what works ----

def test_ssh_in_both_forms(tmp_path, serve, sign_in, bare, repository):
    server = serve()
    url, auth = sign_in(server)
    url = url.replace("/infra.git", f"{bare.folder}")
    read = reader(tmp_path, url, **auth)
    first = read()
    assert first.error is None
    assert first.values() == {"one": "1", "two": "1"}
    assert first.revision == repository.git("rev-parse", "HEAD")
    assert read().revision == first.revision
    repository.commit({"b.yaml": manifest("two", "2")})
    bare.push()
    assert read().values() == {"one": "1", "two": "2"}
    assert server.commands() == [f"git-upload-pack '{bare.folder}'"] * 3
    # user@host:path has no place for a port: the folder is found relative to the account's home
    short = reader(tmp_path / "short", f"ssh://git@127.0.0.1:{server.port}/~/infra.git", **auth)
    assert short().kind == NOT_FOUND
    assert server.commands()[-1] == "git-upload-pack '~/infra.git'"


def test_paths_are_quoted(tmp_path, serve, sign_in):
    server = serve()
    url, auth = sign_in(server)
    bad = url.replace("/infra.git", "/a'b!c%20$(touch%20hurt)`d`;e")
    assert reader(tmp_path, bad, **auth)().error is not None
    assert server.commands() == [r"git-upload-pack '/a'\''b'\!'c $(touch hurt)`d`;e'"]


@pytest.mark.parametrize("kind, passphrase, words", [
    ("ed25519", "", ()), ("ed25519", PASSPHRASE, ()), ("ecdsa", "", ()), ("ecdsa", PASSPHRASE, ("-m", "PEM")),
    ("ecdsa", "", ("-b", "384")), ("rsa", "", ()),
])
def test_keys(tmp_path, serve, sign_in, bare, kind, passphrase, words):
    url, auth = sign_in(serve(), kind, passphrase, words)
    assert reader(tmp_path, url.replace("/infra.git", bare.folder), **auth)().values() == {"one": "1", "two": "1"}


def test_known_hosts_in_all_forms(tmp_path, serve, sign_in, bare, known):
    """Of the host's keys the one that the file has is asked for, whichever the server would like better."""
    server = serve(host_keys=("ed25519", "ecdsa"))
    url, auth = sign_in(server)
    read = reader(tmp_path, url.replace("/infra.git", bare.folder), **auth)
    name = f"[127.0.0.1]:{server.port}"
    for index in (0, 1):
        assert read(knownHostsFile=known(None, f"{name} {server.host_key(index)}")).error is None
    hashed = known(None, f"{name} {server.host_key()}", name="hashed")
    subprocess.run(["ssh-keygen", "-H", "-f", hashed], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(hashed, encoding="ascii") as f:
        assert f.read().startswith("|1|")
    assert read(knownHostsFile=hashed).error is None
    # of all the machines that somebody knows
    others = "".join(f"host-{i}.example {server.host_key(0)}\n" for i in range(3000))
    many = known(None, others + f"{name} {server.host_key(0)}")
    assert os.path.getsize(many) > 1 << 18
    assert read(knownHostsFile=many).error is None


# ---- host keys ----

def test_no_known_hosts(tmp_path, serve, sign_in):
    server = serve()
    url, auth = sign_in(server)
    del auth["knownHostsFile"]
    refused(reader(tmp_path, url, **auth)(), USAGE,
            f"{url}: auth.knownHostsFile is not set, and without it nobody knows whether the server is 127.0.0.1: run "
            f"\"ssh-keyscan -p {server.port} 127.0.0.1 >FILE\", compare with what the server's owner publishes, and name FILE")


def test_an_unknown_host(tmp_path, serve, sign_in, known):
    server = serve()
    url, auth = sign_in(server)
    for line in ("", f"127.0.0.1 {server.host_key()}", f"[127.0.0.1]:1 {server.host_key()}",
                 f"@revoked [127.0.0.1]:{server.port} {server.host_key()}"):
        file = known(None, line)
        refused(reader(tmp_path, url, **auth)(knownHostsFile=file), AUTH,
                f"{url}: {file} has no key of 127.0.0.1 port {server.port}: run \"ssh-keyscan -p {server.port} 127.0.0.1\", "
                "compare with what the server's owner publishes, and add it")
    file = known(None, f"@cert-authority * {server.host_key()}")
    refused(reader(tmp_path, url, **auth)(knownHostsFile=file), AUTH,
            f"{url}: for 127.0.0.1 port {server.port}, {file} names only an authority (@cert-authority), and host certificates "
            "are not read: add the host's own key")


def test_a_host_key_that_changed(tmp_path, serve, sign_in, bare, known):
    server = serve()
    url, auth = sign_in(server)
    url = url.replace("/infra.git", bare.folder)
    read = reader(tmp_path, url, **auth)
    assert read().error is None
    server.close()
    os.remove(server.host_keys[0])
    subprocess.run(["dropbearkey", "-t", "ed25519", "-f", server.host_keys[0]], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    server.start()
    refused(read(), AUTH,
            f"{url}: the host key of 127.0.0.1 has changed: it shows ssh-ed25519 SHA256:{server.fingerprint()}, and line 1 of "
            f"{auth['knownHostsFile']} says otherwise. Ask the server's owner: if the key is new, put it there; if not, somebody "
            "is in between")
    assert len(server.commands()) == 1  # no sign-in was tried
    file = known(None, f"[127.0.0.1]:{server.port} {server.host_key()}", f"@revoked * {server.host_key()}")
    refused(read(knownHostsFile=file), AUTH,
            f"{url}: 127.0.0.1 shows a host key that is revoked in {file} (ssh-ed25519 SHA256:{server.fingerprint()}): ask the "
            "server's owner")
    known(server)
    assert read().error is None


def test_a_host_without_a_key_of_the_known_type(tmp_path, serve, sign_in, known):
    server = serve(host_keys=("ecdsa",))
    url, auth = sign_in(server)
    ours = keygen(tmp_path / "some", "ed25519")
    with open(ours + ".pub", encoding="ascii") as f:
        file = known(None, f"[127.0.0.1]:{server.port} {f.read().strip()}")
    read = reader(tmp_path, url, **auth)(knownHostsFile=file)
    refused(read, AUTH, f"{url}: 127.0.0.1 and this program have no method in common (Unable to exchange encryption keys): it "
                        f"may have no host key of a type that {file} names; an ed25519 or ecdsa key of it there helps")


# ---- sign-in ----

def test_no_key_and_no_proxy(tmp_path, serve, sign_in):
    url, auth = sign_in(serve())
    read = reader(tmp_path, url, **auth)
    refused(read(sshKeyFile=None), USAGE, f"{url}: auth.sshKeyFile is not set: ssh needs a private key (ssh-keygen -t ed25519), "
                                          "passwords are not used")
    refused(read(proxy="http://127.0.0.1:1"), USAGE,
            f"{url}: auth.proxy has no meaning with ssh: leave it out, or use https://")
    none = str(tmp_path / "none")
    refused(read(sshKeyFile=none), USAGE, f"auth.sshKeyFile: cannot read {none}: No such file or directory")


def test_a_key_that_is_refused(tmp_path, serve, sign_in):
    server = serve()
    url, auth = sign_in(server)
    other = keygen(tmp_path / "other", "ed25519")
    read = reader(tmp_path, url, **auth)
    refused(read(sshKeyFile=other), AUTH, f"{url}: the server refuses the key {other} for user git: give its public half the "
                                          "right to read the repository")
    for name, words in (("rsa", ()), ("rsa.pem", ("-m", "PEM"))):
        rsa = keygen(tmp_path / name, "rsa", "", *words)
        refused(read(sshKeyFile=rsa), AUTH,
                f"{url}: the server refuses the key {rsa} for user git: it is an RSA key, which is signed with SHA-1 here, and "
                "current servers take that no more: use an ed25519 key")


def test_passphrases(tmp_path, serve, sign_in):
    url, auth = sign_in(serve(), "ed25519", PASSPHRASE)
    read = reader(tmp_path, url, **auth)
    key = auth["sshKeyFile"]
    unread = "cannot be read: either it has a passphrase (then set auth.passphraseFile), or it is no private key"
    refused(read(passphraseFile=None), USAGE, f"auth.sshKeyFile: {key} {unread}")
    (tmp_path / "wrong").write_text("pass-phrase-4\n")
    wrong = read(passphraseFile=str(tmp_path / "wrong"))
    refused(wrong, USAGE, f"auth.sshKeyFile: {key} cannot be read with the passphrase of {tmp_path}/wrong: either "
            "that is not its passphrase, or it is no private key")
    assert b"pass-phrase" not in wrong.raw
    (tmp_path / "nonsense").write_text("no key\n")
    refused(read(sshKeyFile=str(tmp_path / "nonsense"), passphraseFile=None), USAGE,
            f"auth.sshKeyFile: {tmp_path}/nonsense {unread}")


# ---- server and network ----

def test_no_repository_there(tmp_path, serve, sign_in):
    url, auth = sign_in(serve())
    url = url.replace("/infra.git", "/none.git")
    refused(reader(tmp_path, url, **auth)(), NOT_FOUND,
            f"{url}: the server says: \"fatal: '/none.git' does not appear to be a git repository\": check the path in the url, "
            "and that this key may read it")


def test_refs_and_empty_repositories(tmp_path, serve, sign_in, bare):
    url, auth = sign_in(serve())
    here = url.replace("/infra.git", bare.folder)
    refused(reader(tmp_path, here, **auth)(ref="mian"), INVALID,
            f'{here} has no ref "mian" (tried refs/heads/mian, refs/tags/mian); nearest of 1: main')
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "root" / "empty.git"], check=True)
    empty = url.replace("/infra.git", f"{tmp_path}/root/empty.git")
    refused(reader(tmp_path, empty, **auth)(ref=None), INVALID, f"{empty} has no commits yet: push one")


def test_a_fetch_cap(tmp_path, serve, sign_in, bare, repository):
    repository.commit({"big.bin": os.urandom(200_000)})
    bare.push()
    url, auth = sign_in(serve())
    url = url.replace("/infra.git", bare.folder)
    read = reader(tmp_path, url, **auth)
    refused(read(fetchBytes=100_000), LIMIT,
            f"{url}: what is fetched takes more than limits.fetchBytes (100000 bytes): raise it")
    assert not [p for p in packs(read.state) if p.endswith((".pack", ".idx"))]
    assert read().values() == {"one": "1", "two": "1"}


def test_hosts_that_are_not_there(tmp_path, known):
    host = "a" * 64 + ".invalid"  # no name server is asked for a label of this length
    port = free_port()
    key = keygen(tmp_path / "key", "ed25519")
    with open(key + ".pub", encoding="ascii") as f:
        auth = {"sshKeyFile": key, "knownHostsFile": known(None, f"*,[127.0.0.1]:{port} {f.read().strip()}")}
    url = f"git@{host}:infra.git"
    refused(reader(tmp_path, url, **auth)(), RETRY,
            f"{url}: no address is known for {host}: check the url, and this machine's name servers")
    url = f"ssh://127.0.0.1:{port}/infra.git"
    refused(reader(tmp_path, url, **auth)(), RETRY, f"{url}: 127.0.0.1 port {port} takes no connection: check the url, that the "
                                                    "server runs, and that no firewall is between")


def test_servers_that_are_none(tmp_path, raw, known):
    key = keygen(tmp_path / "key", "ed25519")

    def auth(server):
        with open(key + ".pub", encoding="ascii") as f:
            return {"sshKeyFile": key, "knownHostsFile": known(None, f"[127.0.0.1]:{server.port} {f.read().strip()}")}
    silent = raw(lambda *_: silent.stop.wait(SECONDS))
    url = f"ssh://git@127.0.0.1:{silent.port}/infra.git"
    read = reader(tmp_path, url, deadline=8, **auth(silent))()
    refused(read, RETRY, f"{url}: the server took the connection and then sent nothing for 2 s: see its own log")
    assert read.seconds < SECONDS

    def web(connection, _):
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.shutdown(socket.SHUT_RDWR)
    other = raw(web)
    url = f"ssh://git@127.0.0.1:{other.port}/infra.git"
    refused(reader(tmp_path, url, **auth(other))(), RETRY,
            f"{url}: 127.0.0.1 port {other.port} does not speak ssh (Failed getting banner): check the url")


def test_the_mirror_is_ours_alone(tmp_path, serve, sign_in, bare):
    url, auth = sign_in(serve())
    read = reader(tmp_path, url.replace("/infra.git", bare.folder), **auth)
    assert read().error is None
    assert glob.glob(read.state + "/git/*[0-9a-f]")
    for folder, folders, files in os.walk(read.state):
        for name in folders + files:
            assert os.stat(os.path.join(folder, name)).st_mode & 0o077 == 0, name
