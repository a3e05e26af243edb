"""Git over https: git-http-backend behind lighttpd, read by the reading child. Each fault has its exact line."""
import fcntl
import glob
import json
import os
import re
import ssl
import subprocess
import time

import pytest

from git_servers import Bare, Raw, WebServer, free_port, manifest, mirror_of, packs, proxy_answer, reader
from support import HOLDFAST, SANITIZED, SECONDS, SLOWER, clean_environment

TOKEN = "secret-token-1"
FATAL, USAGE, INVALID, RETRY, AUTH, NOT_FOUND, LIMIT = 1, 2, 3, 4, 5, 7, 8  # enum err_kind


@pytest.fixture
def bare(tmp_path, repository):
    repository.commit({"a.yaml": manifest("one", "1"), "deep/er/b.yaml": manifest("two", "1"), "readme.md": "no manifest\n"})
    made = Bare(repository, tmp_path / "root" / "infra.git")
    made.push()
    return made


@pytest.fixture
def serve(tmp_path, bare):
    running = []

    def start(**words):
        running.append(WebServer(tmp_path / f"web{len(running)}", tmp_path / "root", **words))
        return running[-1]
    yield start
    for server in running:
        server.close()


@pytest.fixture
def raw():
    running = []

    def start(answer, **words):
        running.append(Raw(answer, **words))
        return running[-1]
    yield start
    for server in running:
        server.close()


@pytest.fixture
def secret(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        return str(path)
    return write


def refused(read, kind, line):
    """The source is unknown for this very reason: nothing was read, and no secret is told."""
    assert read.error == line
    assert read.kind == kind
    assert read.objects == {} and read.revision is None
    assert TOKEN.encode() not in read.raw and TOKEN not in read.stderr


def upload_pack(folder, change=lambda data: data, cut=0):
    """An answer for Raw: git's own upload-pack, its pack changed; `cut` bytes at the end are promised and not sent."""
    def answer(connection, head):
        if head.startswith(b"GET"):
            done = subprocess.run(["git", "upload-pack", "--stateless-rpc", "--advertise-refs", folder], check=True,
                                  stdout=subprocess.PIPE)
            body, kind, missing = b"001e# service=git-upload-pack\n0000" + done.stdout, "advertisement", 0
        else:
            text, _, rest = head.partition(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", text.lower()).group(1))
            while len(rest) < length:
                rest += connection.recv(65536)
            done = subprocess.run(["git", "upload-pack", "--stateless-rpc", folder], check=True, input=rest,
                                  stdout=subprocess.PIPE)
            body, kind, missing = change(done.stdout), "result", cut
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-{kind}\r\n"
                           f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body[:len(body) - missing])
    return answer


def status(code, headers="", body=b""):
    def answer(connection, _):
        connection.sendall(f"HTTP/1.1 {code} Said\r\n{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                           .encode() + body)
    return answer


LIST = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\nConnection: close\r\n\r\n"


def pkt(data):
    return b"%04x" % (len(data) + 4) + data


# ---- what works ----

def test_https_with_a_token(tmp_path, serve, repository, secret):
    server = serve(tls=True)
    read = reader(tmp_path, f"{server.url}/private/infra.git", caFile=f"{server.folder}/ca.pem",
                  userFile=secret("user", "reader\n"), passwordFile=secret("token", TOKEN + "\n"))
    first = read()
    assert first.error is None
    assert first.values() == {"one": "1", "two": "1"}
    assert first.revision == repository.git("rev-parse", "HEAD")
    assert first.problems == []
    # what is ours is closed to others
    for folder, folders, files in os.walk(read.state):
        for name in folders + files:
            assert os.stat(os.path.join(folder, name)).st_mode & 0o077 == 0, name


def test_a_token_is_read_again_at_each_use(tmp_path, serve, secret):
    server = serve()
    token = secret("token", TOKEN)
    url = f"{server.url}/private/infra.git"
    read = reader(tmp_path, url, userFile=secret("user", "reader"), passwordFile=token)
    assert read().error is None
    server.password("another")
    refused(read(), AUTH, f"{url}: the server refuses the user and password of {token} (401): a token may have expired; "
                          "the file is read again each time")
    secret("token", "another\n")
    assert read().values() == {"one": "1", "two": "1"}


def test_one_list_of_refs_and_a_fetch_only_when_the_ref_moved(tmp_path, serve, bare, repository):
    server = serve()
    read = reader(tmp_path, f"{server.url}/git/infra.git")
    first = read()
    listing = "GET /git/infra.git/info/refs?service=git-upload-pack"
    asking = "POST /git/infra.git/git-upload-pack"
    assert server.requests() == [listing, asking]
    again = read()
    assert again.revision == first.revision and again.values() == first.values()
    assert server.requests() == [listing, asking, listing]
    still = read(known={"revision": first.revision, "digest": "0" * 32})
    assert still.unchanged and still.objects == {} and still.revision == first.revision
    assert server.requests().pop() == listing
    repository.commit({"deep/er/b.yaml": manifest("two", "2")})
    bare.push()
    known = set(packs(read.state))
    assert read().values() == {"one": "1", "two": "2"}
    assert server.requests() == [listing, asking, listing, listing, listing, asking]
    # what came: the commit, three folders, one file
    new, = [p for p in packs(read.state) if p.endswith(".idx") and p not in known]
    listed = subprocess.run(["git", "verify-pack", "-v", new], stdout=subprocess.PIPE, check=True).stdout.decode()
    kinds = sorted(line.split()[1] for line in listed.splitlines() if re.match("[0-9a-f]{40} ", line))
    assert [k for k in kinds if k == "commit"] == ["commit"]
    assert len([k for k in kinds if k == "blob"]) <= 2, listed  # a thin pack's base is written beside what came


def test_only_the_last_commits_are_fetched(tmp_path, serve, bare, repository):
    for i in range(30):
        repository.commit({"a.yaml": manifest("one", str(i))})
    bare.push()
    server = serve()
    read = reader(tmp_path, f"{server.url}/git/infra.git")
    assert read().values() == {"one": "29", "two": "1"}
    mirror = mirror_of(read.state)

    def commits():
        done = subprocess.run(["git", "-C", mirror, "rev-list", "--count", "--all"], stdout=subprocess.PIPE, check=True)
        return int(done.stdout)
    assert commits() == 22
    # a commit that says again what an old one said, from before those that are here
    repository.commit({"a.yaml": manifest("one", "5")})
    bare.push()
    assert read().values() == {"one": "5", "two": "1"}
    assert commits() == 22
    subprocess.run(["git", "-C", mirror, "fsck", "--connectivity-only"], check=True)


def test_a_commit_by_its_id(tmp_path, serve, bare, repository):
    old = repository.git("rev-parse", "HEAD")
    for i in range(25):
        repository.commit({"a.yaml": manifest("one", str(i + 2))})
    bare.push()
    server = serve()
    # this server gives commits by their id to nobody: all is fetched, once
    read = reader(tmp_path, f"{server.url}/git/infra.git")
    assert read(ref=old).values() == {"one": "1", "two": "1"}
    assert read(ref=old[:9]).revision == old
    assert [line.split()[0] for line in server.requests()] == ["GET", "POST", "GET"]
    missing = "0123456789" * 4
    refused(read(ref=missing), INVALID,
            f'{server.url}/git/infra.git has no ref "{missing}" (tried commit, in all branches and tags); nearest of 1: main')
    bare.git("config", "uploadpack.allowReachableSHA1InWant", "true")
    other = reader(tmp_path / "other", f"{server.url}/git/infra.git")
    assert other(ref=old).revision == old
    mirror = mirror_of(other.state)
    assert not os.path.exists(mirror + "/refs/heads/main")


def test_a_commit_id_that_is_not_there_fetches_nothing_twice(tmp_path, serve, bare, repository):
    """Its id may be mistyped: all is fetched to know that, once; then only what is new."""
    for i in range(25):
        repository.commit({"a.yaml": manifest("one", str(i)), "large.bin": os.urandom(20000)})
    repository.git("tag", "v1", "HEAD~5")
    bare.push("main", "v1")
    server = serve()
    url = f"{server.url}/git/infra.git"
    read = reader(tmp_path, url)
    repository.git("checkout", "-q", "-b", "next")
    coming = repository.commit({"a.yaml": manifest("one", "coming")})
    line = f'{url} has no ref "{coming}" (tried commit, in all branches and tags); nearest of'
    for _ in range(2):
        refused(read(ref=coming), INVALID, f"{line} 2: main, v1")
    assert [asked.split()[0] for asked in server.requests()] == ["GET", "POST", "GET"]
    repository.git("checkout", "-q", "main")
    repository.commit({"a.yaml": manifest("one", "another")})
    bare.push()
    refused(read(ref=coming), INVALID, f"{line} 2: main, v1")
    assert min(os.path.getsize(path) for path in packs(read.state) if path.endswith(".pack")) < 20000
    bare.push("next")
    assert read(ref=coming).values() == {"one": "coming", "two": "1"}
    # a copy that begins somewhere does not have all
    other = reader(tmp_path / "other", url)
    assert other().error is None
    assert other(ref=coming).revision == coming
    assert other(ref=repository.git("rev-parse", "main~24")).error is None


def test_tags_branches_and_both(tmp_path, serve, bare, repository):
    first = repository.git("rev-parse", "HEAD")
    repository.git("tag", "-a", "-m", "release", "v1")
    second = repository.commit({"a.yaml": manifest("one", "2")})
    repository.git("branch", "v1")
    bare.push("main", "refs/tags/v1")
    server = serve()
    read = reader(tmp_path, f"{server.url}/git/infra.git")
    assert read(ref="v1").revision == first
    assert read(ref=None).revision == second
    bare.push("refs/heads/v1")
    both = read(ref="v1")
    assert both.revision == second
    assert both.problems == ['.: ref "v1" names a branch and a tag: the branch is read; say refs/heads/v1 or refs/tags/v1']


def test_redirect_within_the_host(tmp_path, serve, secret):
    server = serve(redirects={"^/old/(.*)$": "/private/$1", "^/older/(.*)$": "http://localhost:{port}/old/$1"})
    read = reader(tmp_path, f"{server.url}/older/infra.git", userFile=secret("user", "reader"),
                  passwordFile=secret("token", TOKEN))
    assert read().values() == {"one": "1", "two": "1"}
    assert server.requests() == ["GET /private/infra.git/info/refs?service=git-upload-pack",
                                 "POST /private/infra.git/git-upload-pack"]


def test_a_shallow_server_is_read(tmp_path, serve, bare, repository):
    for i in range(5):
        repository.commit({"a.yaml": manifest("one", str(i))})
    bare.push()
    subprocess.run(["git", "clone", "-q", "--bare", "--depth=2", f"file://{bare.folder}", tmp_path / "root" / "shallow.git"],
                   check=True)
    server = serve()
    assert reader(tmp_path, f"{server.url}/git/shallow.git")().values() == {"one": "4", "two": "1"}


def test_through_a_proxy(tmp_path, serve, raw):
    server = serve(tls=True)
    proxy = raw(proxy_answer("agent:pass-word-7"))
    url = f"{server.url}/git/infra.git"
    read = reader(tmp_path, url, caFile=f"{server.folder}/ca.pem")
    assert read(proxy=f"http://agent:pass-word-7@127.0.0.1:{proxy.port}").values() == {"one": "1", "two": "1"}
    assert proxy.heads[0].startswith(f"CONNECT localhost:{server.port} ")
    line = (f"{url}: the proxy 127.0.0.1:{proxy.port} wants another user and password (407): write them into auth.proxy, "
            f"http://USER:PASSWORD@127.0.0.1:{proxy.port}")
    for wrong in ("", "agent:wrong-word-8@"):
        bad = read(proxy=f"http://{wrong}127.0.0.1:{proxy.port}")
        refused(bad, AUTH, line)
        assert b"wrong-word-8" not in bad.raw


# ---- the mirror ----

def test_a_rewritten_branch_is_said_once(tmp_path, serve, bare, repository):
    base = repository.git("rev-parse", "HEAD")
    old = repository.commit({"a.yaml": manifest("one", "2")})
    bare.push()
    server = serve()
    read = reader(tmp_path, f"{server.url}/git/infra.git")
    assert read().problems == []
    repository.git("reset", "-q", "--hard", base)
    new = repository.commit({"a.yaml": manifest("one", "3")})
    bare.push()
    rewritten = read()
    assert rewritten.values() == {"one": "3", "two": "1"}
    assert rewritten.problems == [f".: main was rewritten (force-pushed): commit {old[:12]}, read last, does not come before "
                                  f"{new[:12]}, read now"]
    assert read().problems == []
    repository.commit({"a.yaml": manifest("one", "4")})
    bare.push()
    assert read().problems == []
    # back to what came before it: that is a rewrite as well
    bare.push(f"{base}:refs/heads/main")
    assert len(read().problems) == 1


def test_a_damaged_mirror_is_made_anew(tmp_path, serve, bare, repository):
    server = serve()
    read = reader(tmp_path, f"{server.url}/git/infra.git")
    assert read().error is None
    for path in packs(read.state):
        os.chmod(path, 0o600)
        with open(path, "r+b") as f:
            f.truncate(40)
    repository.commit({"a.yaml": manifest("one", "2")})
    bare.push()
    assert read().values() == {"one": "2", "two": "1"}
    mirror = mirror_of(read.state)
    with open(mirror + "/HEAD", "w", encoding="ascii") as f:
        f.write("nonsense")
    assert read().values() == {"one": "2", "two": "1"}


def of_packs(state, end):
    path, = [p for p in packs(state) if p.endswith(end)]
    os.chmod(path, 0o600)
    return path


@pytest.mark.parametrize("loss", ["pack is gone", "index is gone", "pack is cut"])
def test_a_damaged_mirror_heals_though_the_ref_stands_still(tmp_path, serve, loss):
    server = serve()
    read = reader(tmp_path, f"{server.url}/git/infra.git")
    assert read().error is None
    path = of_packs(read.state, ".idx" if "index" in loss else ".pack")
    if "gone" in loss:
        os.unlink(path)
    else:
        os.truncate(path, 40)
    healed = read()
    assert (healed.error, healed.problems) == (None, [])
    assert healed.values() == {"one": "1", "two": "1"}


def test_a_damaged_file_in_the_mirror(tmp_path, serve):
    """Each byte of the pack is wrong, what it should hold is known: told, and healed by the next read."""
    server = serve()
    read = reader(tmp_path, f"{server.url}/git/infra.git")
    assert read().error is None
    mirror = mirror_of(read.state)
    listed = subprocess.run(["git", "verify-pack", "-v", of_packs(read.state, ".idx")], check=True, stdout=subprocess.PIPE)
    blob, = [line.split() for line in listed.stdout.decode().splitlines()
             if " blob " in line and subprocess.run(["git", "-C", mirror, "cat-file", "-p", line.split()[0]], check=True,
                                                    stdout=subprocess.PIPE).stdout.decode() == manifest("one", "1")]
    with open(of_packs(read.state, ".pack"), "r+b") as f:
        f.seek(int(blob[4]) + 4)
        f.write(bytes(8))
    told = read()
    assert told.values() == {"two": "1"}
    problem, = told.problems
    assert problem.startswith("a.yaml: the file cannot be read from our copy of the repository, which is damaged: the next "
                                         "read makes it anew: ")
    healed = read()
    assert (healed.error, healed.problems) == (None, [])
    assert healed.values() == {"one": "1", "two": "1"}


@pytest.mark.parametrize("left", ["shallow", "lock"])
def test_what_stands_in_the_way_of_a_fetch(tmp_path, serve, bare, repository, left):
    """A file of the mirror that is nonsense; the lock of a ref that a killed child has left."""
    server = serve()
    read = reader(tmp_path, f"{server.url}/git/infra.git")
    assert read().error is None
    mirror = mirror_of(read.state)
    kept, = glob.glob(mirror + "/refs/holdfast/*")
    with open(mirror + "/shallow" if left == "shallow" else kept + ".lock", "w", encoding="ascii") as f:
        f.write("nonsense")
    repository.commit({"a.yaml": manifest("one", "2")})
    bare.push()
    healed = read()
    assert healed.error is None
    assert healed.values() == {"one": "2", "two": "1"}


def test_a_full_disk(tmp_path, serve, bare, repository):
    """It is not the server's fault, and what was fetched before is kept."""
    server = serve()
    read = reader(tmp_path, f"{server.url}/git/infra.git")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", read.state], check=True)
    try:
        assert read().error is None
        before = packs(read.state)
        repository.commit({"big.bin": os.urandom(2 << 20)})
        bare.push()
        full = read()
        assert f": cannot write below {read.state}/git/" in full.error, full.error
        assert full.error.endswith("No space left on device"), full.error
        assert set(before) <= set(packs(read.state))
    finally:
        subprocess.run(["umount", "-l", read.state], check=True)


def test_a_disk_full_of_old_packs(tmp_path, serve, bare, repository):
    """They are what fills it: the copy is made anew, and fits."""
    server = serve()
    read = reader(tmp_path, f"{server.url}/git/infra.git")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", read.state], check=True)
    try:
        for i in range(3):
            repository.write("a.yaml", manifest("one", str(i)))
            repository.write("big.bin", os.urandom(1500 << 10))
            repository.git("add", "--all")
            repository.git("commit", "-q", "--amend", "-m", "all anew")
            bare.push()
            said = read()
            assert said.error is None
            assert said.values() == {"one": str(i), "two": "1"}
    finally:
        subprocess.run(["umount", "-l", read.state], check=True)


def test_old_packs_are_dropped(tmp_path, serve, bare, repository):
    server = serve()
    read = reader(tmp_path, f"{server.url}/git/infra.git")
    assert read().error is None
    folder = os.path.dirname(packs(read.state)[0])
    for i in range(100):
        with open(f"{folder}/{i}.keep", "wb"):
            pass
    repository.commit({"a.yaml": manifest("one", "2")})
    bare.push()
    assert read().values() == {"one": "2", "two": "1"}
    assert sorted(os.path.splitext(p)[1] for p in packs(read.state)) == [".idx", ".pack"]


def test_what_a_killed_fetch_left_is_removed(tmp_path, serve):
    server = serve()
    read = reader(tmp_path, f"{server.url}/git/infra.git")
    assert read().error is None
    folder = os.path.dirname(packs(read.state)[0])
    with open(folder + "/pack_git2_a1b2c3", "wb") as f:
        f.write(b"PACK")
    assert read().error is None
    assert not os.path.exists(folder + "/pack_git2_a1b2c3")


def test_the_mirror_is_locked_while_it_is_read(tmp_path, serve, bare, repository):
    """Another child could remove it."""
    repository.commit({f"m{i}.yaml": manifest(f"m{i}", "x" * 10000) for i in range(50)})
    bare.push()
    url = f"{serve().url}/git/infra.git"
    read = reader(tmp_path, url)
    assert read().error is None
    request = json.dumps({"url": url, "ref": "main", "stateDir": read.state})
    with subprocess.Popen([HOLDFAST, "read"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdin.write(request.encode())
        child.stdin.close()
        assert child.stdout.read(1)  # now the pipe is full soon, and it waits
        with open(mirror_of(read.state) + ".lock", "rb") as lock:
            with pytest.raises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            child.stdout.read()
            assert child.wait(SECONDS) == 0
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_sources_of_one_repository_take_turns(tmp_path, raw, bare):
    whole, there, most = upload_pack(bare.folder), [], []

    def answer(connection, head):
        there.append(head)
        most.append(len(there))
        time.sleep(0.3)
        whole(connection, head)
        there.remove(head)
    url = f"http://127.0.0.1:{raw(answer).port}/a.git"
    config = tmp_path / "holdfast.yaml"
    config.write_text(json.dumps({"apiVersion": "holdfast.dev/v1", "kind": "Config", "stateDir": str(tmp_path / "state"),
                                  "sources": [{"name": f"s{i}", "url": url, "ref": "main"} for i in range(3)]}))
    done = subprocess.run([HOLDFAST, "rbac", "--config", str(config)], env=clean_environment(tmp_path, KUBECONFIG="/dev/null"),
                          stdout=subprocess.PIPE, check=True, timeout=2 * SECONDS)
    assert b"configmaps" in done.stdout
    assert len(most) == 4 and max(most) == 1  # three lists of refs, one pack


# ---- what the configuration says ----

@pytest.mark.parametrize("url, line", [
    ("https://reader:secret-token-1@git.example/a.git", "https://git.example/a.git: no user and no password belong in a url, "
     "where logs show them: use auth.userFile and auth.passwordFile"),
    ("http://git.example/a.git", "http://git.example/a.git: http:// shows what it carries to everybody on the way and is read "
     "from this machine alone: use https://"),
    ("git://git.example/a.git", "git://git.example/a.git: a source is https://, ssh:// or file://, or a folder"),
])
def test_urls_that_are_refused(tmp_path, url, line):
    refused(reader(tmp_path, url)(), USAGE, line)


def test_files_that_are_refused(tmp_path, serve, secret):
    server = serve()
    url = f"{server.url}/private/infra.git"
    read = reader(tmp_path, url)
    none = str(tmp_path / "none")
    refused(read(passwordFile=none), USAGE, f"auth.passwordFile: cannot read {none}: No such file or directory")
    empty, two = secret("empty", "\n"), secret("two", TOKEN + "\nmore\n")
    refused(read(passwordFile=empty), USAGE, f"auth.passwordFile: {empty} is empty")
    refused(read(passwordFile=two), USAGE, f"auth.passwordFile: {two} has more than one line")
    refused(read(userFile=secret("user", "reader")), USAGE,
            f"{url}: auth.userFile is set and auth.passwordFile is not: a user needs a password or token")
    refused(read(passwordFile=secret("token", TOKEN), proxy=f"socks9://a:{TOKEN}@b"), USAGE,
            f"{url}: auth.proxy is no http://[USER:PASSWORD@]HOST:PORT (its text is not shown, as a password may be in it)")


def test_ca_files_that_are_refused(tmp_path, serve, secret):
    server = serve(tls=True)
    url = f"{server.url}/git/infra.git"
    read = reader(tmp_path, url)
    nonsense = secret("nonsense.pem", "nothing\n")
    refused(read(caFile=nonsense), USAGE, f"auth.caFile: {nonsense} cannot be read as certificates (PEM)")
    unknown = (f"{url}: the certificate of localhost comes from no authority that is trusted (unable to get local issuer "
               "certificate): name its authority's file in auth.caFile")
    refused(read(), AUTH, unknown)
    refused(read(caFile=f"{server.folder}/other.pem"), AUTH, unknown)
    assert server.requests() == []


# ---- what the server says ----

def test_signing_in_is_wanted(tmp_path, serve):
    url = f"{serve().url}/private/infra.git"
    refused(reader(tmp_path, url)(), AUTH, f"{url}: the server wants a user and password (401): set auth.passwordFile (a token "
                                           "is a password) and, where it matters, auth.userFile")


def test_no_rights_and_no_repository(tmp_path, serve, secret):
    server = serve()
    url = f"{server.url}/forbidden/infra.git"
    refused(reader(tmp_path, url)(), AUTH, f"{url}: the server lets those without an account not read it (403): give that "
                                           "account the right to read the repository")
    url = f"{server.url}/git/none.git"
    refused(reader(tmp_path, url)(), NOT_FOUND,
            f"{url}: no repository is there (404), or only accounts see it (auth.passwordFile): check the url")
    url = f"{server.url}/private/none.git"
    read = reader(tmp_path, url, userFile=secret("user", "reader"), passwordFile=secret("token", TOKEN))
    refused(read(), NOT_FOUND, f"{url}: no repository is there (404), or this account may not see it: check the url")


def test_refs_that_are_not_there(tmp_path, serve, bare, repository):
    server = serve()
    url = f"{server.url}/git/infra.git"
    read = reader(tmp_path, url)
    refused(read(ref="mian"), INVALID,
            f'{url} has no ref "mian" (tried refs/heads/mian, refs/tags/mian); nearest of 1: main')
    repository.git("branch", "stable")
    bare.push("stable")
    assert read(ref="stable").error is None
    bare.push(":stable")
    refused(read(ref="stable"), INVALID,
            f'{url} has no ref "stable" (tried refs/heads/stable, refs/tags/stable); nearest of 1: main')
    repository.git("branch", "caf\udce9")  # a byte that is no UTF-8
    bare.push("caf\udce9")
    refused(read(ref="cafe"), INVALID, f'{url} has no ref "cafe" (tried refs/heads/cafe, refs/tags/cafe); nearest of 2: caf?, '
                                       "main")


def test_an_empty_repository(tmp_path, serve):
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "root" / "empty.git"], check=True)
    url = f"{serve().url}/git/empty.git"
    refused(reader(tmp_path, url)(ref=None), INVALID, f"{url} has no commits yet: push one")


def test_a_sha256_repository(tmp_path, serve):
    folder = tmp_path / "root" / "sha256.git"
    for words in (["init", "-q", "-b", "main", "--object-format=sha256", folder],
                  ["-C", folder, "-c", "user.name=Test", "-c", "user.email=test@holdfast.invalid", "commit", "-q", "--allow-empty",
                   "-m", "one"], ["-C", folder, "config", "core.bare", "true"]):
        subprocess.run(["git", *words], check=True)
    url = f"{serve().url}/git/sha256.git/.git"
    refused(reader(tmp_path, url)(), INVALID, f"{url}: its commits have SHA-256 ids, which the libgit2 of this program does not "
                                              "read: use a repository with SHA-1 ids (git init --object-format=sha1)")


def test_nothing_answers_in_tls(tmp_path, raw):
    server = raw(lambda *_: server.stop.wait(SECONDS))
    url = f"https://127.0.0.1:{server.port}/a.git"
    line = f"{url}: 127.0.0.1 does not answer: check the url, that the server runs, and that no firewall is between"
    refused(reader(tmp_path, url, deadline=8 * SLOWER)(), RETRY, line)


def test_redirect_to_another_host(tmp_path, serve, secret):
    server = serve(redirects={"^/away/(.*)$": "http://127.0.0.1:{port}/private/$1", "^/plain/(.*)$": "http://elsewhere.invalid/$1",
                              "^/loop/(.*)$": "/loop/$1", "^/lost/.*$": "/sign-in"})
    signed = {"userFile": secret("user", "reader"), "passwordFile": secret("token", TOKEN)}
    url = f"{server.url}/away/infra.git"
    refused(reader(tmp_path, url, **signed)(), INVALID,
            f"{url}: the server sends readers on to another place (301, http://127.0.0.1:{server.port}/private/infra.git), which "
            "is not followed, as the sign-in would go there too: if that is right, make it the url")
    url = f"{server.url}/plain/infra.git"
    refused(reader(tmp_path, url, **signed)(), INVALID,
            f"{url}: the server sends readers on (301) to what is not followed: http://elsewhere.invalid/infra.git: http:// shows "
            "what it carries to everybody on the way and is read from this machine alone: use https://")
    url = f"{server.url}/lost/infra.git"
    refused(reader(tmp_path, url, **signed)(), INVALID,
            f"{url}: the server sends readers on (301) to where no repository is: check the url")
    url = f"{server.url}/loop/infra.git"
    refused(reader(tmp_path, url, **signed)(), RETRY, f"{url}: the server sends readers on and on: check the url")
    assert all("/private/" not in line for line in server.requests())


@pytest.mark.parametrize("code, kind, line", [
    (429, RETRY, "the server says that it is asked too often (429): raise the source's interval"),
    (500, RETRY, "the server answers 500: see its own log"),
])
def test_other_answers(tmp_path, raw, code, kind, line):
    url = f"http://127.0.0.1:{raw(status(code, body=b'a page')).port}/a.git"
    refused(reader(tmp_path, url)(), kind, f"{url}: {line}")


def test_no_git_server(tmp_path, raw):
    page = raw(status(200, "Content-Type: text/html\r\n", b"<html>sign in</html>" * 10000))
    url = f"http://127.0.0.1:{page.port}/a.git"
    refused(reader(tmp_path, url)(), NOT_FOUND, f"{url}: a web server answers, but no Git server (content type text/html, not "
                                                "application/x-git-upload-pack-advertisement): check the url")
    said = raw(lambda connection, _: connection.sendall(LIST + pkt(b"# service=git-upload-pack\n") + b"0000" +
                                                        pkt(b"ERR no \x1b[31maccess\n")))
    url = f"http://127.0.0.1:{said.port}/a.git"
    refused(reader(tmp_path, url)(), RETRY, f'{url}: the server says: "no ?[31maccess"')
    nonsense = raw(lambda connection, _: connection.sendall(LIST + b"hello\x07 world"))
    url = f"http://127.0.0.1:{nonsense.port}/a.git"
    refused(reader(tmp_path, url)(), RETRY,
            f'{url}: the server\'s answer is no Git protocol ("hell" where a length belongs)')


# ---- the network ----

def test_hosts_that_are_not_there(tmp_path):
    host = "a" * 64 + ".invalid"  # no name server is asked for a label of this length
    refused(reader(tmp_path, f"https://{host}/a.git")(), RETRY,
            f"https://{host}/a.git: no address is known for {host}: check the url, and this machine's name servers")
    port = free_port()
    url = f"https://127.0.0.1:{port}/a.git"
    refused(reader(tmp_path, url)(), RETRY, f"{url}: 127.0.0.1 port {port} takes no connection: check the url, that the server "
                                            "runs, and that no firewall is between")
    refused(reader(tmp_path, url)(proxy=f"http://127.0.0.1:{port}"), RETRY,
            f"{url}: the proxy 127.0.0.1:{port} takes no connection: check auth.proxy, and that it runs")
    refused(reader(tmp_path, url)(proxy=f"http://{host}:80"), RETRY,
            f"{url}: no address is known for the proxy {host}:80: check auth.proxy")


def test_plain_http_where_tls_is_meant(tmp_path, raw):
    server = raw(status(400), eager=True)
    url = f"https://127.0.0.1:{server.port}/a.git"
    refused(reader(tmp_path, url)(), RETRY, f"{url}: no TLS connection to 127.0.0.1 port {server.port} (OpenSSL/"
            f"{ssl.OPENSSL_VERSION.split()[1]}: error:0A00010B:SSL routines::wrong version number): does that port speak https?")


def test_a_server_that_hangs(tmp_path, raw):
    server = raw(lambda *_: server.stop.wait(SECONDS))
    url = f"http://127.0.0.1:{server.port}/a.git"
    read = reader(tmp_path, url, deadline=8)()
    refused(read, RETRY, f"{url}: the server took the connection and then sent nothing for 2 s: see its own log")
    assert read.seconds < SECONDS


def test_a_server_that_hangs_in_the_pack(tmp_path, raw, bare):
    whole = upload_pack(bare.folder, cut=30)

    def answer(connection, head):
        whole(connection, head)
        if head.startswith(b"POST"):
            server.stop.wait(SECONDS)
    server = raw(answer)
    url = f"http://127.0.0.1:{server.port}/a.git"
    refused(reader(tmp_path, url, deadline=8)(), RETRY,
            f"{url}: the server took the connection and then sent nothing for 2 s: see its own log")


def test_a_server_that_is_slow(tmp_path, raw):
    def answer(connection, _):
        connection.sendall(LIST + pkt(b"# service=git-upload-pack\n") + b"0000fff0")
        while not server.stop.wait(0.1):
            connection.sendall(b"x")
    server = raw(answer)
    url = f"http://127.0.0.1:{server.port}/a.git"
    read = reader(tmp_path, url, deadline=4)()
    refused(read, RETRY, f"{url}: not fetched within 4 s: is the line to the server that slow, or the repository that large?")
    assert read.seconds < SECONDS


def test_a_list_of_refs_without_end(tmp_path, raw):
    begin = LIST + pkt(b"# service=git-upload-pack\n") + b"0000" + pkt(b"1" * 40 + b" HEAD\0side-band-64k shallow\n")

    def many(connection, _):
        connection.sendall(begin)
        i = 0
        while True:
            connection.sendall(b"".join(pkt(b"2" * 40 + b" refs/heads/b%d\n" % (i + n)) for n in range(1000)))
            i += 1000
    url = f"http://127.0.0.1:{raw(many).port}/a.git"
    refused(reader(tmp_path, url)(), LIMIT, f"{url}: the server lists more than 100000 refs: delete some, or mirror the branch "
                                            "into a repository of its own")

    def large(connection, _):
        connection.sendall(begin)
        i = 0
        while True:
            connection.sendall(pkt(b"2" * 40 + b" refs/heads/%d" % i + b"x" * 65000))
            i += 1
    url = f"http://127.0.0.1:{raw(large).port}/a.git"
    refused(reader(tmp_path, url)(), LIMIT, f"{url}: the server's list of refs has more than 67108864 bytes: delete some, or "
                                            "mirror the branch into a repository of its own")


# ---- the pack ----

def test_a_fetch_cap(tmp_path, serve, bare, repository):
    repository.commit({"big.bin": os.urandom(200_000)})
    bare.push()
    server = serve()
    url = f"{server.url}/git/infra.git"
    read = reader(tmp_path, url)
    refused(read(fetchBytes=100_000), LIMIT,
            f"{url}: what is fetched takes more than limits.fetchBytes (100000 bytes): raise it")
    assert not [p for p in packs(read.state) if p.endswith((".pack", ".idx"))]
    assert read(fetchBytes=400_000).values() == {"one": "1", "two": "1"}


@pytest.mark.skipif(SANITIZED, reason="its own memory is counted there")
def test_a_pack_that_takes_much_memory(tmp_path, serve, bare, repository):
    """A small change to a large file: the file is unpacked whole to know it. Our mirror is not at fault, and stays."""
    server = serve()
    url = f"{server.url}/git/infra.git"
    read = reader(tmp_path, url)
    assert read().error is None
    kept = packs(read.state)
    for i in range(2):
        repository.commit({"large.yaml": "a" * (20 << 20) + str(i) * (1 << 20)})
    bare.push()
    bare.git("-c", "core.bigFileThreshold=4g", "repack", "-adfq")
    refused(read(memory=32 << 20), LIMIT,
            f"{url}: the pack that the server sent cannot be unpacked: it needs more than 32 MiB of memory: exclude what is "
            "that large or split the source, or give the container more (resources.limits.memory)")
    assert packs(read.state) == kept
    assert read().values() == {"one": "1", "two": "1"}


def flip(data):
    """One bit of the pack's last object: all is as long as it was, and the sum at the end is wrong."""
    at = len(data) - 60
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


@pytest.mark.parametrize("name, change, cut, line", [
    ("short", lambda data: data[:-100], 0, "the connection ended in the middle of what was fetched"),
    ("refused", lambda _: pkt(b"NAK\n") + pkt(b"\x03disk \x1b[1mbroken\n"), 0, 'the server says: "disk ?[1mbroken"'),
    ("nothing", lambda _: b"", 0, "the connection ended in the middle of what was fetched"),
    ("nonsense", lambda _: pkt(b"hello\n"), 0, 'the server\'s answer is no Git protocol: "hello"'),
])
def test_broken_answers(tmp_path, raw, bare, name, change, cut, line):
    server = raw(upload_pack(bare.folder, change, cut))
    url = f"http://127.0.0.1:{server.port}/{name}.git"
    read = reader(tmp_path, url)
    refused(read(), RETRY, f"{url}: {line}")
    assert not [p for p in packs(read.state) if p.endswith((".pack", ".idx"))]


def test_a_connection_cut_in_the_pack(tmp_path, raw, bare):
    server = raw(upload_pack(bare.folder, cut=50))
    url = f"http://127.0.0.1:{server.port}/a.git"
    refused(reader(tmp_path, url)(), RETRY,
            f"{url}: the connection broke off (transfer closed with 50 bytes remaining to read)")


def test_a_damaged_pack(tmp_path, raw, bare):
    server = raw(upload_pack(bare.folder, flip))
    url = f"http://127.0.0.1:{server.port}/a.git"
    refused(reader(tmp_path, url)(), RETRY,
            f"{url}: the pack that the server sent is damaged or not whole (git fsck there tells more): error "
            "reading from the zlib stream")


def test_the_last_good_set_is_not_touched_by_a_fault(tmp_path, raw, serve, bare, repository):
    """After a fault the next read is as if there had been none."""
    server = serve()
    read = reader(tmp_path, f"{server.url}/git/infra.git")
    assert read().error is None
    repository.commit({"a.yaml": manifest("one", "2"), "big.bin": os.urandom(50_000)})
    bare.push()
    assert read(fetchBytes=10_000).kind == LIMIT
    good = read()
    assert good.values() == {"one": "2", "two": "1"} and good.problems == []
