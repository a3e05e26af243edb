python3 make.py
git -C ../repository add -A
git -C ../repository -c user.name=cases -c user.email=cases@example.com commit -q -m 'two thousand'
apply-many ../repository/part-*.json
