"""Contestant: what the original aiodal does to reflect a database, on SQLAlchemy and asyncpg.

Reads a line per measurement from standard input, and answers each with milliseconds.
"""

import asyncio
import sys
import time

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine


def reflect(connection: sa.Connection) -> sa.MetaData:
    metadata = sa.MetaData()
    metadata.reflect(connection, views=True)
    inspector = sa.inspect(connection)
    for table in metadata.tables.values():
        inspector.get_unique_constraints(table.name, schema=table.schema)
    return metadata


async def measure(directory: str, database: str) -> float:
    url = f"postgresql+asyncpg://postgres@/{database}?host={directory}&port=5432"
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            begun = time.perf_counter()
            await connection.run_sync(reflect)
            return (time.perf_counter() - begun) * 1e3
    finally:
        await engine.dispose()


def main() -> None:
    directory, database = sys.argv[1:]
    for _ in sys.stdin:
        print(asyncio.run(measure(directory, database)), flush=True)


main()
