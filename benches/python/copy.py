"""Contestant: asyncpg's own COPY. Arguments: the socket's directory, the database, load or export, the table, the file."""

import asyncio
import resource
import sys
import time

import asyncpg


async def main(directory, database, job, table, file):
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    connection = await asyncpg.connect(host=directory, port=5432, user="postgres", database=database)
    async with connection.transaction():
        if job == "load":
            await connection.copy_to_table(table, source=file, format="csv")
        else:
            await connection.copy_from_table(table, output=file, format="csv")
    await connection.close()
    taken = time.perf_counter() - begun
    print(taken, idle, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


asyncio.run(main(*sys.argv[1:]))
