"""Canaries: secrets that must not be found again."""
import base64
import json
import os
import stat
import subprocess

import yaml

from .repository import git_environment


LEAST = 8  # shorter values stand in harmless places by chance


def values_of_secret(document):
    for value in (document.get("stringData") or {}).values():
        yield str(value)
    for value in (document.get("data") or {}).values():
        try:
            yield base64.b64decode(value).decode()
        except (TypeError, ValueError):
            yield str(value)  # not what it has to be: the server's complaint must not quote it


def secrets_in(paths):
    """The values of all Secrets in these manifests, as far as they can be read."""
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                documents = list(yaml.safe_load_all(file))
        except (yaml.YAMLError, ValueError):
            continue
        for document in documents:
            if isinstance(document, dict) and document.get("kind") == "Secret":
                yield from (v for v in values_of_secret(document) if len(v) >= LEAST)


def token_of(kubeconfig):
    with open(kubeconfig, encoding="utf-8") as file:
        users = yaml.safe_load(file).get("users") or []
    return [user["user"]["token"] for user in users if user["user"].get("token")]


def spellings(secret):
    """A secret as it is, in base64, and as JSON writes it."""
    raw = secret.encode()
    return {raw, base64.b64encode(raw), json.dumps(secret)[1:-1].encode()}


def git_content(folder):
    """All objects of a Git repository, unpacked."""
    return subprocess.run(["git", "--git-dir", folder, "cat-file", "--batch-all-objects", "--batch"],
                          check=True, stdout=subprocess.PIPE, env=git_environment(folder)).stdout


def judge_canaries(secrets, run, repository, state):
    """The secrets' own repository may hold them; nothing else may, the copy of the repository excepted."""
    own = git_content(os.path.join(repository, ".git"))
    places = [("stdout", run.stdout), ("stderr", run.stderr)]
    git_places = []
    for folder, folders, files in os.walk(state):
        if "objects" in folders and "HEAD" in files:
            git_places.append((f"the Git objects of {folder}", git_content(folder)))
            folders.remove("objects")
        for name in files:
            path = os.path.join(folder, name)
            if stat.S_ISREG(os.lstat(path).st_mode):
                with open(path, "rb") as file:
                    places.append((path, file.read()))
    for secret in secrets:
        for what in spellings(secret):
            for place, data in places + [p for p in git_places if what not in own]:
                if what in data:
                    yield f"the canary {secret!r} is in {place}"


def judge_modes(state):
    paths = [state]
    for folder, folders, files in os.walk(state):
        paths += [os.path.join(folder, name) for name in folders + files]
    for path in paths:
        mode = os.lstat(path).st_mode
        if mode & 0o077 and not stat.S_ISLNK(mode):
            yield f"open to group or others: {path} ({stat.filemode(mode)})"
