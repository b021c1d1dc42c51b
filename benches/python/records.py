"""JSON there and back, and dataclasses."""

import json
from dataclasses import asdict, dataclass


@dataclass
class Record:
    number: int
    name: str
    marks: list


def main():
    records = [Record(n, f"name {n}", [n % 7, n % 11 / 4, None, n % 2 == 0]) for n in range(700)]
    text = json.dumps([asdict(record) for record in records])
    again = [Record(**entry) for entry in json.loads(text)]
    return len(text), again == records, sum(record.marks[1] for record in again)
