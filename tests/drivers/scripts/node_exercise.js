// node-postgres on the database in DATABASE_URL: throws what is not as expected.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { pipeline } = require('node:stream/promises');
const { Readable } = require('node:stream');
const { Client, Pool } = require('pg');
const Cursor = require('pg-cursor');
const copy = require('pg-copy-streams');

const connectionString = process.env.DATABASE_URL;
const ADD = 'insert into item (name) values ($1)';

async function connect() {
  const client = new Client({ connectionString });
  await client.connect();
  return client;
}

async function count(client, name) {
  const { rows } = await client.query('select count(*)::int as n from item where name = $1', [name]);
  return rows[0].n;
}

const code = (expected) => (error) => {
  assert.equal(error.code, expected, error.message);
  return true;
};

async function transactions(one, other) {
  for (const [name, end, expected] of [['committed', 'COMMIT', 1], ['rolled back', 'ROLLBACK', 0]]) {
    await one.query('BEGIN');
    await one.query(ADD, [name]);
    await one.query(end);
    assert.equal(await count(other, name), expected, name);
  }
  await one.query('BEGIN');
  await one.query(ADD, ['outer']);
  await one.query('SAVEPOINT inner_one');
  await one.query(ADD, ['inner']);
  await assert.rejects(one.query('select 1 / 0'), code('22012'));
  await one.query('ROLLBACK TO SAVEPOINT inner_one');
  await one.query('SAVEPOINT kept');
  await one.query(ADD, ['kept']);
  await one.query('RELEASE SAVEPOINT kept');
  await one.query('COMMIT');
  for (const [name, expected] of [['outer', 1], ['inner', 0], ['kept', 1]]) {
    assert.equal(await count(other, name), expected, name);
  }
  const gone = await connect();
  await gone.query('BEGIN');
  await gone.query(ADD, ['left']);
  await gone.end();
  assert.equal(await count(other, 'left'), 0);
}

async function failures(one, other) {
  const negative = "insert into item (name, price) values ('negative', -1)";
  await assert.rejects(one.query(negative), (error) => {
    assert.equal(error.constraint, 'price_is_not_negative');
    return code('23514')(error);
  });
  await assert.rejects(one.query('select nothing', []), code('42703'));
  await one.query(ADD, ['went on']);
  assert.equal(await count(other, 'went on'), 1);
  await assert.rejects(one.query("insert into item (name) values ('of a batch'); select 1 / 0"), code('22012'));
  assert.equal(await count(other, 'of a batch'), 0);

  await one.query('BEGIN');
  await one.query(ADD, ['before an error']);
  await assert.rejects(one.query(negative), code('23514'));
  await assert.rejects(one.query(ADD, ['in a failed transaction']), code('25P02'));
  const { command } = await one.query('COMMIT');
  assert.equal(command, 'ROLLBACK');
  assert.equal(await count(other, 'before an error'), 0);

  await one.query('BEGIN');
  await one.query('insert into line (item) values (-1)');
  await assert.rejects(one.query('COMMIT'), code('23503'));
  await assert.rejects(one.query('insert into line (item) values (-1)'), code('23503'));
}

async function statements(one, other) {
  for (let number = 0; number < 3; number += 1) {
    // The same name for different statements of two clients.
    for (const [client, factor] of [[one, 2], [other, 3]]) {
      const { rows } = await client.query({
        name: 'multiplied', text: `select $1::int * ${factor} as n`, values: [number],
      });
      assert.equal(rows[0].n, number * factor);
    }
  }
  const divide = (by) => one.query({ name: 'divided', text: 'select 6 / $1::int as n', values: [by] });
  await assert.rejects(divide(0), code('22012'));
  assert.equal((await divide(2)).rows[0].n, 3);
  const results = await one.query('select 1 as n; select 2 as n');
  assert.deepEqual(results.map(({ rows }) => rows[0].n), [1, 2]);
  // Sent without waiting; the client queues them.
  await Promise.all(Array.from({ length: 20 }, () => one.query(ADD, ['queued'])));
  assert.equal(await count(other, 'queued'), 20);
}

async function cursors(one, other) {
  await one.query('BEGIN');
  const cursor = one.query(new Cursor('select generate_series(1, $1::int) as n', [7]));
  const sizes = [];
  for (;;) {
    const rows = await cursor.read(3);
    sizes.push(rows.length);
    if (rows.length === 0) break;
  }
  assert.deepEqual(sizes, [3, 3, 1, 0]);
  await cursor.close();
  await one.query('COMMIT');
  // Outside of a transaction, and left in the middle.
  const left = one.query(new Cursor('select generate_series(1, 7)'));
  assert.equal((await left.read(3)).length, 3);
  await left.close();
  await one.query(ADD, ['after a cursor']);
  assert.equal(await count(other, 'after a cursor'), 1);
  const failing = one.query(new Cursor('select 1 / (3 - generate_series(1, 7))'));
  await assert.rejects(failing.read(5), code('22012'));
  await one.query(ADD, ['after a cursor']);
  assert.equal(await count(other, 'after a cursor'), 2);
}

async function bulk(one, other) {
  const into = 'copy item (name, price) from stdin';
  const lines = function* lines(name, rows) {
    for (let number = 0; number < rows; number += 1) yield `${name}\t${number}\n`;
  };
  await pipeline(Readable.from(lines('copied', 10000)), one.query(copy.from(into)));
  let text = '';
  for await (const part of one.query(copy.to("copy (select price from item where name = 'copied') to stdout"))) {
    text += part;
  }
  assert.equal(text.trim().split('\n').length, 10000);
  const bad = pipeline(Readable.from(['bad\tone\n']), one.query(copy.from(into)));
  await assert.rejects(bad, code('22P02'));
  await one.query('BEGIN');
  await pipeline(Readable.from(lines('copied and rolled back', 1)), one.query(copy.from(into)));
  await one.query('ROLLBACK');
  for (const [name, expected] of [['copied', 10000], ['bad', 0], ['copied and rolled back', 0]]) {
    assert.equal(await count(other, name), expected, name);
  }
}

async function pools() {
  const pool = new Pool({ connectionString, max: 4 });
  await Promise.all(Array.from({ length: 20 }, async (_, number) => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(ADD, ['at once']);
      await client.query(number % 2 ? 'ROLLBACK' : 'COMMIT');
    } finally {
      client.release();
    }
  }));
  assert.equal(await count(pool, 'at once'), 10);
  await Promise.all(Array.from({ length: 20 }, () => pool.query(ADD, ['through the pool'])));
  assert.equal(await count(pool, 'through the pool'), 20);
  await pool.end();
}

async function limits(one) {
  const limited = new Client({ connectionString, statement_timeout: 50 });
  await limited.connect();
  await assert.rejects(limited.query('select pg_sleep(600)'), code('57014'));
  await limited.end();
  // It has set that for itself alone.
  await one.query('select pg_sleep(0.1)');
  const notice = once(one, 'notice');
  await one.query("do $$ begin raise notice 'heard'; end $$");
  assert.equal((await notice)[0].message, 'heard');
}

async function notifications(one, other) {
  const heard = [];
  const last = new Promise((resolve) => {
    one.on('notification', ({ payload }) => {
      heard.push(payload);
      if (payload === 'at once') resolve();
    });
  });
  await one.query('LISTEN arrivals');
  await other.query('BEGIN');
  await other.query("select pg_notify('arrivals', $1)", ['committed']);
  await other.query('COMMIT');
  await other.query('BEGIN');
  await other.query("NOTIFY arrivals, 'rolled back'");
  await other.query('ROLLBACK');
  await other.query("NOTIFY arrivals, 'at once'");
  await last;
  assert.deepEqual(heard, ['committed', 'at once']);
}

async function types(one, other) {
  const values = {
    flag: true, small: -32768, whole: 2147483647, big: '-9223372036854775808', near: 1.5, nearer: 2 ** -1022,
    exact: '12345678901234.56789', word: 'Grüße', bytes: Buffer.from([0, 1, 255]), clock: '23:59:59.999999',
    moment: new Date(Date.UTC(2024, 1, 29, 23, 59, 59, 999)), key: '00000000-0000-0000-0000-000000000007',
    document: { a: [1, null, 'ü'] }, words: ['a', null, '{"\'\\}'], numbers: [1, -2], feeling: 'ok',
  };
  const names = Object.keys(values);
  const places = names.map((_, index) => `$${index + 1}`);
  await one.query(`insert into sample (${names}) values (${places})`, Object.values(values));
  const { rows } = await other.query(`select ${names} from sample`);
  assert.deepEqual(rows[0], values);
}

async function main() {
  const [one, other] = [await connect(), await connect()];
  for (const exercise of [transactions, failures, statements, cursors, bulk, limits, notifications, types]) {
    console.log(exercise.name);
    await exercise(one, other);
  }
  await one.end();
  await other.end();
  console.log('pools');
  await pools();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
  process.exit();
});
