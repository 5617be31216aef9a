"""psycopg 3 on the database in DATABASE_URL: raises what is not as expected."""

import asyncio
import datetime
import decimal
import os
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg
from psycopg import errors, sql
from psycopg.types.enum import EnumInfo, register_enum
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

URL = os.environ["DATABASE_URL"]
ADD = "insert into item (name) values (%s)"


def count(connection, name):
    row = connection.execute("select count(*) from item where name = %s", [name]).fetchone()
    return row[0]


def expect(error, run):
    try:
        run()
    except error as raised:
        return raised
    raise AssertionError(f"it should have raised {error}")


def transactions():
    with psycopg.connect(URL) as one, psycopg.connect(URL, autocommit=True) as other:
        one.execute(ADD, ["committed"])
        one.commit()
        one.execute(ADD, ["rolled back"])
        one.rollback()
        with one.transaction():
            one.execute(ADD, ["outer"])
            with one.transaction() as inner:
                one.execute(ADD, ["inner"])
                raise psycopg.Rollback(inner)
            with one.transaction():
                one.execute(ADD, ["kept"])
            try:
                with one.transaction(savepoint_name="named"):
                    one.execute("select 1 / 0")
            except errors.DivisionByZero:
                pass
            one.execute(ADD, ["after an error"])
        assert one.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        for name, expected in [
            ("committed", 1), ("rolled back", 0), ("outer", 1), ("inner", 0), ("kept", 1), ("after an error", 1)
        ]:
            assert count(other, name) == expected, name

    # Left without a commit.
    connection = psycopg.connect(URL)
    connection.execute(ADD, ["left"])
    connection.close()
    with psycopg.connect(URL) as other:
        assert count(other, "left") == 0
        other.rollback()
        other.read_only = True
        expect(errors.ReadOnlySqlTransaction, lambda: other.execute(ADD, ["read only"]))
        other.rollback()


def failures():
    negative = "insert into item (name, price) values ('negative', -1)"
    with psycopg.connect(URL, autocommit=True) as connection:
        error = expect(errors.CheckViolation, lambda: connection.execute(negative))
        assert error.diag.constraint_name == "price_is_not_negative"
        error = expect(errors.SyntaxError, lambda: connection.execute("select 1 form item"))
        assert error.diag.statement_position is not None
        connection.execute(ADD, ["went on"])
        assert count(connection, "went on") == 1
        expect(errors.DivisionByZero, lambda: connection.execute(
            "insert into item (name) values ('of a batch'); select 1 / 0"))
        assert count(connection, "of a batch") == 0
        with connection.execute("select 1; select 2; select 3") as results:
            rows = [results.fetchone()[0]]
            while results.nextset():
                rows.append(results.fetchone()[0])
            assert rows == [1, 2, 3]

    with psycopg.connect(URL) as connection:
        connection.execute(ADD, ["before an error"])
        expect(errors.CheckViolation, lambda: connection.execute(negative))
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
        expect(errors.InFailedSqlTransaction, lambda: connection.execute("select 1"))
        connection.rollback()
        assert count(connection, "before an error") == 0
        connection.execute("insert into line (item) values (-1)")
        expect(errors.ForeignKeyViolation, connection.commit)
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def statements():
    with psycopg.connect(URL, autocommit=True) as one, psycopg.connect(URL, autocommit=True) as other:
        # Both call their statements `_pg3_0`.
        for number in range(3):
            assert one.execute("select %s::int * 2", [number], prepare=True).fetchone()[0] == number * 2
            assert other.execute("select %s::int * 3", [number], prepare=True).fetchone()[0] == number * 3
        # More than it keeps: it deallocates.
        one.prepared_max = 2
        for round in range(3):
            for number in range(4):
                row = one.execute(sql.SQL("select {} + %s").format(sql.Literal(number)), [round], prepare=True).fetchone()
                assert row[0] == number + round
        # Prepared on its own after a few rounds.
        for _ in range(10):
            one.execute(ADD, ["again"])
        assert count(other, "again") == 10
        # An error drops none of it.
        expect(errors.DivisionByZero, lambda: one.execute("select 1 / %s::int", [0], prepare=True))
        assert one.execute("select 1 / %s::int", [1], prepare=True).fetchone()[0] == 1

        with one.cursor() as cursor:
            cursor.executemany(ADD, [["many"]] * 100)
            assert cursor.rowcount == 100
            cursor.executemany("insert into item (name) values (%s) returning name", [["returned"]] * 3, returning=True)
            returned = [cursor.fetchone()[0]]
            while cursor.nextset():
                returned.append(cursor.fetchone()[0])
            assert returned == ["returned"] * 3
        assert count(other, "many") == 100
        with psycopg.ClientCursor(one) as cursor:
            assert cursor.execute("select %s, %s", [1, "text"]).fetchone() == (1, "text")
        with psycopg.RawCursor(one) as cursor:
            assert cursor.execute("select $1::text", ["text"]).fetchone() == ("text",)
        with one.cursor(binary=True) as cursor:
            assert cursor.execute("select 1.5::float8").fetchone() == (1.5,)


def pipelines():
    with psycopg.connect(URL, autocommit=True) as connection:
        with connection.pipeline() as pipeline:
            for _ in range(20):
                connection.execute(ADD, ["pipelined"])
            cursor = connection.execute("select count(*) from item where name = 'pipelined'")
            pipeline.sync()
            assert cursor.fetchone()[0] == 20
            connection.execute(ADD, ["pipelined"])
        assert count(connection, "pipelined") == 21

        def broken():
            with connection.pipeline():
                connection.execute(ADD, ["in a broken pipeline"])
                connection.execute("select 1 / 0")
                connection.execute(ADD, ["behind the error"])

        expect(errors.DivisionByZero, broken)
        assert count(connection, "behind the error") == 0

        with connection.pipeline(), connection.transaction():
            connection.execute(ADD, ["in both"])
            with connection.transaction():
                connection.execute(ADD, ["in both"])
        assert count(connection, "in both") == 2

        def undone():
            with connection.pipeline(), connection.transaction():
                connection.execute(ADD, ["undone"])
                connection.execute("select 1 / 0")

        expect(errors.DivisionByZero, undone)
        assert count(connection, "undone") == 0
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def cursors():
    with psycopg.connect(URL) as connection:
        with connection.cursor(name="numbers") as cursor:
            cursor.itersize = 3
            cursor.execute("select generate_series(1, 10)")
            assert [row[0] for row in cursor] == list(range(1, 11))
        with connection.cursor(name="both ways", scrollable=True) as cursor:
            cursor.execute("select generate_series(1, 10)")
            assert cursor.fetchmany(2) == [(1,), (2,)]
            connection.execute(ADD, ["between fetches"])
            cursor.scroll(5, mode="absolute")
            assert cursor.fetchone() == (6,)
            cursor.scroll(-1)
            assert cursor.fetchone() == (6,)
        connection.commit()
        with connection.cursor(name="held", withhold=True) as cursor:
            cursor.execute("select generate_series(1, 3)")
            connection.commit()
            assert cursor.fetchall() == [(1,), (2,), (3,)]
        connection.commit()
        assert count(connection, "between fetches") == 1
        connection.commit()
        with connection.cursor() as cursor:
            rows = cursor.stream("select generate_series(1, 5000)")
            assert sum(row[0] for row in rows) == 12502500
            for row in cursor.stream("select generate_series(1, 5000)", size=100):
                if row[0] == 150:
                    break
        # It cancels the rest; that fails the transaction unless the server was done already.
        connection.rollback()
        assert count(connection, "between fetches") == 1


def bulk():
    into = "copy item (name, price) from stdin"
    with psycopg.connect(URL) as connection, psycopg.connect(URL, autocommit=True) as other:
        with connection.cursor() as cursor:
            with cursor.copy(into) as copy:
                for number in range(10000):
                    copy.write_row(("copied", number))
            assert cursor.rowcount == 10000
            connection.commit()
            with cursor.copy(f"{into} (format binary)") as copy:
                copy.set_types(["text", "int4"])
                for number in range(100):
                    copy.write_row(("binary", number))
            connection.commit()
            with cursor.copy("copy (select price from item where name = 'copied') to stdout") as copy:
                assert sum(int(row[0]) for row in copy.rows()) == 49995000
            # Left by an error of our own: it tells the server, which refuses the rest.
            try:
                with cursor.copy(into) as copy:
                    copy.write_row(("abandoned", 1))
                    raise RuntimeError("we have thought better of it")
            except RuntimeError:
                pass
            connection.rollback()

            def bad():
                with cursor.copy(into) as copy:
                    copy.write(b"bad\tone\n")

            expect(errors.InvalidTextRepresentation, bad)
            connection.rollback()
            with cursor.copy(into) as copy:
                copy.write_row(("copied and rolled back", 1))
            connection.rollback()
            # Left before all of it is read: it cancels.
            try:
                with cursor.copy("copy (select generate_series(1, 1000000)) to stdout") as copy:
                    next(iter(copy))
                    raise RuntimeError("we have read enough")
            except RuntimeError:
                pass
            connection.rollback()
        for name, expected in [
            ("copied", 10000), ("binary", 100), ("abandoned", 0), ("bad", 0), ("copied and rolled back", 0)
        ]:
            assert count(other, name) == expected, name


def cancels():
    long = "do $$ begin raise notice 'running'; perform pg_sleep(600); end $$"
    with psycopg.connect(URL, autocommit=True) as connection:
        running = threading.Event()
        connection.add_notice_handler(lambda notice: running.set())

        def cancel(how):
            assert running.wait(60)
            how()

        for how in [connection.cancel_safe, connection.cancel]:
            running.clear()
            thread = threading.Thread(target=cancel, args=[how])
            thread.start()
            expect(errors.QueryCanceled, lambda: connection.execute(long))
            thread.join()
            connection.execute(ADD, ["after a cancel"])
        assert count(connection, "after a cancel") == 2
        connection.execute("set statement_timeout = '50ms'")
        expect(errors.QueryCanceled, lambda: connection.execute("select pg_sleep(600)"))
        connection.execute("reset statement_timeout")
        connection.execute("select pg_sleep(0.1)")


def notifications():
    with psycopg.connect(URL, autocommit=True) as one, psycopg.connect(URL) as other:
        one.execute("listen arrivals")
        other.execute("select pg_notify('arrivals', %s)", ["committed"])
        other.commit()
        other.execute("notify arrivals, 'rolled back'")
        other.rollback()
        other.execute("notify arrivals, 'at once'")
        other.commit()
        heard = [notify.payload for notify in one.notifies(timeout=60, stop_after=2)]
        assert heard == ["committed", "at once"], heard


def pools():
    with ConnectionPool(URL, min_size=2, max_size=4, open=True, check=ConnectionPool.check_connection) as pool:

        def work(number):
            try:
                with pool.connection() as connection:
                    connection.execute(ADD, ["at once"])
                    if number % 2:
                        raise RuntimeError("it is rolled back")
            except RuntimeError:
                pass

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(work, range(20)))
        with pool.connection() as connection:
            assert count(connection, "at once") == 10


async def asynchronous():
    async with await psycopg.AsyncConnection.connect(URL) as one:
        async with await psycopg.AsyncConnection.connect(URL, autocommit=True) as other:
            async def add(connection):
                for _ in range(5):
                    async with connection.transaction():
                        await connection.execute(ADD, ["asynchronous"])

            await asyncio.gather(add(one), add(other))
            await one.commit()
            cursor = await other.execute("select count(*) from item where name = 'asynchronous'")
            assert (await cursor.fetchone())[0] == 10


def types():
    with psycopg.connect(URL) as connection:
        info = EnumInfo.fetch(connection, "mood")
        register_enum(info, connection)
        values = {
            "flag": True, "small": -32768, "whole": 2147483647, "big": -(2**63), "near": 1.5, "nearer": 2.0**-1022,
            "exact": decimal.Decimal("12345678901234.56789"), "word": "Grüße", "bytes": b"\x00\x01\xff",
            "day": datetime.date(2024, 2, 29), "clock": datetime.time(23, 59, 59, 999999),
            "moment": datetime.datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=datetime.timezone.utc),
            "local": datetime.datetime(2024, 2, 29, 23, 59, 59, 999999), "key": uuid.UUID(int=7),
            "words": ["a", None, "{\"'\\}"], "numbers": [1, -2],
            "feeling": info.enum["ok"], "feelings": [info.enum["sad"], info.enum["happy"]],
        }
        document = {"a": [1, None, "ü"]}
        names = sql.SQL(", ").join(map(sql.Identifier, values))
        places = sql.SQL(", ").join(sql.Placeholder() * len(values))
        add = sql.SQL("insert into sample ({}, document) values ({}, %s)").format(names, places)
        connection.execute(add, [*values.values(), Jsonb(document)])
        for binary in [False, True]:
            with connection.cursor(binary=binary) as cursor:
                row = cursor.execute(sql.SQL("select {}, document from sample").format(names)).fetchone()
            assert row[:-1] == tuple(values.values()), row
            assert row[-1] == document


for exercise in [transactions, failures, statements, pipelines, cursors, bulk, cancels, notifications, pools, types]:
    print(exercise.__name__, flush=True)
    exercise()
print("asynchronous", flush=True)
asyncio.run(asynchronous())
