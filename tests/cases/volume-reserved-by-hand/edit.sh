kubectl patch pv volume-reserved-by-hand-pv --type=merge -p '{"spec": {"accessModes": ["ReadWriteOnce", "ReadOnlyMany"], "claimRef": {"namespace": "volume-reserved-by-hand", "name": "later"}}}'
