import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';

/** What somebody brought, a text or bytes, under the name that a test gives it. */
export type Planted = Readonly<Record<string, string | Buffer>>;
/** What is written somewhere, by where that is. */
export type Places = Readonly<Record<string, readonly string[]>>;

/** Whatever may stand in front of the text where bytes are told in base64: one of these has it begin at a whole character. */
const base64Shifts = [0, 1, 2] as const;

/** Every way in which it may be written down, in small letters. */
export function writingsOf(planted: string | Buffer): readonly string[] {
  const texts = typeof planted === 'string' ? [planted, planted.toLowerCase()] : [];
  const bytes = typeof planted === 'string' ? texts.map((text) => Buffer.from(text)) : [planted];
  const written = [
    ...texts.flatMap(escapedWritings),
    ...bytes.flatMap((one) => [one.toString('latin1'), one.toString('hex')]),
    ...bytes.flatMap((one) => base64Shifts.flatMap((shift) => base64Of(one, shift))),
  ];
  return [...new Set(written.map((one) => one.toLowerCase()))];
}

/** By the name of what was planted: where it is found, in whatever writing. What is found nowhere is left out. */
export function findTraces(planted: Planted, places: Places): Readonly<Record<string, readonly string[]>> {
  const lowered = Object.entries(places).map(
    ([place, texts]) => [place, texts.map((text) => text.toLowerCase())] as const,
  );
  const found = Object.entries(planted).map(([name, value]) => {
    const writings = writingsOf(value);
    const where = lowered.filter(([, texts]) => texts.some((one) => writings.some((writing) => one.includes(writing))));
    return [name, where.map(([place]) => place).toSorted()] as const;
  });
  return Object.fromEntries(found.filter(([, where]) => where.length > 0));
}

/** The names of what stands in these bytes as it was planted: no other writing, so that a whole database can be looked through. */
export function findBytes(planted: Planted, files: readonly string[]): readonly string[] {
  const sought = Object.entries(planted).map(([name, value]) => [name, Buffer.from(value)] as const);
  return files.flatMap((file) => {
    const bytes = readFileSync(file);
    return sought.filter(([, value]) => bytes.includes(value)).map(([name]) => `${name}: ${path.basename(file)}`);
  });
}

/** Every value of every table, column by column, as a dump holds it; bytes also as what they are. To be read as who may read all. */
export async function readDatabase(url: string): Promise<Places> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ schema: string; name: string }>(
      `SELECT nspname AS schema, relname AS name FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind IN ('r', 'm') AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1, 2`,
    );
    const places: Record<string, readonly string[]> = {};
    for (const { schema, name } of tables.rows) {
      const { rows, fields } = await client.query<(string | null)[]>({
        text: `SELECT * FROM ONLY ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`,
        rowMode: 'array',
        types: { getTypeParser: () => String },
      });
      for (const [index, { name: column, dataTypeID }] of fields.entries()) {
        // In quotes, so that a short one is not taken for a part of another.
        const texts = rows.flatMap((row) => (typeof row[index] === 'string' ? [`"${row[index]}"`] : []));
        const isBytes = dataTypeID === byteaOid;
        places[`${name}.${column}`] = isBytes ? texts.flatMap((text) => [text, ...readingsOf(text)]) : texts;
      }
    }
    return places;
  } finally {
    await client.end();
  }
}

/** Every key of a Redis and all that it holds. */
export async function readRedis(url: string): Promise<readonly { readonly text: string; readonly ttlMs: number }[]> {
  const redis = new Redis(url);
  try {
    const keys = await redis.keys('*');
    return await Promise.all(
      keys.map(async (key) => ({ text: `${key} ${await valueOf(redis, key)}`, ttlMs: await redis.pttl(key) })),
    );
  } finally {
    redis.disconnect();
  }
}

/** Every file below a folder but for those of the folders that are left out. */
export function filesBelow(folder: string, leftOut: readonly string[] = []): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return leftOut.includes(entry.name) ? [] : filesBelow(file, leftOut);
    return entry.isFile() ? [file] : [];
  });
}

const byteaOid = 17;

/** Of `"\x…"`. */
function readingsOf(text: string): readonly string[] {
  const bytes = Buffer.from(text.slice(3, -1), 'hex');
  return [bytes.toString('utf8'), bytes.toString('latin1')];
}

async function valueOf(redis: Redis, key: string): Promise<string> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return (await redis.get(key)) ?? '';
    case 'hash':
      return JSON.stringify(await redis.hgetall(key));
    case 'set':
      return (await redis.smembers(key)).join(' ');
    case 'zset':
      return (await redis.zrange(key, 0, -1, 'WITHSCORES')).join(' ');
    case 'list':
      return (await redis.lrange(key, 0, -1)).join(' ');
    default:
      throw new Error(`it is not known how to read a ${type} of Redis`);
  }
}

/** The characters that hold nothing but bytes of the text, whatever stands before and after it. */
function base64Of(bytes: Buffer, shift: (typeof base64Shifts)[number]): readonly string[] {
  const first = [0, 2, 3][shift];
  const last = Math.floor(((shift + bytes.length) * 8) / 6);
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .slice(first, last);
  return [text, text.replaceAll('+', '-').replaceAll('/', '_')];
}

function escapedWritings(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  return [
    text,
    json,
    // A document in JSON that is a text in JSON.
    JSON.stringify(json).slice(1, -1),
    json.replaceAll(/[^ -~]/g, (char) => String.raw`\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
    encodeURIComponent(text),
    text.replaceAll(`'`, `''`),
  ];
}
