"""Git over https: git-http-backend behind lighttpd, read by the reading child. Each fault has its exact line."""
import os

import pytest

from git_servers import Bare, Raw, WebServer, free_port, manifest, packs, proxy_answer, reader
from support import Repository

TOKEN = "secret-token-1"


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

    def start(answer):
        running.append(Raw(answer))
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


def test_https_with_a_token(tmp_path, serve, bare, repository, secret):
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
