kubectl label pv immutable-volume-source-pv site=b
