"""The determinant of a matrix, by the minors of its first row, each of which is a part.

usage: determinant.py [MATRIX]   as JSON; default: one of 4 x 4 whose determinant is 49
"""

import json

import stos_job

default = [[4, 1, 5, 5], [0, 6, 5, 4], [1, 6, 1, 3], [3, 3, 6, 5]]


def determinant(rows):
    if not rows:
        return 1
    return sum(
        (-1) ** column * rows[0][column] * determinant(minor(rows, column))
        for column in range(len(rows))
    )


def minor(rows, column):
    return [row[:column] + row[column + 1 :] for row in rows[1:]]


def split(arguments):
    rows = json.loads(arguments[0]) if arguments else default
    if any(len(row) != len(rows) for row in rows):
        raise ValueError("no square matrix: %s" % rows)
    return [[(-1) ** c * rows[0][c], minor(rows, c)] for c in range(len(rows))]


def part(factor_and_minor):
    factor, rows = factor_and_minor
    return factor * determinant(rows)


stos_job.run(split, part, reduce=sum)
