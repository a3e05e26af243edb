"""accidents: are all numbers of tests/accidents.md there, and does what it names as a test exist?

One line FILE:LINE: MESSAGE for each finding.
"""
import os
import re

PAGE = "tests/accidents.md"
NUMBERS = range(1, 67)  # the survey's section 3
NAME = re.compile(r"\b(case|unit|e2e) (?:(?<=case )([a-z][a-z0-9-]*)|(test_\w+))")


def functions(folder):
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        if name.startswith("test_") and name.endswith(".py"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                yield from re.findall(r"(?m)^def (test_\w+)", file.read())


def exists(kind, name, e2e):
    if kind == "case":
        return os.path.isdir(f"tests/cases/{name}/git")
    return os.path.exists(f"tests/unit/{name}.c") if kind == "unit" else name in e2e


def main():
    e2e, numbers = set(functions("tests/e2e")), []
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    for match in NAME.finditer(text.replace("\n", " ")):
        if not exists(match[1], match[2] or match[3], e2e):
            print(f"{PAGE}:{text.count(chr(10), 0, match.start()) + 1}: no such test: {match.group()}")
    for count, line in enumerate(text.split("\n"), 1):
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 4 or not re.fullmatch(r"\d+(, \d+)*", cells[1]):
            continue
        numbers += [int(number) for number in cells[1].split(", ")]
        if not NAME.search(line) and "bench" not in line and "later" not in line:
            print(f"{PAGE}:{count}: neither a test nor the issue that brings one")
    if numbers != list(NUMBERS):
        lost = sorted(set(NUMBERS) ^ set(numbers))
        print(f"{PAGE}:1: each number from {NUMBERS[0]} to {NUMBERS[-1]} once and in order; see {lost}")


main()
