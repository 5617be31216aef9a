"""Prints the figures that the tests expect, computed from the whole source and not from a database.

    python3 seed/figures.py <the package's data directory>
"""

import csv
import io
import sys
import zipfile
from collections import Counter
from pathlib import Path

source = Path(sys.argv[1])


def rows(name):
    with open(source / name, newline="") as file:
        return list(csv.DictReader(file))


with zipfile.ZipFile(source / "flights.csv.zip") as archive:
    year = list(csv.DictReader(io.TextIOWrapper(archive.open("flights.csv"))))

week = [f for f in year if f["month"] == "1" and int(f["day"]) <= 7]
airports = {a["faa"] for a in rows("airports.csv")}
planes = {p["tailnum"] for p in rows("planes.csv")}


def known(flights, column):
    return [int(f[column]) for f in flights if f[column] != "NA"]


def mean(numbers):
    return round(sum(numbers) / len(numbers), 4)


left = [f for f in week if f["dep_time"] != "NA"]
landed = [f for f in left if f["arr_delay"] != "NA"]
routes = Counter((f["origin"], f["dest"]) for f in week)
flown = Counter(f["tailnum"] for f in week if f["tailnum"] != "NA")
earliest = min((f for f in week if f["day"] == "1"), key=lambda f: int(f["sched_dep_time"]))

print("flights", len(week))
print("by day", [n for _, n in sorted(Counter(int(f["day"]) for f in week).items())])
print("by origin", sorted(Counter(f["origin"] for f in week).items()))
print("landed, diverted, cancelled", len(landed), len(left) - len(landed), len(week) - len(left))
print("miles", sum(known(week, "distance")))
print("minutes in the air", sum(known(week, "air_time")))
print("minutes of departure delay", sum(known(week, "dep_delay")))
print("minutes of arrival delay", sum(known(week, "arr_delay")))
print("earliest", [earliest[k] for k in ("carrier", "flight", "origin", "time_hour", "minute")])
no_plane = [f for f in week if f["tailnum"] == "NA"]
print("no tail number", len(no_plane), "of them left", len(known(no_plane, "dep_time")))
print("planes", len(flown), "not in planes.csv", len(flown.keys() - planes))
print("flights of", [(plane, flown[plane]) for plane in ("N14228", "N24211", "N730MQ")])
omitted = Counter(f["dest"] for f in week if f["dest"] not in airports)
print("to airports not in airports.csv", sorted(omitted.items()))
busiest = sorted(routes.items(), key=lambda route: (-route[1], route[0]))
print("routes", len(routes), "busiest", busiest[:3])
flights = [f for f in week if (f["origin"], f["dest"]) == busiest[0][0]]
cancelled = len(flights) - len(known(flights, "dep_time"))
print("the busiest: cancelled", cancelled, "mean arrival delay", mean(known(flights, "arr_delay")))
print("mean departure delays")
for carrier in sorted({f["carrier"] for f in week}):
    delays = known([f for f in week if f["carrier"] == carrier], "dep_delay")
    print("   ", carrier, len(delays), mean(delays))

print("in the year")
no_plane = [f for f in year if f["tailnum"] == "NA"]
print("    no tail number", len(no_plane), "of them left", len(known(no_plane, "dep_time")))
print("    to airports not in airports.csv", sum(f["dest"] not in airports for f in year))
numbers = Counter((f["month"], f["day"], f["carrier"], f["flight"]) for f in year)
print("    numbers used again on the same day", numbers.total() - len(numbers))
