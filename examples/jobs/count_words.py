"""How often each word occurs in the files of a directory that all nodes see; a part is a file.

usage: count_words.py DIRECTORY
"""
import collections, os
import stos_job

def split(arguments):
    directory = arguments[0]
    return sorted(entry.path for entry in os.scandir(os.path.abspath(directory)) if entry.is_file())

def part(path):
    with open(path, errors="replace") as file:
        return collections.Counter(file.read().lower().split())

def reduce(counts):
    return sum(map(collections.Counter, counts), collections.Counter())

stos_job.run(split, part, reduce)
