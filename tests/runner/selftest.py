"""The runner's own tests."""
import os
import tempfile
import unittest

from .canaries import judge_modes, spellings
from .case import Case
from .cluster import owner
from .fields import parse_field, place_of, places, written
from .judge import default_exit, judge_errors, parse_output
from .parity import compare, documents
from .repository import merge
from .values import differences, match, parse_json


class Matching(unittest.TestCase):
    def fits(self, expected, reported):
        return not differences(parse_json(expected), parse_json(reported))

    def test_objects_by_subset(self):
        self.assertTrue(self.fits('{"a": {"b": 1}}', '{"a": {"b": 1, "c": 2}, "d": 3}'))
        self.assertFalse(self.fits('{"a": {"b": 1}}', '{"a": {"c": 1}}'))
        self.assertFalse(self.fits('{"a": {}}', '{"a": []}'))
        self.assertFalse(self.fits('{"a": {}}', '{}'))

    def test_arrays_exactly(self):
        self.assertTrue(self.fits('{"a": [1, {"b": 2}]}', '{"a": [1.0, {"b": 2}]}'))
        self.assertFalse(self.fits('{"a": [1]}', '{"a": [1, 2]}'))
        self.assertFalse(self.fits('{"a": [2, 1]}', '{"a": [1, 2]}'))
        self.assertFalse(self.fits('{"a": [{"b": 2}]}', '{"a": [{"b": 2, "c": 3}]}'))
        self.assertFalse(self.fits('{"a": [{"b": null}]}', '{"a": [{}]}'))

    def test_numbers_by_value(self):
        self.assertTrue(self.fits('{"a": 1}', '{"a": 1.0}'))
        self.assertTrue(self.fits('{"a": 1000}', '{"a": 1e3}'))
        self.assertFalse(self.fits('{"a": 9007199254740993}', '{"a": 9007199254740992}'))
        self.assertFalse(self.fits('{"a": 0.1}', '{"a": 0.10000000000000000001}'))
        self.assertFalse(self.fits('{"a": 1}', '{"a": "1"}'))

    def test_booleans_are_no_numbers(self):
        for one, other in (("1", "true"), ("true", "1"), ("0", "false"), ("false", "0"), ("1.0", "true")):
            self.assertFalse(self.fits(f'{{"a": {one}}}', f'{{"a": {other}}}'))
            self.assertFalse(self.fits(f'{{"a": [{one}]}}', f'{{"a": [{other}]}}'))
        self.assertTrue(self.fits('{"a": true}', '{"a": true}'))

    def test_null_is_null_or_absent(self):
        self.assertTrue(self.fits('{"a": null}', '{}'))
        self.assertTrue(self.fits('{"a": null}', '{"a": null}'))
        for other in ("0", "false", '""', "[]", "{}"):
            self.assertFalse(self.fits('{"a": null}', f'{{"a": {other}}}'))
        self.assertFalse(self.fits('{"a": ""}', '{"a": null}'))

    def test_each_line_once(self):
        line = {"field": "x"}
        self.assertEqual(match([line, line], [line]), ([1], []))
        self.assertEqual(match([line], [line, line]), ([], [1]))
        self.assertEqual(match([], []), ([], []))

    def test_not_greedy(self):
        wide, narrow = {"field": "x"}, {"field": "x", "have": 1}
        for expected in ([wide, narrow], [narrow, wide]):
            for reported in ([{"field": "x", "have": 1}, {"field": "x", "have": 2}],
                             [{"field": "x", "have": 2}, {"field": "x", "have": 1}]):
                self.assertEqual(match(expected, reported), ([], []))
        chain = [{"a": 1}, {"a": 1, "b": 1}, {"b": 1, "c": 1}]
        self.assertEqual(match(chain, [{"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 1}, {"a": 1}])[0], [])

    def test_strict_json(self):
        for text in (b'{"a": NaN}\n', b'{"a": 1, "a": 2}\n', b"[]\n", b"hello\n", b"\xff\n", b'{"a": 1}'):
            self.assertTrue(parse_output(text)[1], text)
        self.assertEqual(parse_output(b'{"a": 1}\n'), ([{"a": 1}], []))

    def test_exit(self):
        self.assertEqual(default_exit([]), 0)
        self.assertEqual(default_exit([{"verdict": "drifted"}]), 1)
        self.assertEqual(default_exit([{"verdict": "terminating"}]), 1)
        self.assertEqual(default_exit([{"verdict": "drifted"}, {"verdict": "blocked"}]), 3)
        self.assertEqual(default_exit([{"verdict": "unknown"}]), 3)

    def test_errors(self):
        lines = [{"event": "error", "message": "a: b"}, {"event": "note", "message": "c"}]
        self.assertTrue(list(judge_errors(None, lines)))
        self.assertFalse(list(judge_errors(None, lines[1:])))
        self.assertFalse(list(judge_errors(["a: ", "b"], lines)))
        self.assertTrue(list(judge_errors(["c"], lines)))

    def test_owner(self):
        cases = ["pod", "pod-label", "svc"]
        self.assertEqual(owner("pod-label-pv", None, cases), "pod-label")
        self.assertEqual(owner("pod-pv", None, cases), "pod")
        self.assertEqual(owner("podx", None, cases), None)
        self.assertEqual(owner("as.svc.example", "svc.example", cases), "svc")

    def test_canary(self):
        self.assertIn(b"czNjcjN0", spellings("s3cr3t"))
        self.assertIn(b'a\\"b', spellings('a"b'))

    def test_modes(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "a"), 0o700)
            path = os.path.join(folder, "a", "b")
            with open(path, "w", encoding="utf-8"):
                os.chmod(path, 0o600)
            self.assertEqual(list(judge_modes(folder)), [])
            os.chmod(path, 0o640)
            self.assertEqual(len(list(judge_modes(folder))), 1)
            os.chmod(folder, 0o750)
            self.assertEqual(len(list(judge_modes(folder))), 2)

    def test_each_commit_is_its_tree(self):
        with tempfile.TemporaryDirectory() as folder:
            for tree, text in (("git", "a: 1"), ("git.2", "a: 2"), ("git.10", "a: 3")):
                path = os.path.join(folder, "case", tree, "x.yaml")
                os.makedirs(os.path.dirname(path))
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                os.utime(path, (1, 1))
            case = Case(os.path.join(folder, "case"), None, None, os.path.join(folder, "work"))
            case.prepare()
            case.later_commits()
            self.assertEqual([case.git("show", f"main{back}:x.yaml") for back in ("~2", "~1", "")],
                             ["a: 1", "a: 2", "a: 3"])

    def test_merge(self):
        self.assertEqual(merge({"a": {"b": 1}, "c": [1]}, {"a": {"d": 2}, "c": [2]}),
                         {"a": {"b": 1, "d": 2}, "c": [2]})


class Parity(unittest.TestCase):
    def pod(self, **more):
        return {"metadata": {"generation": 1, "labels": {"a.b/c": "x"}}, "spec": {"containers": [
            {"name": "main", "ports": [{"containerPort": 53, "protocol": "UDP"},
                                       {"containerPort": 53, "protocol": "TCP", **more}]}], "args": ["a", "b"]}}

    def line(self, field, drift_class="changed"):
        return {"verdict": "drifted", "class": drift_class, "field": field}

    def test_field(self):
        self.assertEqual(parse_field('metadata.labels["a.b/c"].x[name=main,port=80][="v"][2].y'), [
            ("member", "metadata"), ("member", "labels"), ("member", "a.b/c"), ("member", "x"),
            ("keys", {"name": "main", "port": 80}), ("value", "v"), ("index", 2), ("member", "y")])
        self.assertEqual(parse_field('x[key="a,b"]'), [("member", "x"), ("keys", {"key": "a,b"})])

    def test_places(self):
        live, merged = self.pod(), self.pod(name="dns")
        self.assertEqual([written(path) for path in places(live, merged)], ["spec.containers[0].ports[1].name"])
        self.assertEqual(places(live, live), [])
        self.assertEqual(places({"a": [1, 2]}, {"a": [2, 1]}), [("a",)])
        self.assertEqual(places({"a": [1]}, {"a": [1, 2]}), [("a", (None, 1))])
        self.assertEqual(places({"a": [{"name": 1}, {"name": 2}]}, {"a": [{"name": 2}]}), [("a", (0, None))])

    def test_compare(self):
        live, merged = self.pod(), self.pod(name="dns")
        right = "spec.containers[name=main].ports[containerPort=53,protocol=TCP].name"
        wrong = right.replace("TCP", "UDP")
        merged["metadata"]["generation"] = 2
        for field, result in ((right, "agree"), (wrong, "disagree"), ("spec.containers", "agree")):
            self.assertEqual(compare(live, merged, [self.line(field)], [])[0], result, field)
        self.assertEqual(compare(live, merged, [], [])[0], "disagree")
        self.assertEqual(compare(live, live, [self.line(right)], [])[0], "disagree")
        self.assertEqual(compare(live, live, [self.line(right, "extra")], [])[0], "agree")
        self.assertEqual(compare(None, live, [{"verdict": "missing"}], [])[0], "agree")
        self.assertEqual(compare(None, live, [], [])[0], "disagree")
        place = place_of(right, live, merged)
        self.assertEqual(place, ("spec", "containers", (0, 0), "ports", (1, 1), "name"))

    def test_documents(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write("# nothing\n---\nkind: A\n--- # b\nkind: B\nx: |\n  ---\n")
            self.assertEqual([(first, last) for _, first, last in documents(path)], [(2, 4), (4, 8)])
