"""Repositories that mean harm: each is read or refused, soon, in little memory, with a line that can be printed."""
import hashlib
import json
import os
import re
import resource
import struct
import subprocess
import zlib

import pytest

from git_servers import WebServer
from support import HOLDFAST, SANITIZED, clean_environment

MIB = 1 << 20
HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
NOTHING = "note: no manifest is here: *.yaml, *.yml and *.json are read, as include and exclude say"
MEMORY = None if SANITIZED else 400 * MIB  # address space, libraries included
SECONDS = 60 if SANITIZED else 10          # of the processor: what others do on this machine does not count
# libgit2 1.5 leaks what a pattern needs, when it opens a repository with extensions
LEAKS = {"LSAN_OPTIONS": f"suppressions={os.path.dirname(os.path.realpath(__file__))}/lsan.supp:print_suppressions=0"}
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def run(folder, words, memory=MEMORY, seconds=SECONDS, data=b""):
    """Status, output and errors (bytes) of the program within its bounds."""
    def bounds():
        if memory and not SANITIZED:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    done = subprocess.run([HOLDFAST, *words], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          cwd=folder, env=clean_environment(folder, **LEAKS), check=False, timeout=600, preexec_fn=bounds)
    assert done.returncode >= 0, f"ended by signal {-done.returncode}: {done.stderr[-2000:]}"
    return done.returncode, done.stdout, done.stderr


def lines(output):
    """The lines, none of which holds a character that a terminal would obey."""
    text = output.decode()  # UTF-8, or it fails
    assert not CONTROL.search(text), CONTROL.findall(text)
    return text.splitlines()


@pytest.fixture
def lint(tmp_path):
    """A function: lints a text as a file and answers its errors without the file's name."""
    def one(text, name="x.yaml", status=2):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        code, out, err = run(tmp_path, ["lint", name])
        assert code == status, (out, err)
        assert err == b"", err
        return [line.removeprefix(name + ":").lstrip() for line in lines(out) if not line.endswith(NOTHING)]
    return one


# ---- what one file can hold ----

def nested(first, unit, count):
    return first + unit * count + "\n"


@pytest.mark.parametrize("text, line", [
    (nested("a: ", "[", 5000), "1:103: error: nested deeper than 100 levels: make it flatter"),
    (nested("a: ", "{b: ", 5000), "1:400: error: nested deeper than 100 levels: make it flatter"),
    (nested("", "- ", 5000), "1:201: error: nested deeper than 100 levels: make it flatter"),
    ("".join(" " * i + "a:\n" for i in range(1000)), "101:101: error: nested deeper than 100 levels: make it flatter"),
    ("a: &x [*x]\n", None),
    (nested("", "[", MIB - 1), "1:101: error: nested deeper than 100 levels: make it flatter"),
], ids=["lists", "maps", "dashes", "blocks", "itself", "megabyte"])
def test_depth(lint, text, line):
    told = lint(text)
    assert len(told) == 1
    assert line is None or told == [line], told


def test_depth_by_aliases(lint):
    """Twenty levels in each of ten anchors."""
    text = "a0: &a0 x\n" + "".join(f"a{i}: &a{i} {'[' * 20}*a{i - 1}{']' * 20}\n" for i in range(1, 11))
    assert lint(HEAD + text) == ["9:29: error: nested deeper than 100 levels by this alias: make it flatter"]


def bomb(level):
    """Ten to the ninth of what is at the bottom."""
    return "".join(level(i) for i in range(1, 10))


TOO_MANY = "error: more than 500000 values in one document, copies by aliases counted: split it"


@pytest.mark.parametrize("text", [
    "a0: &a0 [x, x]\n" + bomb(lambda i: f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n"),
    "a0: &a0 {x: x}\n" + bomb(lambda i: f"a{i}: &a{i} {{{', '.join(f'k{k}: *a{i - 1}' for k in range(10))}}}\n"),
    "a0: &a0\n  x: x\n" + bomb(lambda i: f"a{i}: &a{i}\n" + "".join(f"- *a{i - 1}\n" for k in range(10))),
    "a0: &a0 {x: {z: z}}\n" + bomb(lambda i: f"a{i}: &a{i}\n  <<: *a{i - 1}\n" +
                                  "".join(f"  k{k}: {{<<: *a{i - 1}}}\n" for k in range(10))),
    "a: {b: &a0 [x], " + ", ".join(f"b{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)) + "}\n",
    "a0: &a0 [x]\n" + bomb(lambda i: f"a{i}: &a{i} [{', '.join([f'{{<<: {{k: *a{i - 1}}}}}'] * 10)}]\n"),
], ids=["lists", "maps", "blocks", "merges", "flow", "merged-maps"])
def test_alias_bomb(lint, text):
    told = lint(HEAD + text)
    assert len(told) == 1 and told[0].endswith(TOO_MANY), told


def test_too_many_aliases(lint):
    text = "data:\n  a: &a x\n" + "".join(f"  k{i}: *a\n" for i in range(10001))
    assert lint(HEAD + text) == ["10006:11: error: more than 10000 aliases in one document: split it"]


def test_a_long_text_copied_by_aliases(tmp_path):
    """5,000 copies of 900 KB are one value each: it is their bytes that count."""
    text = HEAD + f"data:\n  s: &s {'x' * 900000}\n" + "".join(f"  k{i}: *s\n" for i in range(5000))
    (tmp_path / "x.yaml").write_text(text)
    code, out, err = run(tmp_path, ["render", "x.yaml"])
    assert (code, out) == (2, b"")
    assert lines(err) == ["holdfast: x.yaml:1: ConfigMap a: more than 67108864 bytes once its aliases are copied in: "
                          "split it"]
    records = read(tmp_path, str(tmp_path / "x.yaml"))
    assert records.problems == [TOO_LARGE]
    assert records.count == 0


TOO_LARGE = ("x.yaml", 1, "the manifest has more than 3 MiB as JSON, its aliases copied in, and no API server takes that: split "
             "it")


@pytest.mark.parametrize("copies, problems", [(2, []), (3, [TOO_LARGE])])
def test_what_no_server_takes(tmp_path, copies, problems):
    text = HEAD + f"data:\n  s: &s {'x' * 900000}\n" + "".join(f"  k{i}: *s\n" for i in range(copies))
    (tmp_path / "x.yaml").write_text(text)
    records = read(tmp_path, str(tmp_path / "x.yaml"))
    assert (records.problems, records.count) == (problems, 0 if problems else 1)


UNITS = ["[", "{", "- ", "? ", '"', "&a ", "!a ", "*a ", "%", "#\n", "\n", ": ", ",", "|\n", "\t", " ", "\r", "-\n", "...\n",
         "[]", "key:\n", "'", "> ", "@", "\u00a0", "\ufeff", "\u0085", "k: v\n", "\\x41", "a: &a\n", "<<: {}\n",
         "a: !!binary ", "- - - - - - - -\n"]


@pytest.mark.parametrize("head", ["", HEAD + "data: ", HEAD + 'data:\n  k: "'], ids=["bare", "value", "quoted"])
def test_files_full_of_one_thing(tmp_path, head):
    """libyaml is quadratic in some of these; what is said is none of this test's concern, but that it is soon."""
    for i, unit in enumerate(UNITS):
        (tmp_path / f"{i:02}.yaml").write_bytes((head + unit * MIB).encode()[:MIB])
    code, out, err = run(tmp_path, ["lint", "."])
    assert code == 2 and err == b""
    told = [line[:7] for line in lines(out)]
    assert all(told.count(file) <= 2 for file in told)


def test_values_up_to_the_cap(lint):
    assert lint(HEAD + "x:\n" + "- 1\n" * 200000, status=0) == []
    assert lint("-\n" * (MIB // 2)) == ["500000:2: " + TOO_MANY]


def test_one_line(lint):
    assert lint(HEAD + f"data: {{k: \"{'x' * 1040000}\"}}\n", status=0) == []
    assert lint("#" + "x" * MIB) == ["error: 1048577 bytes are more than limits.fileBytes (1048576): split the file, "
                                     "exclude it or raise the limit"]


def test_a_key_twice_in_a_big_map(lint):
    keys = "".join(f"  k{i}: x\n" for i in range(70000))
    assert lint(f"{HEAD}data:\n{keys}  k5: y\n") == [
        '70005:3: error: key "k5" stands twice in one map, first at line 10: remove one']


def test_many_errors_are_cut(tmp_path):
    (tmp_path / "x.yaml").write_text("a: 1\n---\n" * 100000)
    code, out, err = run(tmp_path, ["lint", "x.yaml"])
    told = lines(out)
    assert (code, err, len(told)) == (2, b"", 1001)  # 1000 errors, and what follows
    assert told[-1] == "error: 99000 more errors: put these right first"


NUL = "error: a NUL byte (UTF-16 without a byte order mark?): save the file as UTF-8"


@pytest.mark.parametrize("content, told", [
    ((HEAD + "data: {k: v}\n").encode("utf-16"), []),
    (b"\xef\xbb\xbf" + HEAD.encode(), []),
    ((HEAD + "data: {k: v}\n").encode("utf-16-le"), ["1:2: " + NUL]),
    (HEAD.encode() + b"x: a\0b\n", ["4:5: " + NUL]),
    (HEAD.encode() + b'data: {"a\\0b": x}\n', ["4:8: error: a key holds a NUL character: remove it"]),
    (HEAD.encode() + b'data:\n  ? &k "a\\0"\n  : x\n', ["5:5: error: a key holds a NUL character: remove it"]),
    (HEAD.encode() + b'x: &k "a\\0"\ndata: {*k : x}\n', ["5:8: error: a key holds a NUL character: remove it"]),
    (b'{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},\n "data": {"a\\u0000b": "x"}}\n',
     ["2:11: error: a key holds a NUL character: remove it"]),
    (HEAD.encode() + b'data: {k: "a\\0b"}\n', []),
    (HEAD.encode() + b"x: \xff\n", ["4:4: error: byte 0xff is not UTF-8: save the file as UTF-8"]),
    (HEAD.encode() + b"x: \x1b[2J\n", ["4:4: error: character U+001B is not allowed in YAML: in double quotes write "
                                       "\\u001b"]),
    (HEAD.encode() + b"data:\n\tk: v\n", None),
    (HEAD.encode() + b"x: 99999999999999999999\n", None),
    (HEAD.encode() + b"x: 1e999\n", []),
    (HEAD.encode() + b"x: " + b"9" * 500000 + b"\n", None),
    (HEAD.encode() + b"x: 0x" + b"f" * 500000 + b"\n", []),
], ids=["utf-16", "bom", "utf-16-without-bom", "nul", "nul-key", "nul-anchor",
        "nul-alias", "nul-json", "nul-value", "bad-utf-8", "escape", "tab", "big", "infinite", "digits", "hex"])
def test_bytes(lint, content, told):
    got = lint(content, status=0 if told == [] else 2)
    assert len(got) == (1 if told is None else len(told)), got
    assert told is None or got == told


# ---- names that lead elsewhere ----

def manifest(version="v1", kind="ConfigMap", name="a", namespace=None, more=""):
    space = f", namespace: {json.dumps(namespace)}" if namespace else ""
    return f"apiVersion: {json.dumps(version)}\nkind: {kind}\nmetadata: {{name: {json.dumps(name)}{space}}}\n{more}"


DOTS = 'error: metadata.name may not be "." or "..", which lead elsewhere in a URL: write a name'
SLASH = 'error: metadata.name may not hold "/" or "%", which lead elsewhere in a URL: write a name'
SPACE = ('error: metadata.namespace is no name of a namespace (lower case letters, digits and "-", at most 63): '
         "correct it")
VERSION = ('error: apiVersion is no VERSION or GROUP/VERSION (lower case letters, digits, "-" and "."): correct it')
LABEL = 'is no DNS label (lower case letters, digits and "-", at most 63): correct it'
CRD = {"version": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "name": "x.a.example"}


@pytest.mark.parametrize("document, line", [
    (manifest(name="../x"), "3:18: " + SLASH), (manifest(name="a/b"), "3:18: " + SLASH),
    (manifest(name="a%2fb"), "3:18: " + SLASH), (manifest(name=".."), "3:18: " + DOTS),
    (manifest(name="."), "3:18: " + DOTS), (manifest(name="a\nb"), "3:18: error: metadata.name holds a control "
                                                                   "character: remove it"),
    (manifest(name="n" * 1025), "3:18: error: metadata.name has more than 1024 bytes: no such name can be asked for"),
    (manifest(namespace="../x"), "3:34: " + SPACE), (manifest(namespace="*"), "3:34: " + SPACE),
    (manifest(namespace="a%2fb"), "3:34: " + SPACE),
    (manifest(version="../v1"), "1:13: " + VERSION), (manifest(version="apps/v1/x"), "1:13: " + VERSION),
    (manifest(version="*/v1"), "1:13: " + VERSION), (manifest(version="a/.."), "1:13: " + VERSION),
    (manifest(**CRD, more="spec: {group: '*'}\n"),
     '4:15: error: CustomResourceDefinition x.a.example: spec.group is no DNS name (lower case letters, digits, "-" and '
     '"."): correct it'),
    (manifest(**CRD, more="spec: {names: {plural: '*'}}\n"),
     "4:24: error: CustomResourceDefinition x.a.example: spec.names.plural " + LABEL),
    (manifest(**CRD, more="spec: {names: {plural: pods/exec}}\n"),
     "4:24: error: CustomResourceDefinition x.a.example: spec.names.plural " + LABEL),
    (manifest(**CRD, more="spec: {versions: [{name: ../v1}]}\n"),
     "4:26: error: CustomResourceDefinition x.a.example: spec.versions name " + LABEL),
])
def test_names_that_lead_elsewhere(lint, document, line):
    assert lint(document) == [line]


# ---- files and trees ----

class Records:
    """What the reading child wrote."""

    def __init__(self, data):
        self.files, self.problems, self.failed, self.count = [], [], None, None
        start = 0
        while start < len(data):
            length, kind = struct.unpack_from("<IB", data, start)
            self.at, self.body, start = 0, data[start + 5:start + 5 + length], start + 5 + length
            assert len(self.body) == length
            self.take(chr(kind))

    def u32(self):
        self.at += 4
        return struct.unpack_from("<I", self.body, self.at - 4)[0]

    def text(self, errors="strict"):
        length = self.u32()
        if length == 0xffffffff:
            return None
        self.at += length
        return self.body[self.at - length:self.at - 1].decode(errors=errors)

    def take(self, kind):
        assert self.failed is None and self.count is None
        if kind == "O":
            self.files.append([self.text() for _ in range(5)][4])
        elif kind == "P":
            self.at += 4
            self.text("replace")  # where the walk was, never shown
            file, line = self.text(), self.u32()
            self.at += 4
            self.text()
            self.problems.append((file, line, self.text()))
        elif kind == "F":
            self.u32()
            self.failed = self.text()
        elif kind == "E":
            self.count = len(self.files)


def read(folder, url, **more):
    """`holdfast read` with the bounds that its parent gives it."""
    state = folder / "state"
    state.mkdir(exist_ok=True)
    request = {"url": url, "ref": None, "path": None, "stateDir": str(state), "include": [], "exclude": [],
               "fileBytes": MIB, "objects": 100000, "fetchBytes": 1024 * MIB, **more}
    code, out, err = run(folder, ["read"], memory=2048 * MIB, seconds=120, data=json.dumps(request).encode())
    assert (code, err) == (0, b""), err
    records = Records(out)
    for _, _, message in records.problems:
        assert not CONTROL.search(message)
    return records


class Bare:
    """A bare repository made of raw objects, which Git itself would refuse."""

    def __init__(self, folder):
        self.folder = folder
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder)], check=True)
        self.url = f"file://{folder}"

    def add(self, kind, body):
        data = b"%s %d\0%s" % (kind, len(body), body)
        name = hashlib.sha1(data).hexdigest()
        path = self.folder / "objects" / name[:2] / name[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(data, 1))
        return name

    def blob(self, text):
        return self.add(b"blob", text.encode() if isinstance(text, str) else text)

    def tree(self, entries):
        """(mode, name, id) in this order."""
        return self.add(b"tree", b"".join(b"%o %s\0%s" % (mode, name if isinstance(name, bytes) else name.encode(),
                                                          bytes.fromhex(one)) for mode, name, one in entries))

    def commit(self, tree):
        who = b"T <t@example.invalid> 1700000000 +0000"
        name = self.add(b"commit", b"tree %s\nauthor %s\ncommitter %s\n\nx\n" % (tree.encode(), who, who))
        (self.folder / "refs" / "heads" / "main").write_text(name + "\n")

    def fast_import(self, chunks):
        command = ["git", "-C", str(self.folder), "-c", "core.compression=1", "fast-import", "--quiet"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
            child.stdin.write(b"commit refs/heads/main\ncommitter T <t@example.invalid> 1700000000 +0000\ndata 1\nx\n")
            for chunk in chunks:
                child.stdin.write(chunk)
            child.stdin.close()
            assert child.wait() == 0


@pytest.fixture
def bare(tmp_path):
    return Bare(tmp_path / "bare.git")


FILE, FOLDER, LINK, MODULE = 0o100644, 0o40000, 0o120000, 0o160000
ODD = "the name holds control characters or is not UTF-8: rename it, it is not read"


def test_odd_names_in_a_commit(tmp_path, bare):
    good = bare.blob(HEAD)
    entries = [(FILE, b"\x1b]0;x\x07.yaml", good), (FILE, b"a\nb.yaml", good), (FILE, b"caf\xe9.yaml", good),
               (FILE, b"good.yaml", good), (FILE, b"n" * 2000 + b".yaml", good), (FILE, b"\xe2\x80\xae.yaml", good)]
    bare.commit(bare.tree(entries))
    records = read(tmp_path, bare.url)
    assert records.files == ["good.yaml", "\u202e.yaml"]
    assert records.problems == [
        ("\\x1b]0;x\\x07.yaml", 0, ODD), ("a\\x0ab.yaml", 0, ODD), ("caf\\xe9.yaml", 0, ODD),
        ("n" * 2000 + ".yaml", 0, "the path has more than 1024 bytes: it is not read; shorten or exclude it")]


@pytest.mark.parametrize("name", ["..", ".", ".git", ".GIT", "../../x.yaml", "a/../b.yaml", "/etc/x.yaml", ""])
@pytest.mark.parametrize("mode", [FILE, FOLDER])
def test_names_that_git_refuses(tmp_path, bare, name, mode):
    """Nothing is written to a working tree, so they can do no harm; but they are read as no other place either."""
    inner = bare.blob(HEAD) if mode == FILE else bare.tree([(FILE, "x.yaml", bare.blob(HEAD))])
    bare.commit(bare.tree([(mode, name, inner), (FILE, "z.yaml", bare.blob(HEAD))]))
    records = read(tmp_path, bare.url)
    if records.failed is None:
        assert "z.yaml" in records.files
        assert len(records.files) == 1 or "/" in name
    assert not (tmp_path / "x.yaml").exists()


def test_deep_folders(tmp_path, bare):
    tree = bare.tree([(FILE, "x.yaml", bare.blob(HEAD))])
    for _ in range(3000):
        tree = bare.tree([(FOLDER, "d", tree)])
    bare.commit(bare.tree([(FOLDER, "d", tree), (FILE, "top.yaml", bare.blob(HEAD))]))
    records = read(tmp_path, bare.url)
    assert records.files == ["top.yaml"]
    assert records.problems == [
        ("/".join("d" * 65), 0, "folders are more than 64 deep: what is below is not read; flatten or exclude it")]


def test_long_paths(tmp_path, bare):
    tree = bare.tree([(FILE, "x.yaml", bare.blob(HEAD))])
    for _ in range(60):
        tree = bare.tree([(FOLDER, "d" * 250, tree)])
    bare.commit(tree)
    records = read(tmp_path, bare.url)
    assert records.files == []
    assert records.problems[0] == ("/".join(["d" * 250] * 5), 0, "the path has more than 1024 bytes: it is not read; "
                                                                  "shorten or exclude it")


def test_names_beyond_measure(tmp_path, bare):
    """Longer than a record may tell: their beginning is told, and all else is read. Git makes such trees without a word."""
    names = [b"a" * 17000 + b".yaml", b"b\xe9" * 20000 + b".yaml", "\u00fc".encode() * 16000 + b".yaml", b"z.yaml"]
    bare.fast_import(b"M 100644 inline %s\ndata %d\n%s\n" % (name, len(HEAD), HEAD.encode()) for name in names)
    records = read(tmp_path, bare.url)
    assert records.files == ["z.yaml"]
    told = "the path has more than 1024 bytes: it is not read; shorten or exclude it"
    assert records.problems == [("a" * 4092 + "...", 0, told), ("b\\xe9" * 2046 + "...", 0, ODD),
                                ("\u00fc" * 2046 + "...", 0, told)]


def test_folders_that_are_not_read_and_excluded(tmp_path, bare):
    inner = bare.tree([(FILE, "x.yaml", bare.blob(HEAD))])
    bare.commit(bare.tree([(FOLDER, b"odd\x07", inner), (FOLDER, b"p" * 2000, inner), (FILE, "z.yaml", bare.blob(HEAD))]))
    assert [p[2] for p in read(tmp_path, bare.url).problems] == [
        ODD, "the path has more than 1024 bytes: it is not read; shorten or exclude it"]
    records = read(tmp_path, bare.url, exclude=["odd*/**", "p*/**"])
    assert (records.problems, records.files) == ([], ["z.yaml"])


def test_a_tree_bomb(tmp_path, bare):
    """Ten folders that are the same one, eight levels deep: a hundred million files out of a few objects."""
    tree = bare.tree([(FILE, f"f{i}.txt", bare.blob("x")) for i in range(10)])
    for _ in range(8):
        tree = bare.tree([(FOLDER, f"d{i}", tree) for i in range(10)])
    bare.commit(tree)
    records = read(tmp_path, bare.url)
    assert [p[2] for p in records.problems] == [
        "the source has more than 200000 files: from here on nothing is read; set `path` to the folder with the "
        "manifests"]


def test_a_tree_bomb_over_ssh_or_https(tmp_path, bare):
    """What was fetched is looked through once: each tree that holds itself many times, too."""
    tree = bare.tree([(FILE, "a.yaml", bare.blob(HEAD))])
    bomb = tree
    for _ in range(12):
        bomb = bare.tree([(FOLDER, f"d{i}", bomb) for i in range(10)])
    bare.commit(bare.tree([(FOLDER, "apps", tree), (FOLDER, "bomb", bomb)]))
    server = WebServer(tmp_path / "web", tmp_path)
    try:
        records = read(tmp_path, f"{server.url}/git/{bare.folder.name}", path="apps")
    finally:
        server.close()
    assert records.files == ["apps/a.yaml"]
    assert records.problems == []


def test_a_partial_clone(tmp_path, bare):
    """What it lacks is not needed where the disk is read."""
    bare.commit(bare.tree([(FILE, "a.yaml", bare.blob(HEAD))]))
    subprocess.run(["git", "-C", str(bare.folder), "config", "uploadpack.allowFilter", "true"], check=True)
    clone = str(tmp_path / "clone")
    subprocess.run(["git", "clone", "-q", "--filter=blob:none", bare.url, clone], check=True)
    subprocess.run(["git", "-C", clone, "config", "extensions.partialClone", "origin"], check=True)  # some versions of git do
    for ref in (None, "HEAD"):
        records = read(tmp_path, clone, ref=ref)
        assert records.files == ["a.yaml"]
        assert records.problems == []


LINKED = ("a symbolic link is not followed and its manifests are not read: put the file itself here, or exclude the "
          "link")


def test_links(tmp_path, bare, repository):
    """In a commit and on disk: to a secret outside, to itself, to a folder above, to nowhere."""
    (tmp_path / "outside.yaml").write_text(HEAD)
    targets = {"absolute.yaml": str(tmp_path / "outside.yaml"), "loop.yaml": "loop.yaml", "nowhere.yaml": "nowhere",
               "out.yaml": "../outside.yaml"}
    bare.commit(bare.tree([(LINK, name, bare.blob(target)) for name, target in targets.items()] +
                          [(LINK, "up", bare.blob("..")), (FILE, "x.yaml", bare.blob(HEAD))]))
    for name, target in {**targets, "up": ".."}.items():
        os.symlink(target, os.path.join(repository.folder, name))
    repository.write("x.yaml", HEAD)
    want = [(name, 0, LINKED) for name in sorted(targets)] + [("up", 0, "a symbolic link is not followed")]
    for url in (bare.url, repository.folder):
        records = read(tmp_path, url)
        assert records.files == ["x.yaml"]
        assert records.problems == want
    for path in ("up", "up/repository"):
        records = read(tmp_path, repository.folder, path=path)
        assert records.failed == \
            f'{repository.folder}: path "up" is no folder but a symbolic link, which is not followed'


def test_submodules(tmp_path, bare):
    bare.commit(bare.tree([(MODULE, "mod", "1" * 40), (FILE, "x.yaml", bare.blob(HEAD))]))
    records = read(tmp_path, bare.url)
    assert records.files == ["x.yaml"]
    assert records.problems == [("mod", 0, "a submodule (another repository) is not read: make it a source of its own, "
                                           "or exclude it")]


def test_modes_that_nobody_knows(tmp_path, bare):
    good = bare.blob(HEAD)
    bare.commit(bare.tree([(0o100666, "a.yaml", good), (0o777, "b.yaml", good), (0, "c.yaml", good),
                           (FILE, "d.yaml", "2" * 40), (FOLDER, "e", good)]))
    records = read(tmp_path, bare.url)
    assert records.failed or {p[0] for p in records.problems} >= {"d.yaml", "e"}


def files(count):
    """Of a thousand contents, which Git imports in a second."""
    for i in range(count):
        text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: n%03d}\n" % (i % 1000)
        where = b"M 100644 %s d%02d/f%06d.yaml\n"
        if i < 1000:
            yield where % (b"inline", 0, i) + b"data %d\n%s\n" % (len(text), text)
        else:
            name = hashlib.sha1(b"blob %d\0%s" % (len(text), text)).hexdigest()
            yield where % (name.encode(), i // 1000, i)


def test_a_hundred_thousand_files(tmp_path, bare):
    bare.fast_import(files(100000))
    records = read(tmp_path, bare.url)
    assert (records.problems, records.failed, records.count) == ([], None, 100000)
    records = read(tmp_path, bare.url, objects=99999)
    assert records.problems == [("d99/f099999.yaml", 0, "the source has more than 99999 objects: from here on nothing is "
                                                        "read; split it into several sources or raise limits.objects")]


def test_a_gigabyte(tmp_path, bare):
    """Zeros: a few megabytes in the repository. It is never unpacked."""
    zeros = b"\0" * MIB
    head = HEAD.encode()
    bare.fast_import([b"M 100644 inline a.yaml\ndata %d\n%s\nM 100644 inline big.yaml\ndata %d\n" %
                      (len(head), head, 1000 * MIB)] + [zeros] * 1000 + [b"\n"])
    records = read(tmp_path, bare.url)
    assert records.files == ["a.yaml"]
    assert records.problems == [("big.yaml", 0, "1048576000 bytes are more than limits.fileBytes (1048576): split the "
                                                "file, exclude it or raise the limit")]
    records = read(tmp_path, bare.url, fetchBytes=100 * MIB)
    assert (records.files, records.failed) == (["a.yaml"], None)


# ---- what reaches a terminal ----

def test_names_on_disk_are_escaped(tmp_path):
    for name in (b"\x1b]0;x\x07.yaml", b"a\nb.yaml", b"caf\xe9.yaml", b"bidi\xe2\x80\xae.yaml", b"c1\xc2\x9b.yaml"):
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
            file.write(b"a: [\n")
    (tmp_path / os.fsdecode(b"dir\x1b[2J")).mkdir()
    for output in ([], ["-o", "json"]):
        code, out, err = run(tmp_path, ["lint", *output, "."])
        assert (code, err) == (2, b"")
        told = lines(out)
        assert len(told) == 6
        for line in told if output else []:
            json.loads(line)
    code, out, err = run(tmp_path, ["lint", b"caf\xe9.yaml", "no\x1b[31m.yaml"])
    assert code == 2 and len(lines(err)) == 1


HARMFUL = "\x1b]0;owned\x07\x9b2J\u202e"


@pytest.mark.parametrize("document", [
    {"apiVersion": "v1", "kind": HARMFUL, "metadata": {"name": "a"}},
    {"apiVersion": HARMFUL, "kind": "A", "metadata": {"name": "a"}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": HARMFUL}},
    {"apiVersion": "v1", "kind": "A\u202e", "metadata": {"name": "\u202e\u009b"}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "uid": HARMFUL}, HARMFUL: [None]},
    {"apiVersion": "holdfast.dev/v1", "kind": HARMFUL},
    {HARMFUL: 1},
], ids=["kind", "version", "name", "bidi", "null", "ours", "key"])
def test_words_of_documents_are_escaped(tmp_path, document):
    (tmp_path / "x.json").write_text(json.dumps(document))
    for words in (["lint"], ["lint", "-o", "json"], ["render"], ["render", "-o", "json"]):
        _, out, err = run(tmp_path, [*words, "x.json"])
        lines(out)
        lines(err)
        assert not CONTROL.search(out.decode())
