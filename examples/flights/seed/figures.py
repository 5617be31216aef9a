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
flown = {f["tailnum"] for f in week} - {"NA"}
first_day = [f for f in week if f["day"] == "1"]

print("flights", len(week))
print("by day", [n for _, n in sorted(Counter(int(f["day"]) for f in week).items())])
print("by origin", sorted(Counter(f["origin"] for f in week).items()))
print("landed, diverted, cancelled", len(landed), len(left) - len(landed), len(week) - len(left))
print("miles", sum(known(week, "distance")))
print("minutes in the air", sum(known(week, "air_time")))
print("minutes of departure delay", sum(known(week, "dep_delay")))
print("minutes of arrival delay", sum(known(week, "arr_delay")))
print("worst departure delay", max(left, key=lambda f: int(f["dep_delay"])))
print("first and last scheduled hour, UTC", min(f["time_hour"] for f in week), max(f["time_hour"] for f in week))
print("no tail number", sum(f["tailnum"] == "NA" for f in week), "of them left", sum(f["tailnum"] == "NA" for f in left))
print("planes", len(flown), "not in planes.csv", len(flown - planes))
print("flights to airports not in airports.csv", sorted(Counter(f["dest"] for f in week if f["dest"] not in airports).items()))
print("routes", len(routes), "busiest", sorted(routes.items(), key=lambda r: (-r[1], r[0]))[:4])
for route in [("JFK", "LAX")]:
    flights = [f for f in week if (f["origin"], f["dest"]) == route]
    print("  ", route, "cancelled", sum(f["dep_time"] == "NA" for f in flights), "mean", mean(known(flights, "arr_delay")))
print("carriers")
for carrier in sorted({f["carrier"] for f in week}):
    flights = [f for f in week if f["carrier"] == carrier]
    print("  ", carrier, len(flights), "left", len(known(flights, "dep_delay")), "mean delay", mean(known(flights, "dep_delay")))
print("in the year")
print("   without tail number", sum(f["tailnum"] == "NA" for f in year), "of them cancelled", sum(f["tailnum"] == "NA" and f["dep_time"] == "NA" for f in year))
print("   to airports not in airports.csv", sum(f["dest"] not in airports for f in year))
numbers = Counter((f["month"], f["day"], f["carrier"], f["flight"]) for f in year)
print("   numbers used again on the same day", sum(n - 1 for n in numbers.values()))
