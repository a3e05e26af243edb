kubectl -n "$NAMESPACE" patch widgets.$CASE.example.com/one --type=merge -p '{"metadata": {"labels": {"a": "2", "b": "3"}}, "spec": {
"tags": ["t1", "noise", "loud"],
"any": {"a": {"level": 2, "other": 2}, "b": {"deep": {"level": 2}}},
"pools": {"gpu.example/a100": {"size": 2, "kind": "q"}, "cpu.example/x~y": {"size": 2, "kind": "q"}, "other": {"size": 2}},
"ports": [{"port": 80, "title": "WEB", "note": "nn"}, {"port": 81, "title": "WEB", "note": "N"}]}}'
