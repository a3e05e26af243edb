"""One case: set up, edited, judged."""
import os
import re
import shlex
import shutil
import subprocess

import yaml

from .canaries import judge_canaries, judge_modes, secrets_in, token_of
from .cluster import kubectl, wait_served
from .common import DIFF_SECONDS, Failure, ROOT, SCRIPT_SECONDS, call, end, say
from .judge import default_exit, judge_run, parse_output, read_lines
from .parity import judge_parity
from .repository import crds_of, git_environment, manifests, merge
from .undo import Snapshot
from .watching import Watching

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class Run:
    """What one run of the program left."""
    stdout = stderr = b""
    status = source = revision = state = None


class Case:
    def __init__(self, folder, options, cluster, work):
        self.folder, self.options, self.cluster = folder, options, cluster
        self.name = os.path.basename(folder)
        self.work = os.path.join(work, self.name)
        self.groups = []  # process groups of what was started
        self.caught = set()  # the other programs of which something is wrong
        self.parity = []
        self.undone = False
        self.copy, self.repository, self.home = (
            os.path.join(self.work, name) for name in ("case", "repository", "home"))
        if not DNS_LABEL.fullmatch(self.name):
            raise Failure("the name of a case is a DNS label")
        if not os.path.isdir(os.path.join(folder, "git")):
            raise Failure("no folder git")

    def path(self, name):
        return os.path.join(self.folder, name)

    def lines(self, name):
        if not os.path.exists(self.path(name)):
            return None
        with open(self.path(name), encoding="utf-8") as file:
            return [line for line in file.read().split("\n") if line]

    def git(self, *words):
        done = subprocess.run(["git", "-C", self.repository, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=git_environment(self.home), check=False)
        text = done.stdout.decode(errors="replace").strip()
        if done.returncode:
            raise Failure(f"git {shlex.join(words)}: {text}")
        return text

    def commit(self, tree):
        """Makes a commit of which a folder of the case is the complete tree."""
        for name in os.listdir(self.repository):
            if name != ".git":
                path = os.path.join(self.repository, name)
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path)
                else:
                    os.remove(path)
        shutil.copytree(tree, self.repository, symlinks=True, dirs_exist_ok=True)
        # an empty index: files of one size and one moment must not be taken for unchanged
        self.git("read-tree", "--empty")
        self.git("add", "-A", "-f", ".")
        self.git("commit", "-q", "--allow-empty", "-m", os.path.basename(tree))

    def prepare(self):
        os.makedirs(self.home)
        os.makedirs(self.repository)
        shutil.copytree(self.folder, self.copy, symlinks=True)
        self.git("init", "-q", "-b", "main")
        self.commit(self.path("git"))

    def later_commits(self):
        for tree in self.trees()[1:]:
            self.commit(tree)

    def script_environment(self):
        tools = os.path.join(ROOT, "tests", "runner", "tools")
        return {**os.environ, "NAMESPACE": self.name, "CASE": self.name, "HOME": self.home,
                "TMPDIR": self.home, "LC_ALL": "C.UTF-8", "PATH": f"{tools}:{os.environ['PATH']}"}

    def script(self, name):
        log = os.path.join(self.work, name + ".log")
        with open(log, "wb") as file:
            status = call(["bash", "-eu", name], SCRIPT_SECONDS, self.groups, stdout=file, stderr=file,
                          cwd=self.copy, env=self.script_environment())
        if status or self.options.verbose:
            with open(log, encoding="utf-8", errors="replace") as file:
                text = file.read()
            if status:
                how = f"ended with {status}" if status is not None else f"took over {SCRIPT_SECONDS} s"
                raise Failure(f"{name} {how}:\n{text}")
            say(f"{self.name}: {name}:\n{text}")

    def setup(self):
        if os.path.exists(self.path("setup.sh")):
            return self.script("setup.sh")
        files = list(manifests(self.path("git")))
        if not files:
            return None
        apply = ["apply", "--server-side", "--field-manager=holdfast", "--force-conflicts"]
        crds = list(crds_of(files))
        if crds:
            data = yaml.safe_dump_all(crds).encode()
            kubectl(*apply, "-f", "-", data=data)
            for crd in crds:
                self.cluster.wait_established(crd["metadata"]["name"])
                wait_served(crd["spec"])
        words = [word for path in files for word in ("-f", path)]
        return kubectl(*apply, "-n", self.name, *words)

    def configuration(self, interval=None):
        """Writes the configuration; the one source."""
        config = {"apiVersion": "holdfast.dev/v1", "kind": "Config", "sources": [
            {"name": self.name, "url": "file://" + self.repository, "ref": "main"}]}
        rest = []
        if os.path.exists(self.path("config.yaml")):
            with open(self.path("config.yaml"), encoding="utf-8") as file:
                fragment, *rest = list(yaml.safe_load_all(file)) or [None]
            fragment = fragment or {}
            if "sources" in fragment:
                raise Failure("config.yaml has sources; it is a fragment with source")
            source = merge(config["sources"][0], fragment.pop("source", {}))
            config = {**merge(config, fragment), "sources": [source]}
        if interval:
            config["sources"][0]["interval"] = interval
        with open(os.path.join(self.work, "config.yaml"), "w", encoding="utf-8") as file:
            yaml.safe_dump_all([config, *rest], file, sort_keys=False)
        return config["sources"][0]

    def diff(self, program, folder):
        """Runs a program; what it writes and keeps goes into the folder."""
        run, source = Run(), self.configuration()
        words = shlex.split("\n".join(self.lines("args") or []))
        run.source, run.state = source["name"], os.path.join(folder, "state")
        if source["ref"] and not any(word.startswith("--ref") for word in words):
            run.revision = self.git("rev-parse", "--verify", f"{source['ref']}^{{commit}}")
        command = [program, "diff", run.source,
                   "--config", os.path.join(self.work, "config.yaml"),
                   "--kubeconfig", self.cluster.kubeconfig, "--namespace", self.name,
                   "-o", "json", "--state-dir", run.state, *words]
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("KUBE", "XDG_"))}
        environment.update(HOME=self.home, TMPDIR=self.home)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "command"), "w", encoding="utf-8") as file:
            file.write(shlex.join(command) + "\n")
        out, err = (os.path.join(folder, name) for name in ("stdout", "stderr"))
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            run.status = call(command, DIFF_SECONDS, self.groups, stdout=stdout, stderr=stderr,
                              env=environment)
        with open(out, "rb") as stdout, open(err, "rb") as stderr:
            run.stdout, run.stderr = stdout.read(), stderr.read()
        return run

    def complaints(self, run):
        expected, errors = read_lines(self.path("expect.jsonl")), self.lines("errors")
        status = int(self.lines("exit")[0]) if self.lines("exit") else default_exit(expected)
        complaints = judge_run(run, expected, errors, status)
        secrets = {*(self.lines("canary") or []), *token_of(self.cluster.kubeconfig), *self.git_secrets()}
        complaints += judge_canaries(sorted(secrets), run, self.repository, run.state)
        complaints += judge_modes(run.state)
        return complaints

    def judge(self):
        run = self.diff(self.options.program, self.work)
        if self.options.verbose:
            say(f"{self.name}: stdout:\n{run.stdout.decode(errors='replace')}"
                f"{self.name}: stderr:\n{run.stderr.decode(errors='replace')}")
        complaints = self.complaints(run)
        if complaints and run.stderr:
            complaints.append("stderr: " + run.stderr[-1500:].decode(errors="replace").strip())
        if not complaints:
            self.judge_others()
        if self.options.parity:
            self.parity = judge_parity(self, parse_output(run.stdout)[0])
        return complaints

    def judge_others(self):
        """Other programs on the same cluster and commit: they only read."""
        for name, program in self.options.also.items():
            folder = os.path.join(self.work, "also", name)
            found = self.complaints(self.diff(program, folder))
            if found:
                self.caught.add(name)
            if self.options.verbose:
                say("\n    ".join([f"{self.name}: {name}:", *found]))

    def run(self):
        """Complaints; none: passed."""
        self.prepare()
        self.cluster.make_namespace(self.name)
        try:
            self.setup()
            watching = self.watch()
            before = watching.ids() if watching and len(self.trees()) == 1 else None
            self.later_commits()
            snapshot = None
            if os.path.exists(self.path("edit.sh")):
                snapshot = Snapshot(self) if watching else None
                self.script("edit.sh")
            if self.options.scripts_only:
                return []
            complaints = self.judge() if self.options.through != "agent" else []
            if watching is not None:
                complaints += self.judge_watching(watching, snapshot, before)
            if complaints:
                self.keep_objects()
            return complaints
        finally:
            end(self.groups)
            if not self.options.keep and not self.options.scripts_only:
                self.cluster.delete(self.name)

    def watch(self):
        """The agent, once it has judged everything; None where it is not asked for."""
        if self.options.through == "diff" or self.options.scripts_only or self.options.parity:
            return None
        self.configuration("1s")
        watching = Watching(self, self.options.program)
        watching.started()
        return watching

    def trees(self):
        found = [name for name in os.listdir(self.folder) if re.fullmatch(r"git(\.\d+)?", name)]
        return [self.path(name) for name in sorted(found, key=lambda name: int(name[4:] or 0))]

    def never_so(self, line, snapshot):
        """Can nothing that was done have made this true for a moment? One command makes one state, but for a deletion."""
        if len(self.trees()) > 1 or line["verdict"] == "terminating":
            return False
        commands = [text for text in self.lines("edit.sh") or [] if not text.startswith("#")]
        return len(commands) < 2 or snapshot.untouched(line["object"])

    def undo(self, watching, snapshot, before):
        """What the agent says when the edit is undone: complaints."""
        told = watching.ids()
        if not told:
            return []
        if os.path.exists(self.path("undo.sh")):
            self.script("undo.sh")
        snapshot.restore()
        complaints = watching.judge_undone(before, lambda: [
            line for line in parse_output(self.diff(self.options.program, os.path.join(self.work, "undone")).stdout)[0]
            if line["event"] == "drift"])
        self.undone = bool(told - watching.ids())
        return complaints

    def judge_watching(self, watching, snapshot, before):
        expected, errors = read_lines(self.path("expect.jsonl")), self.lines("errors")
        source = self.configuration()
        revision = self.git("rev-parse", "--verify", f"{source['ref']}^{{commit}}") if source["ref"] else None
        complaints = watching.judge(expected, errors, revision, lambda line: self.never_so(line, snapshot))
        if not complaints and snapshot:
            complaints += self.undo(watching, snapshot, before)
        complaints += watching.end()
        secrets = {*(self.lines("canary") or []), *token_of(self.cluster.kubeconfig)}
        state = os.path.join(self.work, "agent-state")
        log = Run()
        for name, member in (("agent.log", "stdout"), ("agent.stderr", "stderr")):
            with open(os.path.join(self.work, name), "rb") as file:
                setattr(log, member, file.read())
        complaints += [f"agent: {text}" for text in judge_canaries(
            sorted(secrets | self.git_secrets()), log, self.repository, state)]
        complaints += [f"agent: {text}" for text in judge_modes(state)]
        return complaints

    def git_secrets(self):
        found = set()
        for tree in self.trees():
            found.update(secrets_in(manifests(tree)))
        return found

    def keep_objects(self):
        """Live objects, beside the logs."""
        kinds = [k for k in self.cluster.kinds("true") if k != "events" and not k.startswith("events.")]
        remains = [line for line in self.cluster.remains()[self.name]
                   if not line.startswith("namespaces/")]
        with open(os.path.join(self.work, "live.yaml"), "w", encoding="utf-8") as file:
            for words in [[",".join(kinds)], remains]:
                if words:
                    file.write(kubectl("get", *words, "-n", self.name, "-o", "yaml",
                                       "--show-managed-fields", check=False) + "---\n")
