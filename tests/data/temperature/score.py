#!/usr/bin/env python3
# ruff: noqa
# mypy: ignore-errors
"""Score predicted readings against the labelled set.

usage: score.py GOLD PRED
PRED is JSONL, one line per message: id, readings, clarify, correction (as in README.md;
what is left out of a reading counts as its default). A message PRED does not name counts
as one in which nothing was found. Prints JSON. Exit status 2 when a file cannot be used.
"""

import json
import re
import sys
import unicodedata

FEVER = 37.3
TOLERANCE = 0.05 + 1e-9
OWNER = re.compile(r"^(?:我们|俺们|咱们|他们|她们|我|俺|咱|他|她)(?:家里|家)?的?")


class Unusable(Exception):
    pass


def load(path):
    rows = {}
    with open(path, encoding="utf-8") as f:
        for n, line in enumerate(f, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                key = row["id"]
            except (ValueError, KeyError, TypeError) as e:
                raise Unusable(f"{path}:{n}: not a JSON object with an id ({e!r})")
            if key in rows:
                raise Unusable(f"{path}:{n}: id {key} twice")
            rows[key] = row
    return rows


def name(who):
    """A surface form without blanks and without a leading possessive (我家孙子 -> 孙子)."""
    who = re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(who)))
    return OWNER.sub("", who, count=1) or who


def names(r):
    return {name(r["who"])} | {name(w) for w in r.get("who_any") or []}


def number(text):
    """A number as written, in one shape: half width, one decimal mark, no unit."""
    text = unicodedata.normalize("NFKC", str(text))
    text = re.sub(r"\s+", "", text)
    text = re.sub(r"(摄氏度|华氏度|度|°[CFcf]?|℃|℉|[CFcf])$", "", text)
    return re.sub(r"(?<=\d)[。·,、](?=\d)", ".", text)


def same_value(g, p):
    return abs(float(g["celsius"]) - float(p["celsius"])) <= TOLERANCE


def right(g, p):
    return (
        name(p["who"]) in names(g)
        and same_value(g, p)
        and (g.get("day") or 0) == (p.get("day") or 0)
        and bool(g.get("approx")) == bool(p.get("approx"))
    )


def pair(gold, pred, fits):
    """As many one-to-one pairs as can be made (augmenting paths)."""
    taken = {}

    def place(i, seen):
        for j, p in enumerate(pred):
            if j not in seen and fits(gold[i], p):
                seen.add(j)
                if j not in taken or place(taken[j], seen):
                    taken[j] = i
                    return True
        return False

    for i in range(len(gold)):
        place(i, set())
    return sorted((i, j) for j, i in taken.items())


def rate(a, b):
    return round(a / b, 4) if b else None


def prf(hit, said, found):
    return {
        "precision": rate(hit, found),
        "recall": rate(hit, said),
        "f1": rate(2 * hit, said + found),
        "right": hit,
        "in_gold": said,
        "in_pred": found,
    }


def score(gold, pred):
    unknown = sorted(set(pred) - set(gold))
    if unknown:
        raise Unusable(f"ids that the gold file does not have: {', '.join(map(str, unknown[:10]))}")
    hit = said = found = 0
    whole, wrong = 0, []
    empty, false_ids, false_n = 0, [], 0
    fevers, missed, missed_ids, alarms, alarm_ids = 0, 0, [], 0, []
    agree = {f: {"right": 0, "of": 0, "right_where_said": 0, "said": 0} for f in ("period", "site")}
    ask_hit = ask_said = ask_found = 0
    corr = {"right": 0, "in_gold": 0, "in_pred": 0}
    for key, g in gold.items():
        p = pred.get(key, {})
        gr, pr = g["readings"], p.get("readings") or []
        pairs = pair(gr, pr, right)
        hit, said, found = hit + len(pairs), said + len(gr), found + len(pr)
        for i, j in pairs:
            for field, a in agree.items():
                ok = gr[i].get(field) == pr[j].get(field)
                a["right"] += ok
                a["of"] += 1
                if gr[i].get(field) is not None:
                    a["right_where_said"] += ok
                    a["said"] += 1
        ga = sorted(map(number, g.get("clarify") or []))
        pa = sorted(map(number, p.get("clarify") or []))
        ask_said, ask_found = ask_said + len(ga), ask_found + len(pa)
        rest = list(pa)
        for x in ga:
            if x in rest:
                rest.remove(x)
                ask_hit += 1
        gc, pc = bool(g.get("correction")), bool(p.get("correction"))
        corr["right"] += gc and pc
        corr["in_gold"] += gc
        corr["in_pred"] += pc
        if len(pairs) == len(gr) == len(pr) and ga == pa and gc == pc:
            whole += 1
        else:
            wrong.append(key)
        if not gr:
            empty += 1
            if pr:
                false_ids.append(key)
                false_n += len(pr)
        # fevers: the person must be right and the number must still be a fever; the exact
        # figure, the day and approx are judged above, not here
        gf = [r for r in gr if float(r["celsius"]) >= FEVER]
        pf = [r for r in pr if float(r["celsius"]) >= FEVER]
        kept = len(pair(gf, pf, lambda a, b: name(b["who"]) in names(a)))
        fevers += len(gf)
        if kept < len(gf):
            missed += len(gf) - kept
            missed_ids.append(key)
        if kept < len(pf):
            alarms += len(pf) - kept
            alarm_ids.append(key)
    for a in agree.values():
        a["accuracy"] = rate(a["right"], a["of"])
        a["accuracy_where_said"] = rate(a["right_where_said"], a["said"])
    return {
        "messages": len(gold),
        "not_in_pred": len(set(gold) - set(pred)),
        "readings": prf(hit, said, found),
        "whole_message": {"rate": rate(whole, len(gold)), "right": whole, "wrong_ids": wrong},
        "false_records": {
            "messages": len(false_ids),
            "readings": false_n,
            "of_messages_holding_none": empty,
            "ids": false_ids,
        },
        "fevers_missed_or_misattributed": {"count": missed, "of": fevers, "ids": missed_ids},
        "false_fevers": {"count": alarms, "ids": alarm_ids},
        "clarify": prf(ask_hit, ask_said, ask_found),
        "correction": prf(corr["right"], corr["in_gold"], corr["in_pred"]),
        "period": agree["period"],
        "site": agree["site"],
    }


def main(argv):
    if len(argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        result = score(load(argv[0]), load(argv[1]))
    except (OSError, Unusable, KeyError, TypeError, ValueError, AttributeError) as e:
        print(f"score.py: {type(e).__name__}: {e}", file=sys.stderr)
        return 2
    print(json.dumps(result, ensure_ascii=False, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
