#!/usr/bin/env python3
"""usage: report.py BUILD ROOT PROGRAM...

Lines and branches of lib/core that the programs ran, by file, from BUILD/core.profdata; then what they did not run, with
its source. Instances of a template and copies of an inline function count as one. Not counted are a PBFT_CHECK, since
that one fails would be a bug, lines that hold a closing brace alone, and what only a deliberate bug (mutants.hpp) reaches.
"""
import collections
import json
import os
import subprocess
import sys

LLVM_COV = "llvm-cov-19"


def export(build, programs, form):
    command = [LLVM_COV, "export", "-instr-profile", os.path.join(build, "core.profdata"), f"-format={form}", programs[0]]
    for program in programs[1:]:
        command += ["-object", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def lines_of(report):
    """File -> line -> how often it ran."""
    found = collections.defaultdict(lambda: collections.defaultdict(int))
    for entry in report.splitlines():
        if entry.startswith("SF:"):
            lines = found[entry[3:]]
        elif entry.startswith("DA:"):
            line, count = entry[3:].split(",")[:2]
            lines[int(line)] += int(count)
    return found


def branches_of(report):
    """File -> place of a condition -> how often it was true, and false."""
    found = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
    for function in json.loads(report)["data"][0]["functions"]:
        for line, column, end_line, end_column, true, false, file, _, _ in function["branches"]:
            place = (line, column, end_line, end_column)
            counts = found[function["filenames"][file]][place]
            counts[0] += true
            counts[1] += false
    return found


def checks_of(text):
    """Places of PBFT_CHECK(...), as (line, column) of begin and end."""
    places, at, word = [], 0, "PBFT_CHECK("
    while (at := text.find(word, at)) >= 0:
        end, depth = at + len(word), 1
        while depth > 0:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        places.append((place_of(text, at), place_of(text, end)))
        at = end
    return places


def is_of_mutant(source, line):
    """What stands on this line did not run, and stands behind a mutated(...) there or on one of the two lines before."""
    return any("mutated(" in text for text in source[max(0, line - 3) : line])


def place_of(text, offset):
    line = text.count("\n", 0, offset)
    return line + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def condition(source, place):
    line, column, end_line, end_column = place
    if end_line == line:
        return source[line - 1][column - 1 : end_column - 1]
    return source[line - 1][column - 1 :].strip() + " ..."


def percent(part, whole):
    return f"{100 * part / whole:6.1f}%" if whole else "      -"


def main():
    build, root, programs = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:]
    core = os.path.join(root, "lib", "core") + os.sep
    lines = {f: l for f, l in lines_of(export(build, programs, "lcov")).items() if f.startswith(core)}
    branches = branches_of(export(build, programs, "text"))

    rows, missed, total = [], [], [0, 0, 0, 0]
    for file in sorted(lines):
        with open(file, encoding="utf-8") as opened:
            text = opened.read()
        source, checks = text.splitlines(), checks_of(text)
        ran = {
            line: count
            for line, count in lines[file].items()
            if source[line - 1].strip() not in ("}", "};") and (count or not is_of_mutant(source, line))
        }
        name = os.path.relpath(file, root)
        outcomes = [
            (place, outcome, count)
            for place, counts in sorted(branches[file].items())
            if not any(begin <= place[:2] < end for begin, end in checks)
            if any(counts) or not is_of_mutant(source, place[0])
            for outcome, count in zip(("true", "false"), counts)
        ]
        numbers = (
            sum(count > 0 for count in ran.values()),
            len(ran),
            sum(count > 0 for _, _, count in outcomes),
            len(outcomes),
        )
        total = [a + b for a, b in zip(total, numbers)]
        rows.append((name, *numbers))
        for line, count in sorted(ran.items()):
            if count == 0:
                missed.append(f"{name}:{line}: never runs: {source[line - 1].strip()}")
        for place, outcome, count in outcomes:
            if count == 0 and lines[file].get(place[0], 1) > 0:
                missed.append(f"{name}:{place[0]}: never {outcome}: {condition(source, place)}")

    print(f"{'':34}{'lines':>16}{'branches':>24}")
    for name, done, count, taken, outcomes in [*rows, ("lib/core", *total)]:
        print(f"{name:34}{done:6}/{count:<6}{percent(done, count)}{taken:8}/{outcomes:<6}{percent(taken, outcomes)}")
    print()
    print("\n".join(missed))


if __name__ == "__main__":
    main()
