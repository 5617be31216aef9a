"""asyncpg on the database in DATABASE_URL: raises what is not as expected."""

import asyncio
import datetime
import decimal
import io
import json
import os
import uuid

import asyncpg

URL = os.environ["DATABASE_URL"]
ADD = "insert into item (name) values ($1)"


async def count(connection, name):
    return await connection.fetchval("select count(*) from item where name = $1", name)


async def expect(error, awaitable):
    try:
        await awaitable
    except error as raised:
        return raised
    raise AssertionError(f"it should have raised {error}")


async def transactions(one, other):
    async with one.transaction():
        await one.execute(ADD, "committed")
    transaction = one.transaction()
    await transaction.start()
    await one.execute(ADD, "rolled back")
    await transaction.rollback()
    async with one.transaction():
        await one.execute(ADD, "outer")
        async with one.transaction():
            await one.execute(ADD, "inner")
        try:
            async with one.transaction():
                await one.execute(ADD, "nested and rolled back")
                await one.execute("select 1 / 0")
        except asyncpg.DivisionByZeroError:
            pass
        await one.execute(ADD, "last")
    async with one.transaction(readonly=True):
        await expect(asyncpg.ReadOnlySQLTransactionError, one.execute(ADD, "read only"))
    for name, expected in [
        ("committed", 1), ("rolled back", 0), ("outer", 1), ("inner", 1), ("nested and rolled back", 0), ("last", 1)
    ]:
        assert await count(other, name) == expected, name

    # Left without a commit, in order and not.
    for leave in [lambda gone: gone.close(), lambda gone: gone.terminate()]:
        gone = await asyncpg.connect(URL)
        await gone.transaction().start()
        await gone.execute(ADD, "left")
        closing = leave(gone)
        if closing is not None:
            await closing
    assert await count(other, "left") == 0


async def failures(one, other):
    negative = "insert into item (name, price) values ('negative', -1)"
    error = await expect(asyncpg.CheckViolationError, one.execute(negative))
    assert error.constraint_name == "price_is_not_negative"
    error = await expect(asyncpg.UndefinedColumnError, one.fetch("select nothing", timeout=30))
    assert error.position == "8"
    await one.execute(ADD, "went on")
    assert await count(other, "went on") == 1
    batch = "insert into item (name) values ('of a batch'); select 1 / 0"
    await expect(asyncpg.DivisionByZeroError, one.execute(batch))
    assert await count(other, "of a batch") == 0

    transaction = one.transaction()
    await transaction.start()
    await one.execute(ADD, "before an error")
    await expect(asyncpg.CheckViolationError, one.execute(negative))
    await expect(asyncpg.InFailedSQLTransactionError, one.fetch("select 1"))
    await expect(asyncpg.InFailedSQLTransactionError, one.execute("select 1"))
    await transaction.rollback()
    assert await count(other, "before an error") == 0

    transaction = one.transaction()
    await transaction.start()
    await one.execute("insert into line (item) values (-1)")
    await expect(asyncpg.ForeignKeyViolationError, transaction.commit())
    await expect(asyncpg.ForeignKeyViolationError, one.execute("insert into line (item) values (-1)"))


async def statements(one, other):
    double = await one.prepare("select $1::int * 2")
    triple = await one.prepare("select $1::int * 3")
    same = await other.prepare("select $1::int * 2")
    for number in range(3):
        assert await double.fetchval(number) == number * 2
        assert await same.fetchval(number) == number * 2
        assert await triple.fetchval(number) == number * 3
    assert [str(kind.type.name) for kind in [double.get_attributes()[0]]] == ["int4"]
    await expect(asyncpg.DivisionByZeroError, one.fetchval("select 1 / $1::int", 0))
    assert await one.fetchval("select 1 / $1::int", 1) == 1

    await one.executemany(ADD, [("many",)] * 1000)
    assert await count(other, "many") == 1000
    # All of them or none.
    bad = [("bad", number) for number in [1, 2, -1, 3]]
    add = "insert into item (name, price) values ($1, $2)"
    await expect(asyncpg.CheckViolationError, one.executemany(add, bad))
    assert await count(other, "bad") == 0
    returned = await one.fetchmany("insert into item (name) values ($1) returning name", [("returned",)] * 3)
    assert [row["name"] for row in returned] == ["returned"] * 3


async def cursors(one, other):
    async with one.transaction():
        numbers = [row[0] async for row in one.cursor("select generate_series(1, 10)", prefetch=3)]
        assert numbers == list(range(1, 11))
        cursor = await one.cursor("select generate_series(1, 10)")
        assert len(await cursor.fetch(4)) == 4
        await one.execute(ADD, "between fetches")
        assert await cursor.forward(2) == 2
        assert (await cursor.fetchrow())[0] == 7
    assert await count(other, "between fetches") == 1


async def bulk(one, other):
    rows = [("copied", number) for number in range(10000)]
    assert await one.copy_records_to_table("item", records=rows, columns=["name", "price"]) == "COPY 10000"
    out = io.BytesIO()
    await one.copy_from_query("select price from item where name = $1", "copied", output=out)
    assert sum(map(int, out.getvalue().split())) == 49995000
    text = io.BytesIO(b"from a file,1\nfrom a file,2\n")
    await one.copy_to_table("item", source=text, columns=["name", "price"], format="csv")
    bad = io.BytesIO(b"bad,one\n")
    loading = one.copy_to_table("item", source=bad, columns=["name", "price"], format="csv")
    await expect(asyncpg.InvalidTextRepresentationError, loading)

    async def broken():
        yield b"broken,1\n"
        raise RuntimeError("the source has broken")

    loading = one.copy_to_table("item", source=broken(), columns=["name", "price"], format="csv")
    await expect(RuntimeError, loading)
    transaction = one.transaction()
    await transaction.start()
    await one.copy_records_to_table("item", records=[("copied and rolled back", 1)], columns=["name", "price"])
    await transaction.rollback()
    for name, expected in [
        ("copied", 10000), ("from a file", 2), ("bad", 0), ("broken", 0), ("copied and rolled back", 0)
    ]:
        assert await count(other, name) == expected, name


async def cancels(one, other):
    await expect(asyncio.TimeoutError, one.fetch("select pg_sleep(600)", timeout=0.1))
    await one.execute(ADD, "after a cancel")
    running = asyncio.Event()
    one.add_log_listener(lambda connection, message: running.set())
    long = one.execute("do $$ begin raise notice 'running'; perform pg_sleep(600); end $$")
    task = asyncio.create_task(long)
    await running.wait()
    task.cancel()
    await expect(asyncio.CancelledError, task)
    await one.execute(ADD, "after a cancel")
    await one.execute("set statement_timeout = '50ms'")
    await expect(asyncpg.QueryCanceledError, one.fetch("select pg_sleep(600)"))
    await one.execute("reset statement_timeout")
    assert await count(other, "after a cancel") == 2
    await one.reset()


async def notifications(one, other):
    heard = asyncio.Queue()

    def hear(connection, pid, channel, payload):
        heard.put_nowait(payload)

    await one.add_listener("arrivals", hear)
    async with other.transaction():
        await other.execute("select pg_notify('arrivals', $1)", "committed")
    transaction = other.transaction()
    await transaction.start()
    await other.execute("notify arrivals, 'rolled back'")
    await transaction.rollback()
    await other.execute("notify arrivals, 'at once'")
    assert [await heard.get(), await heard.get()] == ["committed", "at once"]
    await one.remove_listener("arrivals", hear)


async def pools():
    async with asyncpg.create_pool(URL, min_size=2, max_size=4) as pool:

        async def work(number):
            async with pool.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                await connection.execute(ADD, "at once")
                if number % 3 == 0:
                    await transaction.commit()
                elif number % 3 == 1:
                    await transaction.rollback()
                # Else what the pool does with it when it comes back.

        await asyncio.gather(*map(work, range(20)))
        assert await count(pool, "at once") == 7
        async with pool.acquire() as connection:
            before = await connection.fetchval("show time zone")
            await connection.execute("set time zone 'Asia/Tokyo'")
        for _ in range(4):
            assert await pool.fetchval("show time zone") == before
        await asyncio.gather(*(pool.execute(ADD, "through the pool") for _ in range(20)))
        assert await count(pool, "through the pool") == 20


async def types(one, other):
    # A type that it doesn't know it looks up, with a setting changed meanwhile.
    names = [
        "flag", "small", "whole", "big", "near", "nearer", "exact", "word", "bytes", "day", "clock", "moment", "local",
        "key", "words", "numbers", "feeling", "feelings",
    ]
    values = [
        True, -32768, 2147483647, -(2**63), 1.5, 2.0**-1022, decimal.Decimal("12345678901234.56789"), "Grüße",
        b"\x00\x01\xff", datetime.date(2024, 2, 29), datetime.time(23, 59, 59, 999999),
        datetime.datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=datetime.timezone.utc),
        datetime.datetime(2024, 2, 29, 23, 59, 59, 999999), uuid.UUID(int=7), ["a", None, "{\"'\\}"], [1, -2],
        "ok", ["sad", "happy"],
    ]
    document = {"a": [1, None, "ü"]}
    places = ", ".join(f"${number + 1}" for number in range(len(names) + 1))
    add = f"insert into sample ({', '.join(names)}, document) values ({places})"
    await one.execute(add, *values, json.dumps(document))
    row = await other.fetchrow(f"select {', '.join(names)}, document from sample")
    assert list(row.values())[:-1] == values, row
    assert json.loads(row["document"]) == document
    await one.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
    assert await one.fetchval("select document from sample") == document


async def main():
    one, other = await asyncpg.connect(URL), await asyncpg.connect(URL)
    for exercise in [transactions, failures, statements, cursors, bulk, cancels, notifications, types]:
        print(exercise.__name__, flush=True)
        await exercise(one, other)
    await one.close()
    await other.close()
    print("pools", flush=True)
    await pools()


asyncio.run(main())
