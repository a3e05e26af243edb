"""The runner's own tests."""
import os
import tempfile
import unittest

from .canaries import judge_modes, spellings
from .case import Case
from .cluster import owner
from .judge import default_exit, judge_errors, parse_output
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
